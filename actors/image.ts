/**
 * State machine of one container image: its feature flags, fetched once and shared by all that ask. First from a pod that
 * runs the image, else through a helper of its own. Source: spec 06, 6.8; spec 07, 15.3.
 */
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import { readFeatureFlags } from '../io/commands.ts';
import { parseFeatureFlags, parseFeatureFlagsResult } from '../io/weka-parsers/feature-flags.ts';
import { unreachable } from '../messages/exhaustive.ts';
import type { ContainerUid } from '../messages/ids.ts';
import type { FeatureFlags, ImageAnswer, ImageMessage } from '../messages/image.ts';
import { CONTAINERS, DEPLOYMENTS } from '../messages/kube.ts';
import { canExecIn, nodeReady, PODS_CONTAINER } from '../messages/resources.ts';
import type { WekaContainer } from '../messages/weka-container.ts';
import { isWekaContainer } from '../messages/weka-modes.ts';
import { type Callers, exec, kube, type PodTarget, type Script } from './calls.ts';
import { kubeText } from './flows/said.ts';
import { type Machine, type Now, stopChild, type Turn, tell } from './machine.ts';
import { collect } from './node/discovery.ts';
import { flagsDraft, flagsNames } from './rules/helpers.ts';
import type { View } from './view.ts';
import { runScript } from './worker.ts';

/** After a failure the same is tried again so much later. */
const RETRY_MS = 10_000;
/** Pods asked before a helper is made. */
const PODS_MAX = 2;
/** Of those that wait, so many are looked at for a pod to ask. */
const ASKING_MAX = 16;

/** A helper that says nothing for so long sits on a node that is not well: another one is asked, elsewhere. */
const HELPER_MS_MAX = 120_000;

/** How one try went: the flags, a failure, or neither while a helper is at work. */
type Found = { readonly flags: FeatureFlags } | { readonly failure: string } | undefined;

export interface State {
  readonly flags: FeatureFlags | undefined;
  readonly phase: 'idle' | 'running' | 'resting';
  readonly attempt: number;
  readonly failure: string | undefined;
  /** In order of arrival; the first lends its node, secrets and tolerations to the helper. */
  readonly asking: ReadonlySet<ContainerUid>;
  /** When each helper that is there was seen first. Monotonic milliseconds, by uid. */
  readonly helpersMs: ReadonlyMap<string, number>;
}
export type Effect =
  | { readonly kind: 'answer'; readonly to: (answer: ImageAnswer) => void; readonly answer: ImageAnswer }
  | { readonly kind: 'fetch'; readonly attempt: number; readonly script: Script<Found> }
  | { readonly kind: 'known'; readonly flags: FeatureFlags }
  | { readonly kind: 'wake'; readonly uid: ContainerUid }
  | { readonly kind: 'timer'; readonly attempt: number };

export const initial: State = {
  flags: undefined,
  phase: 'idle',
  attempt: 0,
  failure: undefined,
  asking: new Set(),
  helpersMs: new Map(),
};

export interface Deps {
  readonly view: View;
  readonly settings: Config;
  /** Where others look up what is known: survives a restart of this actor, as the flags of an image never change. */
  readonly known: Map<string, FeatureFlags>;
  readonly wake: (uid: ContainerUid) => void;
  readonly callers: Callers;
  readonly clock: Clock;
}

