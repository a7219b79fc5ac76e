/**
 * The life of one container at the level of decisions: its machine, its node's, cluster's and namespace's, over a fake view that
 * takes the writes as an API server would. No kernel and no time but what the test says. What a pod answers is the test's.
 */
import type { AgentAnswer, Answers, Call } from '../../actors/calls.ts';
import {
  type Effect as ClusterEffect,
  decider as clusterDecider,
  initial as clusterInitial,
} from '../../actors/cluster.ts';
import { decider, initial, type State } from '../../actors/container.ts';
import { flows } from '../../actors/flows/tables.ts';
import {
  type Effect as NamespaceEffect,
  decider as namespaceDecider,
  initial as namespaceInitial,
} from '../../actors/namespace.ts';
import { initial as nodeInitial } from '../../actors/node/state.ts';
import { type Effect as NodeEffect, decider as nodeDecider } from '../../actors/node.ts';
import type { Config } from '../../config.ts';
import type { ClusterMessage } from '../../messages/cluster.ts';
import type { ContainerMessage } from '../../messages/container.ts';
import type { Attempt, ClusterUid } from '../../messages/ids.ts';
import type { JsonPatchOperation, KubeObject, KubeOutcome } from '../../messages/kube.ts';
import { mergePatch } from '../../messages/merge-patch.ts';
import type { NamespaceMessage } from '../../messages/namespace.ts';
import type { NodeAnswer, NodeMessage } from '../../messages/node.ts';
import type { ExecOutcome } from '../../messages/outcome.ts';
import type { WekaContainer, WekaContainerStatus } from '../../messages/weka-container.ts';
import { NODE, uidOf } from './containers.ts';
import { type FakeView, fakeView } from './fake-view.ts';
import { SETTINGS, surroundings } from './pass.ts';
import { nameOf, noAgent } from './play.ts';
import { SIM_START_WALL_MS } from './sim-clock.ts';

export interface StoryOptions {
  readonly world?: readonly KubeObject[];
  readonly without?: readonly KubeObject[];
  readonly settings?: Partial<Config>;
  readonly exec?: (call: Extract<Call, { kind: 'exec' }>) => ExecOutcome | undefined;
  readonly agent?: (call: Extract<Call, { kind: 'agent' }>) => AgentAnswer | undefined;
  /** How an API request ends instead of succeeding. */
  readonly refuse?: (name: string) => KubeOutcome | undefined;
}
export interface Story {
  readonly view: FakeView;
  /** Calls, writes (`status`, with what they change), events (`Warning X: text`), in order. */
  readonly log: string[];
  /** A look, and everything that follows from it until the container rests. */
  readonly look: () => void;
  /** Lets the container's timer fire, at its time. Returns how long it was. */
  readonly tick: () => number;
  /** As `tick`, once what is known has been written: then only the flow decides how long it was. */
  readonly rest: () => number;
  /** The status with what is not told yet. */
  readonly known: () => WekaContainerStatus;
  /** The process has died and begins again: only what the API says is known. */
  readonly restart: () => void;
  /** Time passes without anything happening. */
  readonly pass: (ms: number) => void;
  /** Looks or ticks until that holds. Throws after too many. */
  readonly until: (holds: () => boolean) => void;
  readonly container: () => WekaContainer | undefined;
  readonly status: () => WekaContainerStatus;
  readonly state: () => State;
  readonly condition: (type: string) => string | undefined;
  /** How many of the log begin so. */
  readonly count: (prefix: string) => number;
}
const MESSAGES_MAX = 500;

