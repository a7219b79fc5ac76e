/** Envoy beside s3, telemetry beside compute; an envoy whose process is gone. Spec 02, 6.15 and 6.30; spec 07, 11; F20, V4. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decider, initial } from '../../../actors/cluster.ts';
import { deleteEnvoyIfProcessNotExists, mayLackProcess } from '../../../actors/flows/steps/envoy-process.ts';
import type { ClusterUid, ContainerUid } from '../../../messages/ids.ts';
import { done, finished, wait, warning } from '../../../messages/verdict.ts';
import type { ContainerMode } from '../../../messages/weka-container.ts';
import { containerOf, type Given, NODE, ownedBy, podFor } from '../../support/containers.ts';
import { fakeView } from '../../support/fake-view.ts';
import { type PassGiven, passFor, SETTINGS } from '../../support/pass.ts';
import { argvOf, conflict, did, exit, ok, playStep, requestOf } from '../../support/play.ts';
import { SIM_START_WALL_MS } from '../../support/sim-clock.ts';
import { type Story, serving, story } from '../../support/story.ts';

const MINUTE_MS = 60_000;
const envoyLocal = (runStatus: string) => ok(JSON.stringify([{ name: 'envoy', runStatus }]));
const here: Given = { spec: { nodeAffinity: NODE } };
const companion = (mode: ContainerMode, given: Given = {}, world: Parameters<typeof story>[1] = {}): Story => {
  const container = containerOf(mode, {
    ...given,
    spec: { nodeAffinity: NODE, name: mode, ...given.spec },
    status: { allocations: { agentPort: 35303 }, nodeAffinity: NODE, lastAppliedImage: 'x', ...given.status },
  });
  return story(container, {
    ...world,
    world: [podFor(container), ...(world.world ?? [])],
    exec: serving(mode, ({ command }) => (command.name === 'WekaLocalPs' ? envoyLocal('Running') : undefined)),
  });
};

test('spec 02 §12 #20: an s3 container of the owner on its node, in any state: the envoy is left alone', () => {
  for (const status of ['Running', 'Error', 'Deleting', '']) {
    const s3 = containerOf('s3', { status: { status, nodeAffinity: NODE } });
    const s = companion('envoy', {}, { world: [s3] });
    s.look();
    assert.is(s.known().timestamps, undefined, status);
  }
});

for (const [mode, neighbour, key, reason, number] of [
  ['envoy', 's3', 'NoS3Neighbor', 'EnvoyContainerWithoutS3Neighbor', 'spec 07 §23 #50, 02 §12 #21'],
  [
    'telemetry',
    'compute',
    'NoComputeNeighbor',
    'TelemetryContainerWithoutComputeNeighbor',
    'spec 07 §23 #64, 02 §12 #21',
  ],
] as const) {
  test(`${number}: ${mode} without ${neighbour}: noted, 15 s; after 5 min the event and the delete; before, it lives on`, () => {
    const s = companion(mode);
    s.look();
    const since = s.known().timestamps?.[key];
    assert.ok(since);
    assert.is(s.count('delete'), 0);
    let passedMs = s.rest();
    const looks = () => s.count('exec WekaLocalPs');
    const before = looks();
    while (s.count('delete wekacontainers') === 0 && passedMs < 20 * MINUTE_MS) passedMs += s.tick();
    assert.ok(passedMs >= 4 * MINUTE_MS && passedMs <= 6 * MINUTE_MS, `${passedMs} ms`);
    assert.ok(looks() > before, 'the rest of its flow went on');
    assert.is(s.count(`Normal ${reason}`), 1);
    assert.is(
      s.container()?.spec.state === 'deleting' || s.container()?.metadata.deletionTimestamp !== undefined,
      true,
    );
  });

  test(`${number}: a ${neighbour} that comes back within 5 min clears the timer (F20)`, () => {
    const s = companion(mode);
    s.look();
    s.rest();
    s.pass(3 * MINUTE_MS);
    s.view.put(containerOf(neighbour, { name: 'back', status: { nodeAffinity: NODE } }));
    s.look();
    assert.is(s.known().timestamps?.[key], undefined);
    s.pass(10 * MINUTE_MS);
    s.look();
    assert.is(s.count('delete'), 0);
  });
}

test('neighbours are those of its owner, its namespace, its node and the right mode', () => {
  const others = [
    containerOf('s3', {
      name: 'a',
      metadata: { ownerReferences: [ownedBy('WekaCluster', 'd')] },
      status: { nodeAffinity: NODE },
    }),
    containerOf('s3', { name: 'b', metadata: { namespace: 'other' }, status: { nodeAffinity: NODE } }),
    containerOf('s3', { name: 'c', spec: { nodeAffinity: 'node-2' as typeof NODE } }),
    containerOf('compute', { name: 'd', status: { nodeAffinity: NODE } }),
  ];
  const s = companion('envoy', {}, { world: others });
  s.look();
  assert.ok(s.known().timestamps?.NoS3Neighbor);
});

test('F20: one that is bound to no node yet misses nobody', () => {
  const envoy = containerOf('envoy');
  const s = story(envoy, { world: [podFor(envoy, { node: '', phase: 'Pending' })] });
  for (let round = 0; round < 30; round += 1) s.tick();
  assert.is(s.known().timestamps, undefined);
  assert.is(s.count('delete'), 0);
});

test('spec 02 §12 #22: a bound envoy with two owners: the pass stops there, 10 s, nothing is deleted', () => {
  const owners = [ownedBy('WekaCluster', 'c'), { ...ownedBy('WekaCluster', 'd'), controller: false }];
  const s = companion('envoy', { metadata: { ownerReferences: owners } });
  s.pass(60 * MINUTE_MS);
  s.look();
  assert.is(s.rest(), 10_000);
  assert.is(s.count('delete') + s.count('exec'), 0);
});

test('the paused flow has the same rule: its first wait comes before the stop', () => {
  const s = companion('envoy', { spec: { ...here.spec, state: 'paused' } });
  s.look();
  assert.ok(s.known().timestamps?.NoS3Neighbor);
  assert.is(s.count('delete pods'), 0);
  s.rest();
  assert.is(s.count('delete pods/weka/envoy'), 1);
});

test('paused, deleted and alone: it is stopped and waits to be released, and is not deleted again and again', () => {
  const marked: Given = { spec: { state: 'paused' }, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const s = companion('envoy', { ...marked, status: { timestamps: { NoS3Neighbor: '2025-01-01T00:00:00Z' } } });
  s.look();
  assert.is(s.count('delete wekacontainers'), 0);
  assert.is(s.count('delete pods/weka/envoy'), 1);
  s.view.remove(podFor(s.container() ?? containerOf('envoy')));
  s.until(() => s.count('Warning PausedAndDeleted') > 0);
});

// The process.

const up = (ms: number) => new Date(SIM_START_WALL_MS - ms).toISOString();
const envoyPass = (upMs: number, given: Given = {}, options: PassGiven = {}) => {
  const envoy = containerOf('envoy', { ...given, status: { status: 'Error', nodeAffinity: NODE, ...given.status } });
  const pod = podFor(envoy, {
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'weka-container', state: { running: { startedAt: up(upMs) } } }],
    },
  });
  return passFor(envoy, { ...options, world: [pod] });
};
const PROBE = 'exec CheckEnvoyProcess';

test('spec 07 §23 #65, 02 §12 #51: no process after 4 min of Error: the event and state deleting; young, well or found: nothing', () => {
  const pass = envoyPass(4 * MINUTE_MS);
  assert.ok(mayLackProcess(pass));
  const { calls, verdict } = playStep(deleteEnvoyIfProcessNotExists(pass), [
    [PROBE, ok('\n')],
    ['cluster envoySlot', { kind: 'granted' }],
    ['mergePatch wekacontainers/weka/envoy', did(pass.container)],
  ]);
  const text =
    'Envoy process not found while container is in Error state (pod running for 4m0s), deleting container for recreation';
  assert.equal(verdict, { ...finished, events: [warning('EnvoyProcessNotFound', text)] });
  const refused = playStep(deleteEnvoyIfProcessNotExists(pass), [
    [PROBE, ok()],
    ['cluster envoySlot', { kind: 'granted' }],
    ['mergePatch wekacontainers/weka/envoy', conflict],
  ]);
  assert.equal([refused.verdict.kind, refused.verdict.events], ['failed', undefined]);
  const request = requestOf(calls, 'mergePatch');
  assert.equal(request.verb === 'mergePatch' && request.patch, {
    metadata: { resourceVersion: '1' },
    spec: { state: 'deleting' },
  });
  assert.not(mayLackProcess(envoyPass(2 * MINUTE_MS)));
  assert.not(mayLackProcess(envoyPass(4 * MINUTE_MS, { status: { status: 'Running' } })));
  assert.equal(playStep(deleteEnvoyIfProcessNotExists(pass), [[PROBE, ok('123\n')]]).verdict, done);
});

test('spec 07 §23 #65: a second envoy within a minute waits; a probe that fails is no proof', () => {
  const pass = envoyPass(4 * MINUTE_MS);
  const second = playStep(deleteEnvoyIfProcessNotExists(pass), [
    [PROBE, ok()],
    ['cluster envoySlot', { kind: 'throttled' }],
  ]);
  assert.equal(second.verdict, wait(15_000, 'throttling envoy container deletion (one per minute per cluster)'));
  assert.is(playStep(deleteEnvoyIfProcessNotExists(pass), [[PROBE, exit(1)]]).verdict.kind, 'wait');
});

test('V4: the probe excludes itself and each owner cluster has a slot of its own only with the setting', () => {
  const asked = (envoyProbeExcludesSelf: boolean) => {
    const pass = envoyPass(4 * MINUTE_MS, {}, { settings: { envoyProbeExcludesSelf } });
    const { calls } = playStep(deleteEnvoyIfProcessNotExists(pass), [
      [PROBE, ok()],
      ['cluster envoySlot', { kind: 'throttled' }],
    ]);
    const slot = calls.find((call) => call.kind === 'cluster');
    return [argvOf(calls, 'CheckEnvoyProcess')[2], slot?.kind === 'cluster' && slot.ask.cluster];
  };
  assert.equal(asked(false), ["pgrep -f 'envoy' || true", 'envoys-of-no-cluster']);
  assert.equal(asked(true), ["pgrep -f '[e]nvoy' || true", 'uid-c']);
  const unthrottled = envoyPass(4 * MINUTE_MS, {}, { settings: { recreateUnhealthyEnvoyThrottlingEnabled: false } });
  const { verdict } = playStep(deleteEnvoyIfProcessNotExists(unthrottled), [
    [PROBE, ok()],
    ['mergePatch wekacontainers/weka/envoy', did(unthrottled.container)],
  ]);
  assert.is(verdict.kind, 'finished');
});

test('the slot is one a minute, and the asker’s own second ask counts as well', () => {
  const decide = decider('uid-c' as ClusterUid, { view: fakeView(), settings: SETTINGS });
  let state = initial;
  const ask = (ms: number): string => {
    let kind = '';
    const [next, effects] = decide(
      state,
      {
        kind: 'asked',
        ask: { kind: 'envoySlot', cluster: 'uid-c' as ClusterUid, uid: 'e' as ContainerUid },
        answer: () => {},
        chance: 0,
      },
      { ms, fresh: 1 as never },
    );
    state = next;
    for (const effect of effects) kind = effect.answer.kind;
    return kind;
  };
  assert.equal([ask(0), ask(1), ask(59_999), ask(60_000)], ['granted', 'throttled', 'throttled', 'granted']);
});

test.run();