export function decider(image: string, { view, settings, known }: Pick<Deps, 'view' | 'settings' | 'known'>) {
  return function decide(state: State, msg: ImageMessage, now: Now): Turn<State, Effect> {
    const flags = state.flags ?? known.get(image);
    switch (msg.kind) {
      case 'asked': {
        if (flags !== undefined) return [state, [{ kind: 'answer', to: msg.answer, answer: { kind: 'known', flags } }]];
        const answer: ImageAnswer =
          state.failure === undefined ? { kind: 'pending' } : { kind: 'failed', reason: state.failure };
        const { uid } = msg.ask;
        const asking = state.asking.has(uid) ? state.asking : new Set([...state.asking, uid]);
        const [next, effects] = fetch({ ...state, asking }, now);
        return [next, [{ kind: 'answer', to: msg.answer, answer }, ...effects]];
      }
      case 'lookAgain':
        return fetch(state, now);
      case 'ended':
        if (state.phase !== 'running' || state.attempt !== msg.attempt) return [state, []];
        if (msg.flags !== undefined) {
          const wakes = [...state.asking].map((uid) => ({ kind: 'wake', uid }) as const);
          return [{ ...initial, flags: msg.flags }, [{ kind: 'known', flags: msg.flags }, ...wakes]];
        }
        if (msg.failure === undefined) return [{ ...state, phase: 'idle', failure: undefined }, []];
        return [{ ...state, phase: 'resting', failure: msg.failure }, [{ kind: 'timer', attempt: msg.attempt }]];
      case 'retryDue':
        if (state.phase !== 'resting' || state.attempt !== msg.attempt) return [state, []];
        return fetch({ ...state, phase: 'idle' }, now);
      default:
        return unreachable(msg);
    }
  };

  function fetch(before: State, now: Now): Turn<State, Effect> {
    if (before.phase !== 'idle' || before.flags !== undefined) return [before, []];
    const helpers = helpersThere();
    const helpersMs = new Map(helpers.map(({ metadata: { uid } }) => [uid, before.helpersMs.get(uid) ?? now.ms]));
    const state = { ...before, helpersMs };
    const waited = helpers.every(({ metadata: { uid } }) => now.ms - (helpersMs.get(uid) ?? now.ms) >= HELPER_MS_MAX);
    // Thousands may wait for one image: only the first few are looked at, and only when there is something to do.
    const script = next(helpers, waited, firstOf(state.asking));
    if (script === undefined) return [state, []];
    return [{ ...state, phase: 'running', attempt: now.fresh }, [{ kind: 'fetch', attempt: now.fresh, script }]];
  }
  function helpersThere(): readonly WekaContainer[] {
    return flagsNames(image).flatMap((name) => view.containerByName(settings.operatorNamespace, name) ?? []);
  }
  function firstOf(uids: ReadonlySet<ContainerUid>): readonly WekaContainer[] {
    const found: WekaContainer[] = [];
    for (const uid of uids) {
      const container = view.container(uid);
      if (container !== undefined) found.push(container);
      if (found.length === ASKING_MAX) break;
    }
    return found;
  }
  /** Undefined while a helper is at work. */
  function next(
    helpers: readonly WekaContainer[],
    waited: boolean,
    asking: readonly WekaContainer[],
  ): Script<Found> | undefined {
    const [first] = asking;
    if (first === undefined) return undefined;
    const leaving = ({ metadata }: WekaContainer): boolean => metadata.deletionTimestamp !== undefined;
    const answered = helpers.find((helper) => !leaving(helper) && helper.status?.result !== undefined);
    if (answered?.status?.result !== undefined) {
      return fromHelpers(
        answered.status.result,
        helpers.filter((helper) => !leaving(helper)),
      );
    }
    if (!waited) return undefined;
    const name = flagsNames(image).find((free) => helpers.every(({ metadata }) => metadata.name !== free));
    if (name === undefined) return undefined;
    const tried = new Set(helpers.map(({ spec }) => spec.nodeAffinity));
    const elsewhere = asking.find((each) => {
      const node = each.spec.nodeAffinity ?? each.status?.nodeAffinity;
      return node !== undefined && !tried.has(node) && nodeReady(view.node(node));
    });
    return fromPods([...asking, ...peers(first)].flatMap(podOf).slice(0, PODS_MAX), elsewhere ?? first, name);
  }
  function peers({ metadata }: WekaContainer): readonly WekaContainer[] {
    return view
      .containersInNamespace(metadata.namespace ?? '')
      .filter(
        ({ spec, status }) =>
          isWekaContainer(spec.mode) && status?.lastAppliedImage === image && status.status === 'Running',
      );
  }
  function podOf({ metadata, spec, status }: WekaContainer): readonly PodTarget[] {
    const pod = view.pod(metadata.namespace ?? '', metadata.name);
    // The file appears when the local container is up: before, asking is wasted.
    if (!canExecIn(pod) || spec.mode === 'client' || !status?.internalStatus) return [];
    const node = pod.spec?.nodeName ?? '';
    return [
      {
        namespace: metadata.namespace ?? '',
        pod: metadata.name,
        podUid: pod.metadata.uid,
        node,
        container: PODS_CONTAINER,
      },
    ];
  }

  function* fromPods(pods: readonly PodTarget[], asking: WekaContainer, helper: string): Script<Found> {
    for (const target of pods) {
      const read = yield* exec(target, readFeatureFlags());
      const flags = read.kind === 'ok' ? parseFeatureFlags(read.stdout) : undefined;
      if (flags?.kind === 'ok') return { flags: flags.value };
    }
    const name = settings.operatorDeploymentName;
    const ref = { type: DEPLOYMENTS, namespace: settings.operatorNamespace, name };
    const deployment = yield* kube({ verb: 'get', ref });
    if (deployment.kind !== 'ok') return { failure: `error getting operator deployment: ${kubeText(deployment)}` };
    const { uid } = deployment.answer.metadata;
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true, blockOwnerDeletion: true };
    const object = flagsDraft(asking, image, owner, settings, helper);
    const created = yield* kube({ verb: 'create', type: CONTAINERS, object });
    return created.kind === 'ok' || created.kind === 'alreadyExists' ? undefined : { failure: kubeText(created) };
  }
  /** All go, also those that were too slow: whether the result is of use or not. */
  function* fromHelpers(result: string, helpers: readonly WekaContainer[]): Script<Found> {
    const flags = parseFeatureFlagsResult(result);
    for (const helper of helpers) yield* collect(helper); // One that stays deletes itself later.
    return flags.kind === 'ok' ? { flags: flags.value } : { failure: `no feature flags to cache: ${flags.why}` };
  }
}

export function image(name: string, deps: Deps): Machine<State, ImageMessage, Effect> {
  const { known, wake, callers, clock } = deps;
  let cancel: () => void = () => {};
  return {
    initial,
    first: { kind: 'lookAgain' },
    coalesced: ['lookAgain'],
    busy: ({ phase }) => phase === 'running',
    decide: decider(name, deps),
    perform: {
      answer: ({ to, answer }) => to(answer),
      known: ({ flags }) => void known.set(name, flags),
      wake: ({ uid }) => wake(uid),
      fetch: ({ attempt, script }, self) => {
        stopChild(self, 'flags');
        runScript(self, 'flags', script, callers, (ending) => {
          const found = ending.kind === 'returned' ? ending.result : { failure: `bug: ${String(ending.error)}` };
          const flags = found !== undefined && 'flags' in found ? found.flags : undefined;
          const failure = found !== undefined && 'failure' in found ? found.failure : undefined;
          tell(self, { kind: 'ended', attempt, flags, failure });
        });
      },
      timer: ({ attempt }, self) => {
        cancel();
        cancel = clock.after(RETRY_MS, () => tell(self, { kind: 'retryDue', attempt }));
      },
    },
    onStop: () => cancel(),
  };
}
