/** The pod of a container that is to stay is deleted by somebody. Spec 03, 8 and 17; spec 02, 6.14; F9, I4. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AgentAnswer } from '../../../actors/calls.ts';
import type { KubeObject } from '../../../messages/kube.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import type { ContainerMode } from '../../../messages/weka-container.ts';
import { agentOn, BORN, clusterOf, type Given, memberOf, NODE, nodeOf, podFor } from '../../support/containers.ts';
import { agentOk, exit, ok } from '../../support/play.ts';
import { SIM_START_WALL_MS } from '../../support/sim-clock.ts';
import { type StoryOptions, serving, story } from '../../support/story.ts';

const MINUTE_MS = 60_000;
const at = (ms: number): string => new Date(SIM_START_WALL_MS + ms).toISOString();

interface Terminating {
  readonly mode?: ContainerMode;
  readonly given?: Given;
  readonly node?: KubeObject;
  readonly cluster?: Partial<WekaCluster>;
  readonly settings?: StoryOptions['settings'];
  readonly exec?: (name: string) => ExecOutcome | undefined;
  readonly mounts?: () => number;
  readonly image?: string;
}
/** A member whose pod is terminating and stays until the test ends it. */
function terminating({ mode = 'drive', given, node, cluster, settings, exec, mounts, image }: Terminating = {}) {
  const container = memberOf(mode, 'm', 7, given);
  const pod = podFor(container, {
    metadata: { deletionTimestamp: BORN },
    ...(image === undefined ? {} : { image }),
  });
  const agent = (): AgentAnswer => agentOk({ active_mounts: mounts?.() ?? 0 });
  const s = story(container, {
    world: [
      pod,
      agentOn(NODE),
      ...(node === undefined ? [] : [node]),
      ...(cluster === undefined ? [] : [clusterOf(cluster)]),
    ],
    ...(settings === undefined ? {} : { settings }),
    agent,
    exec: serving('w-m', ({ command }) => {
      const own = exec?.(command.name);
      if (own !== undefined) return own;
      return command.name === 'CheckAllowForceStop' ? exit(1) : undefined;
    }),
  });
  return {
    s,
    podEnds: () => s.view.remove(pod),
    attempt: () => s.known().timestamps?.StoppingAttempt,
    state: () => s.container()?.spec.state,
  };
}
const { metadata } = clusterOf();
const stopAfter = (podTerminationDeactivationTimeout: string): Partial<WekaCluster> => ({
  metadata,
  spec: { overrides: { podTerminationDeactivationTimeout } },
});

test('spec 03 §17 #41: a drive pod is deleted: PodTerminating, graceful instruction, local stop -g, the attempt noted; then a new pod', () => {
  const { s, podEnds, attempt, state } = terminating();
  s.look();
  assert.is(s.known().status, 'PodTerminating');
  assert.ok(s.log.includes('exec AllowStop in m'));
  assert.ok(s.log.includes('exec StopInstructionsViaAgent in agent-node-1'));
  assert.ok(s.log.includes('exec WekaLocalStop in m'));
  assert.is(s.count('exec AllowForceStop'), 0);
  assert.ok(attempt());
  podEnds();
  s.until(() => s.view.pod('weka', 'm') !== undefined);
  s.until(() => attempt() === undefined);
  assert.is(state(), 'active');
});

test('spec 03 §17 #42: a graceful stop that hangs: deleting after 5 min, after what the cluster says, or never', () => {
  const leavesAfter = (cluster: Partial<WekaCluster> | undefined, given?: Given) => {
    const story = terminating({
      ...(cluster === undefined ? {} : { cluster }),
      ...(given === undefined ? {} : { given }),
    });
    let passedMs = 0;
    story.s.look();
    while (story.state() === 'active' && passedMs < 60 * MINUTE_MS) passedMs += story.s.tick();
    return story.state() === 'deleting' ? Math.floor(passedMs / MINUTE_MS) : undefined;
  };
  assert.is(leavesAfter(undefined), 5);
  assert.is(leavesAfter(stopAfter('20m')), 20);
  assert.is(leavesAfter(stopAfter('0')), undefined);
  const migrating: Given = { spec: { pvc: { name: 'p' }, overrides: { migrateOutFromPvc: true } } };
  assert.is(leavesAfter(undefined, migrating), undefined);
});

test('spec 03 §17 #43: an unreachable node: no attempt is noted, nobody is evicted', () => {
  const { s, attempt, state } = terminating({ node: nodeOf(NODE, { ready: false, readySince: BORN }) });
  for (let round = 0; round < 40; round += 1) s.tick();
  assert.is(attempt(), undefined);
  assert.is(state(), 'active');
  assert.is(s.count('exec AllowStop') + s.count('exec WekaLocalStop'), 0);
});

test('spec 03 §17 #43: neither does one whose commands all time out', () => {
  const { s, attempt, state } = terminating({ exec: () => ({ kind: 'timeout', afterMs: 60_000 }), settings: {} });
  // Its agent is gone with it.
  s.view.remove(agentOn(NODE));
  for (let round = 0; round < 40; round += 1) s.tick();
  assert.is(attempt(), undefined);
  assert.is(state(), 'active');
});

test('spec 03 §17 #44: an attempt that is older than the pod counts for nothing', () => {
  const { s, attempt, state } = terminating({
    given: { status: { timestamps: { StoppingAttempt: '2025-12-31T00:00:00Z' } } },
  });
  s.look();
  assert.is(state(), 'active');
  assert.ok(Date.parse(attempt() ?? '') >= SIM_START_WALL_MS, at(0));
});

