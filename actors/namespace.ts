/**
 * State machine of one namespace: the copy of the boot scripts in it, made once for all containers that need it. Never
 * deletes it. Source: spec 02, 6.11.
 */
import type { Config } from '../config.ts';
import { unreachable } from '../messages/exhaustive.ts';
import type { Attempt, ContainerUid } from '../messages/ids.ts';
import { CONFIG_MAPS } from '../messages/kube.ts';
import { sameJson } from '../messages/merge-patch.ts';
import type { Copied, NamespaceAnswer, NamespaceMessage } from '../messages/namespace.ts';
import type { ConfigMap } from '../messages/resources.ts';
import { type Callers, kube, type Script } from './calls.ts';
import { kubeText } from './flows/said.ts';
import { type Machine, type Now, stopChild, type Turn, tell } from './machine.ts';
import { BOOT_SCRIPTS, sourceMissing } from './rules/boot-scripts.ts';
import type { View } from './view.ts';
import { runScript } from './worker.ts';

/** A failure is answered for so long before the same is tried again. */
const RETRY_MS = 10_000;

export interface State {
  /** Of the try under way. */
  readonly attempt: Attempt | undefined;
  /** Told `pending` since it began. */
  readonly asking: ReadonlySet<ContainerUid>;
  /** How the last try failed, and until when that is the answer; undefined after a success. */
  readonly failure: { readonly answer: NamespaceAnswer; readonly untilMs: number } | undefined;
}
export type Effect =
  | { readonly kind: 'answer'; readonly to: (answer: NamespaceAnswer) => void; readonly answer: NamespaceAnswer }
  | { readonly kind: 'copy'; readonly attempt: Attempt; readonly script: Script<Copied> }
  | { readonly kind: 'wake'; readonly uid: ContainerUid };

export const initial: State = { attempt: undefined, asking: new Set(), failure: undefined };

export interface Deps {
  readonly view: View;
  readonly settings: Config;
  readonly wake: (uid: ContainerUid) => void;
  readonly callers: Callers;
}

export function decider(name: string, { view, settings }: Pick<Deps, 'view' | 'settings'>) {
  return function decide(state: State, msg: NamespaceMessage, now: Now): Turn<State, Effect> {
    switch (msg.kind) {
      case 'asked': {
        const { answer: to, ask } = msg;
        if (state.failure !== undefined && now.ms < state.failure.untilMs) {
          return [state, [{ kind: 'answer', to, answer: state.failure.answer }]];
        }
        const asking = new Set([...state.asking, ask.uid]);
        const pending = { kind: 'answer', to, answer: { kind: 'pending' } } as const;
        if (state.attempt !== undefined) return [{ ...state, asking }, [pending]];
        return [
          { attempt: now.fresh, asking, failure: undefined },
          [pending, { kind: 'copy', attempt: now.fresh, script: copy() }],
        ];
      }
      case 'ended': {
        if (state.attempt !== msg.attempt) return [state, []];
        const failure = msg.copied.kind === 'copied' ? undefined : { answer: msg.copied, untilMs: now.ms + RETRY_MS };
        const wakes = [...state.asking].map((uid) => ({ kind: 'wake', uid }) as const);
        return [{ ...initial, failure }, wakes];
      }
      default:
        return unreachable(msg);
    }
  };

  function* copy(): Script<Copied> {
    const source = view.configMap(settings.operatorNamespace, BOOT_SCRIPTS);
    if (source === undefined) return { kind: 'failed', reason: sourceMissing(settings.operatorNamespace) };
    const { data = {} } = source;
    const ref = { type: CONFIG_MAPS, namespace: name, name: BOOT_SCRIPTS };
    if (view.configMap(name, BOOT_SCRIPTS) === undefined) {
      const metadata = { name: BOOT_SCRIPTS, namespace: name };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      const created = yield* kube({ verb: 'create', type: CONFIG_MAPS, object });
      if (created.kind === 'ok') return { kind: 'copied' };
      if (created.kind !== 'alreadyExists') return { kind: 'refused' };
      const present = yield* kube<ConfigMap>({ verb: 'get', ref });
      if (present.kind !== 'ok') return failed('read', kubeText(present));
      if (sameJson(present.answer.data ?? {}, data)) return { kind: 'copied' };
    }
    const patched = yield* kube({ verb: 'jsonPatch', ref, patch: [{ op: 'add', path: '/data', value: data }] });
    return patched.kind === 'ok' ? { kind: 'copied' } : failed('update', kubeText(patched));
  }
}

const failed = (what: string, why: string): Copied => ({
  kind: 'failed',
  reason: `failed to ${what} ConfigMap ${BOOT_SCRIPTS}: ${why}`,
});

export function namespace(name: string, deps: Deps): Machine<State, NamespaceMessage, Effect> {
  const { wake, callers } = deps;
  return {
    initial,
    busy: ({ attempt }) => attempt !== undefined,
    decide: decider(name, deps),
    perform: {
      answer: ({ to, answer }) => to(answer),
      copy: ({ attempt, script }, self) => {
        stopChild(self, 'copy');
        runScript(self, 'copy', script, callers, (ending) => {
          const copied: Copied =
            ending.kind === 'returned' ? ending.result : { kind: 'failed', reason: `bug: ${String(ending.error)}` };
          tell(self, { kind: 'ended', attempt, copied });
        });
      },
      wake: ({ uid }) => wake(uid),
    },
  };
}