export function story(about: WekaContainer, options: StoryOptions = {}): Story {
  const view = fakeView(...surroundings(), about, ...(options.world ?? []));
  view.remove(...(options.without ?? []));
  const settings = { ...SETTINGS, ...options.settings };
  const uid = uidOf(about);
  const log: string[] = [];
  const mine: ContainerMessage[] = [];
  let [nowMs, fresh, version] = [0, 0, 1];
  let state: State = initial;
  let nodeState = nodeInitial;
  let clusterState = clusterInitial;
  let namespaceState = namespaceInitial;
  let timerMs: number | undefined;
  const next = () => ({ fresh: ++fresh as Attempt, ms: nowMs });
  const grants = new Map();
  const decide = decider(flows, { view, settings });
  const decideNode = nodeDecider(NODE, {
    view,
    settings,
    flagsOf: () => undefined,
    newUuid: () => `uuid-${++fresh}`,
    grants,
  });
  const decideCluster = clusterDecider('uid-c' as ClusterUid, { view, settings });
  const decideNamespace = namespaceDecider(about.metadata.namespace ?? '', { view, settings });

  const current = (): WekaContainer | undefined => view.container(uid);
  const put = (object: KubeObject): KubeObject => {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
    view.put(stored);
    tellNode({ kind: 'lookAgain' }); // The container's own writes are no news to it.
    return stored;
  };
  const removed = (object: KubeObject): void => {
    view.remove(object);
    tellNode({ kind: 'lookAgain' });
  };

  function kube({ request }: Extract<Call, { kind: 'kube' }>, name: string): KubeOutcome {
    const refused = options.refuse?.(name);
    if (refused !== undefined) return refused;
    const { namespace = '', name: called } = request.verb === 'create' ? request.object.metadata : request.ref;
    const kind = request.verb === 'create' ? request.object.kind : request.ref.type.kind;
    const found = view
      .all()
      .find(
        (each) => each.kind === kind && each.metadata.name === called && (each.metadata.namespace ?? '') === namespace,
      );
    if (request.verb === 'create') {
      if (found !== undefined) return { kind: 'alreadyExists', message: 'already exists' };
      const metadata = {
        uid: `uid-of-${kind}-${called}`,
        resourceVersion: '1',
        creationTimestamp: iso(),
        ...request.object.metadata,
      };
      return { kind: 'ok', answer: put({ ...request.object, metadata }) };
    }
    if (found === undefined) return { kind: 'notFound', message: `${kind} "${called}" not found` };
    switch (request.verb) {
      case 'get':
        return { kind: 'ok', answer: found };
      case 'mergePatch':
        return (
          locked(request.patch, found) ?? {
            kind: 'ok',
            answer: put(mergePatch(found, withoutLock(request.patch)) as KubeObject),
          }
        );
      case 'delete': {
        if (kind !== 'Pod' && (found.metadata.finalizers?.length ?? 0) === 0) {
          removed(found);
          return { kind: 'ok', answer: found };
        }
        const deletionTimestamp = found.metadata.deletionTimestamp ?? iso();
        return { kind: 'ok', answer: put({ ...found, metadata: { ...found.metadata, deletionTimestamp } }) };
      }
      case 'jsonPatch': {
        const { patch } = request;
        if (patch.some(({ op, path }) => op === 'remove' && path.startsWith('/metadata/finalizers/'))) removed(found);
        else return { kind: 'ok', answer: put(patch.reduce(withValue, found)) };
        return { kind: 'ok', answer: found };
      }
      case 'replace':
        return { kind: 'ok', answer: put(request.object) };
    }
  }
  const iso = (): string => new Date(SIM_START_WALL_MS + nowMs).toISOString();

  function answerTo(call: Call): Answers[Call['kind']] {
    const name = nameOf(call);
    if (call.kind === 'exec' || call.kind === 'agent' || call.kind === 'kube') {
      if (!name.startsWith('get ')) log.push(call.kind === 'exec' ? `${name} in ${call.target.pod}` : name);
    }
    switch (call.kind) {
      case 'exec':
        return options.exec?.(call) ?? { kind: 'exit', code: 1, stdout: '', stderr: 'not played' };
      case 'agent':
        return options.agent?.(call) ?? noAgent;
      case 'kube':
        return kube(call, name);
      case 'sleep':
        nowMs += call.delayMs;
        return undefined;
      case 'catchUp':
        return undefined;
      case 'image':
        return { kind: 'known', flags: {} };
      case 'cluster': {
        let answer: Answers['cluster'] = { kind: 'noted' };
        const msg: ClusterMessage = { kind: 'asked', ask: call.ask, answer: (given) => (answer = given) };
        const [after, effects] = decideCluster(clusterState, { ...msg, chance: 0 }, next());
        clusterState = after;
        for (const effect of effects as readonly ClusterEffect[]) effect.to(effect.answer);
        return answer;
      }
      case 'namespace': {
        let answer: Answers['namespace'] = { kind: 'pending' };
        tellNamespace({ kind: 'asked', ask: call.ask, answer: (given) => (answer = given) });
        return answer;
      }
      case 'node': {
        let answer: NodeAnswer | undefined;
        tellNode({ kind: 'asked', ask: call.ask, answer: (given) => (answer = given) });
        if (answer === undefined) throw new Error('the node did not answer in its turn');
        return answer;
      }
    }
  }
  function tellNamespace(msg: NamespaceMessage): void {
    const [after, effects] = decideNamespace(namespaceState, msg, next());
    namespaceState = after;
    for (const effect of effects as readonly NamespaceEffect[]) {
      if (effect.kind === 'answer') effect.to(effect.answer);
      if (effect.kind === 'wake' && effect.uid === uid) mine.push({ kind: 'lookAgain' });
      if (effect.kind !== 'copy') continue;
      let step = effect.script.next();
      while (step.done !== true) step = effect.script.next(answerTo(step.value));
      tellNamespace({ kind: 'ended', attempt: effect.attempt, copied: step.value });
    }
  }
  function tellNode(msg: NodeMessage): void {
    const [after, effects] = decideNode(nodeState, msg, next());
    nodeState = after;
    for (const effect of effects as readonly NodeEffect[]) {
      if (effect.kind === 'answer') effect.to(effect.answer);
      if (effect.kind === 'wake' && effect.uid === uid) mine.push({ kind: 'lookAgain' });
      if (effect.kind !== 'work') continue;
      let step = effect.script.next();
      while (step.done !== true) step = effect.script.next(answerTo(step.value));
      tellNode({ kind: 'ended', work: effect.subject, attempt: effect.attempt, failure: step.value });
    }
  }

  function run(): void {
    for (let count = 0; mine.length > 0; count += 1) {
      if (count > MESSAGES_MAX) throw new Error(`does not come to rest:\n${log.slice(-40).join('\n')}`);
      const msg = mine.shift();
      if (msg === undefined) continue;
      const stored = current();
      const moment = { nowMs, wallMs: SIM_START_WALL_MS + nowMs, chance: 0.5 };
      const [after, effects] = decide(
        state,
        { ...msg, seen: stored && { kind: 'container', container: stored }, moment },
        next(),
      );
      state = after;
      for (const effect of effects) {
        switch (effect.kind) {
          case 'ask': {
            let step = effect.script.next();
            while (step.done !== true) step = effect.script.next(answerTo(step.value));
            mine.unshift({ kind: 'ended', attempt: effect.attempt, ending: { kind: 'returned', result: step.value } });
            break;
          }
          case 'write': {
            const refused = options.refuse?.('status');
            log.push(`status ${effect.status.status}`);
            const here = current();
            const conflict =
              here === undefined || here.metadata.resourceVersion !== effect.stored.metadata.resourceVersion;
            const outcome: KubeOutcome =
              refused ??
              (conflict
                ? { kind: 'conflict', message: 'the object has been modified' }
                : { kind: 'ok', answer: put({ ...here, status: effect.status } as KubeObject) });
            mine.unshift({ kind: 'written', attempt: effect.attempt, outcome });
            break;
          }
          case 'record':
            log.push(`${effect.note.type} ${effect.note.reason}: ${effect.note.message}`);
            break;
          case 'timer':
            timerMs = effect.delayMs;
            break;
          case 'abort':
            log.push(`abort ${effect.child}`);
        }
      }
    }
  }
  /** What the actor knows: the stored status with what it has not told yet. */
  const known = (): WekaContainerStatus =>
    state.walk.status ?? (mergePatch(current()?.status ?? {}, state.untold?.patch ?? {}) as WekaContainerStatus); // A patch between two statuses.
  const story: Story = {
    view,
    log,
    look: () => {
      tellNode({ kind: 'lookAgain' });
      mine.push({ kind: 'lookAgain' });
      run();
    },
    rest: () => {
      const tell = () => {
        for (let round = 0; state.untold !== undefined && round < 9; round += 1) story.tick();
      };
      tell();
      story.tick(); // To the next pass: what was told before it does not put it off.
      tell();
      return story.tick();
    },
    tick: () => {
      const waitedMs = timerMs ?? 0;
      nowMs += waitedMs;
      mine.push({ kind: 'tick', attempt: state.attempt });
      run();
      return waitedMs;
    },
    restart: () => {
      [state, nodeState, clusterState, namespaceState] = [initial, nodeInitial, clusterInitial, namespaceInitial];
      grants.clear();
      mine.length = 0;
      timerMs = undefined;
    },
    pass: (ms) => {
      nowMs += ms;
    },
    until: (holds) => {
      for (let round = 0; round < 60; round += 1) {
        if (holds()) return;
        if (round === 0) story.look();
        else story.tick();
      }
      if (!holds()) throw new Error(`never came:\n${log.slice(-40).join('\n')}`);
    },
    known,
    container: current,
    status: () => current()?.status ?? { status: '' },
    state: () => state,
    condition: (type) => {
      const found = known().conditions?.find((each) => each.type === type);
      return found === undefined ? undefined : `${found.status} ${found.message}`;
    },
    count: (prefix) => log.filter((line) => line.startsWith(prefix)).length,
  };
  return story;
}
/** Only what the controller sends: a value at a path of members, in place of the one that is there. */
function withValue(object: KubeObject, operation: JsonPatchOperation): KubeObject {
  if (operation.op !== 'add') return object;
  const set = (inside: unknown, [name, ...deeper]: readonly string[]): unknown => {
    if (name === undefined) return operation.value;
    const members = (inside ?? {}) as Readonly<Record<string, unknown>>; // Every path leads through objects.
    return { ...members, [name]: set(members[name], deeper) };
  };
  return set(object, operation.path.split('/').slice(1)) as KubeObject; // Of the same kind.
}
const lockOf = (patch: unknown): string | undefined =>
  (patch as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion;
const locked = (patch: unknown, found: KubeObject): KubeOutcome | undefined =>
  (lockOf(patch) ?? found.metadata.resourceVersion) === found.metadata.resourceVersion
    ? undefined
    : { kind: 'conflict', message: 'the object has been modified' };
function withoutLock(patch: unknown): unknown {
  const { metadata, ...rest } = patch as { metadata?: Record<string, unknown> };
  const { resourceVersion: _, uid: __, ...kept } = metadata ?? {};
  return Object.keys(kept).length === 0 ? rest : { ...rest, metadata: kept };
}
/** Of a pod that serves: its process is up, its member is READY, host 7 of guid-c. */
export function serving(
  name: string,
  more: (call: Extract<Call, { kind: 'exec' }>) => ExecOutcome | undefined = () => undefined,
): NonNullable<StoryOptions['exec']> {
  let written = '';
  const out = (stdout: string): ExecOutcome => ({ kind: 'ok', stdout, stderr: '' });
  return (call) => {
    const own = more(call);
    if (own !== undefined) return own;
    switch (call.command.name) {
      case 'CheckPersistencyConfigured':
      case 'AllowStop':
      case 'AllowForceStop':
      case 'WekaLocalStop':
      case 'AddDrive':
        return out('');
      case 'WriteResources':
        written = Buffer.from(
          /echo '([A-Za-z0-9+/=]+)'/.exec(call.command.argv[2] ?? '')?.[1] ?? '',
          'base64',
        ).toString();
        return out('');
      case 'VerifyResources':
        return out(written);
      case 'GetManagementIps':
        return out('10.0.0.7\n');
      case 'WekaLocalPs':
        return out(JSON.stringify([{ name, runStatus: 'Running', internalStatus: { display_status: 'READY' } }]));
      case 'WekaLocalContainerGetIdentity':
        return out(JSON.stringify({ has_value: true, value: { cluster_guid: 'guid-c', host_id: 7 } }));
      default:
        return undefined;
    }
  };
}