test('spec 03 §17 #45: with eviction a drive leaves at once; a compute that prevents it, s3 and a forced replacement stay', () => {
  const settings = { evictContainerOnDeletion: true };
  const after = (mode: ContainerMode, overrides: Given['spec'] = {}) => {
    const { s, state } = terminating({ mode, settings, given: { spec: overrides } });
    s.look();
    return [state(), s.count('exec AllowStop'), s.count('exec AllowForceStop')];
  };
  assert.equal(after('drive'), ['deleting', 0, 0]);
  assert.equal(after('compute'), ['deleting', 0, 0]);
  assert.equal(after('compute', { overrides: { upgradePreventEviction: true } }), ['active', 1, 0]);
  assert.equal(after('s3'), ['active', 1, 0]);
  assert.equal(after('drive', { overrides: { podDeleteForceReplace: true } }), ['active', 0, 1]);
});

test('spec 03 §17 #46: a drained client: nothing is said while mounts are active, at 0 it may stop; on a schedulable node at once', () => {
  let mounts = 2;
  const drained = terminating({
    mode: 'client',
    node: nodeOf(NODE, { unschedulable: true }),
    mounts: () => mounts,
  });
  drained.s.look();
  assert.is(drained.s.rest(), 10_000);
  assert.is(drained.s.count('exec AllowStop') + drained.s.count('exec StopInstr'), 0);
  assert.ok(drained.s.count('Warning ActiveMounts: 2 mounts are still active') > 0);
  mounts = 0;
  drained.s.tick();
  assert.is(drained.s.count('exec AllowStop'), 1);
  assert.is(drained.s.count('exec WekaLocalStop'), 0, 'a client has no agent in its pod');
  const open = terminating({ mode: 'client', mounts: () => 2 });
  open.s.look();
  assert.is(open.s.count('exec AllowStop'), 1);
});

test('spec 03 §14 no. 7: mounts that cannot be told hold a drained client as well', () => {
  const { s } = terminating({ mode: 'client', node: nodeOf(NODE, { unschedulable: true }) });
  s.view.remove(agentOn(NODE));
  const unknown = story(memberOf('client', 'm', 7), {
    world: [
      podFor(memberOf('client', 'm', 7), { metadata: { deletionTimestamp: BORN } }),
      nodeOf(NODE, { unschedulable: true }),
    ],
  });
  unknown.look();
  assert.is(unknown.count('exec AllowStop'), 0);
});

test('spec 07 §23 #62, I4: a pod on cri-o is told through the agent alone; without one that is the step’s error', () => {
  const node = nodeOf(NODE, { runtime: 'cri-o://1.28' });
  const told = terminating({ node, exec: (name) => (name === 'StopInstructionsViaAgent' ? ok() : undefined) });
  told.s.look();
  assert.is(told.s.count('exec StopInstructionsViaAgent'), 1);
  assert.is(told.s.count('exec AllowStop') + told.s.count('exec WekaLocalStop') + told.s.count('exec CheckAllow'), 0);
  assert.ok(told.attempt(), 'it was reached');
  const alone = terminating({ node });
  alone.s.view.remove(agentOn(NODE));
  const silent = story(memberOf('drive', 'm', 7), {
    world: [podFor(memberOf('drive', 'm', 7), { metadata: { deletionTimestamp: BORN } }), node],
  });
  silent.look();
  assert.is(silent.rest(), 10_000);
  assert.is(silent.known().timestamps, undefined);
});

test('spec 02 §12 #19: the attempt goes with a pod that lives, and stays with one that terminates', () => {
  const noted: Given = { status: { timestamps: { StoppingAttempt: at(0) } } };
  const going = terminating({ given: noted });
  going.s.look();
  assert.is(going.attempt(), at(0));
  const container = memberOf('drive', 'm', 7, noted);
  const living = story(container, { world: [podFor(container)], exec: serving('w-m') });
  living.look();
  assert.is(living.known().timestamps?.StoppingAttempt, undefined);
});

test('spec 03 §17 #58: a forced upgrade of a terminating pod: force, local stop --force, then "waiting", no second delete', () => {
  const { s } = terminating({
    image: 'registry.example/weka:old',
    given: {
      spec: { overrides: { upgradeForceReplace: true } },
      status: { lastAppliedImage: 'registry.example/weka:old' },
    },
  });
  s.look();
  assert.is(s.count('exec AllowForceStop'), 1);
  assert.is(s.count('exec WekaLocalStop'), 1);
  assert.is(s.condition('ContainerImageUpdated'), 'False Pod is being deleted, waiting');
  assert.is(s.count('delete pods'), 0);
  assert.is(s.rest(), 10_000);
});

test('a frontend whose pod terminates for an upgrade hands its driver over first; a failure gives no instruction', () => {
  const upgrading: Given = {
    spec: { allowHotUpgrade: true },
    status: { lastAppliedImage: 'registry.example/weka:old' },
  };
  const order = terminating({
    mode: 'client',
    image: 'registry.example/weka:old',
    given: upgrading,
    exec: (name) => (name === 'PrepareForUpgrade' ? ok() : undefined),
  });
  order.s.look();
  const [prepared, allowed] = ['exec PrepareForUpgrade in m', 'exec AllowStop in m'].map((line) =>
    order.s.log.indexOf(line),
  );
  assert.ok((prepared ?? -1) >= 0 && (prepared ?? 0) < (allowed ?? 0));
  const refused = terminating({
    mode: 'client',
    image: 'registry.example/weka:old',
    given: upgrading,
    exec: (name) => (name === 'PrepareForUpgrade' ? exit(1, 'busy') : undefined),
  });
  refused.s.look();
  assert.is(refused.s.count('exec AllowStop'), 0);
});

test.run();
