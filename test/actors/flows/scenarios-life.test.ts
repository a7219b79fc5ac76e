/** Acceptance scenarios of a container that lives: lost nodes, failing reads and writes, agents, a change of mind. As scenarios.test.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KubeObject } from '../../../messages/kube.ts';
import type { ContainerState, WekaContainer } from '../../../messages/weka-container.ts';
import { agentOn, BORN, containerOf, memberOf, NODE, nodeOf, type PodGiven, podFor } from '../../support/containers.ts';
import { agentOk, conflict, exit, ok, okJson, refused } from '../../support/play.ts';
import { SIM_START_WALL_MS } from '../../support/sim-clock.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

/** A compute that is a member and at work, on its node. */
function atWork(options: StoryOptions = {}, container = memberOf('compute', 'm', 7)): Story {
  const { world = [], ...others } = options;
  return story(container, { exec: serving(container.spec.name), world: [podFor(container), ...world], ...others });
}

for (const [name, grace] of [
  ['without a grace', 0],
  ['with a grace', 30_000],
] as const) {
  test(`spec 02 §12 #7: the node of an owned client is gone: it is deleted within 30 s and the grace, without event: ${name}`, () => {
    const client = containerOf('client', { spec: { nodeAffinity: NODE }, status: { nodeAffinity: NODE } });
    const s = story(client, { without: [nodeOf()], settings: { nodeGoneGraceMs: grace } });
    s.look();
    assert.is(s.count('delete wekacontainers/weka/client'), 1);
    assert.is(s.log.filter((line) => /^(Warning|Normal) /.test(line)).length, 0, s.log.join());
  });
}

test('spec 02 §12 #11: a node that cannot be read is no lost node: the pass ends, 10 s, nothing is deleted', () => {
  const client = containerOf('client', { spec: { nodeAffinity: NODE } });
  const s = story(client, {
    without: [nodeOf()],
    settings: { nodeGoneGraceMs: 0 },
    refuse: (name) => (name.startsWith('get nodes/') ? refused : undefined),
  });
  s.look();
  assert.is(s.rest(), 10_000);
  assert.is(s.count('delete '), 0);
  assert.is(s.count('create pods'), 0);
});

test('spec 02 §12 #52: a condition whose write meets a conflict: next look within 10 s, no event, no further step', () => {
  let written = 0;
  const container = memberOf('compute', 'm', 7, { status: { containerID: undefined as never, clusterID: '' } });
  const joining = { has_value: true, value: { cluster_guid: '00000000-0000-0000-0000-000000000000', host_id: 0 } };
  const s = atWork(
    {
      exec: serving('w-m', ({ command }) =>
        command.name === 'WekaLocalContainerGetIdentity' ? okJson(joining) : undefined,
      ),
      refuse: (name) => (name === 'status' && ++written > 0 ? conflict : undefined),
    },
    container,
  );
  s.look();
  for (let round = 0; round < 8 && written === 0; round += 1) s.tick();
  assert.ok(written > 0, 'its condition was to be written');
  const before = s.log.length;
  assert.ok(s.tick() <= 10_000);
  assert.is(s.log.slice(0, before).filter((line) => line.startsWith('Warning')).length, 0);
});

const STABLE = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }] };
const looksIn = (
  minutes: number,
  interval: number | undefined,
  pod: PodGiven = { status: { phase: 'Running', ...STABLE } },
) => {
  const container = memberOf('compute', 'm', 7);
  const settings = interval === undefined ? {} : { localStatusMaxIntervalMs: interval };
  const s = story(container, { exec: serving('w-m'), world: [podFor(container, pod)], settings });
  s.look();
  for (let pastMs = 0; pastMs < minutes * 60_000; ) pastMs += s.tick();
  return { s, looks: s.count('exec WekaLocalPs') };
};
test('V10: one that has settled is looked at as seldom as the setting says; by default in each pass', () => {
  assert.ok(looksIn(30, undefined).looks >= 60);
  const { looks } = looksIn(30, 300_000);
  assert.ok(looks >= 6 && looks <= 8, `${looks}`);
});
test('V10: one whose pod is young, not ready, or has changed is looked at at once', () => {
  const young = { type: 'Ready', status: 'True', lastTransitionTime: new Date(SIM_START_WALL_MS).toISOString() };
  assert.ok(looksIn(9, 300_000, { status: { phase: 'Running', conditions: [young] } }).looks >= 18);
  assert.ok(looksIn(9, 300_000, { status: { phase: 'Running' } }).looks >= 18);
  const { s, looks } = looksIn(10, 300_000);
  const pod = s.view.pod('weka', 'm');
  assert.ok(pod);
  s.look();
  assert.is(s.count('exec WekaLocalPs'), looks);
  s.view.put({ ...pod, metadata: { ...pod.metadata, resourceVersion: 'changed' } });
  s.look();
  assert.is(s.count('exec WekaLocalPs'), looks + 1);
});

test('spec 02 §12 #52: rows 50 that fails leaves no condition, no event and stops nothing', () => {
  const s = atWork({
    exec: serving('w-m', ({ command }) => (command.name === 'GetManagementIps' ? exit(1) : undefined)),
  });
  for (let round = 0; round < 12; round += 1) s.tick();
  assert.ok(s.count('exec GetManagementIps') > 0, 'it was asked for');
  assert.is(s.log.filter((line) => line.startsWith('Warning')).length, 0, s.log.join());
  assert.is(s.known().status, 'Running');
  assert.is(s.known().conditions?.some(({ status }) => status === 'False') ?? false, false);
  const last = s.log.lastIndexOf('exec GetManagementIps in m');
  assert.ok(s.log.slice(last).includes('exec WekaLocalPs in m'), 'row 51 runs after it');
});

test('spec 02 §12 #54: paused while it leaves: by force, Paused, no command in a sibling; active: it leaves again; destroying: so', () => {
  const metadata = { deletionTimestamp: BORN };
  const container = memberOf('compute', 'm', 7, { metadata, spec: { state: 'deleting' } });
  const peer = memberOf('compute', 'peer', 8);
  const s = atWork({ world: [peer, podFor(peer)] }, container);
  const order = (state: ContainerState): void => {
    const stored = s.container() as WekaContainer; // It keeps its finalizer throughout.
    const next: KubeObject = { ...stored, spec: { ...stored.spec, state } } as KubeObject;
    s.view.put({ ...next, metadata: { ...next.metadata, resourceVersion: `${state}-1` } });
    s.look();
  };
  s.look();
  assert.is(s.state().flow, 'deleting');
  const since = s.log.length;
  order('paused');
  assert.is(s.state().flow, 'paused');
  s.view.remove(podFor(container));
  s.look();
  for (let round = 0; round < 4 && s.status().status !== 'Paused'; round += 1) s.tick();
  const paused = s.log.slice(since);
  assert.ok(paused.includes('exec AllowForceStop in m'), paused.join('\n'));
  assert.is(paused.filter((line) => line.endsWith(' in peer')).length, 0);
  assert.is(s.status().status, 'Paused');
  assert.equal(s.container()?.metadata.finalizers, ['weka.weka.io/finalizer']);
  order('active');
  assert.is(s.container()?.spec.state, 'deleting');
  assert.is(s.state().flow, 'deleting');
  order('destroying');
  assert.ok(s.container() === undefined || s.state().flow === 'destroying');
});

test('F19: what the pod before has left in the file is read again once the new one is ready', () => {
  const container = memberOf('compute', 'm', 7, { status: { managementIPs: ['10.0.0.1'] } });
  const ready = (lastTransitionTime: string) =>
    podFor(container, {
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] },
    });
  const reads = (since: string): number => {
    const s = atWork({ world: [ready(since)] }, container);
    s.look();
    for (let round = 0; round < 2; round += 1) s.tick();
    return s.count('exec GetManagementIps');
  };
  assert.is(reads(BORN), 1, 'young: once');
  assert.is(reads('2025-12-31T23:00:00Z'), 0, 'old: when its turn comes');
});

test('spec 07 §23 #9: local ps fails: Error and its event once it lasts, again after 3 s', () => {
  const failing = serving('w-m', ({ command }) => {
    if (command.name === 'WekaLocalPs') return exit(1);
    return command.name === 'CheckDriversLoaded' ? ok('') : undefined;
  });
  const s = atWork({ exec: failing });
  s.until(() => s.status().status === 'Error');
  const [event] = s.log.filter((line) => line.startsWith('Warning ReconcileWekaLocalStatusError'));
  assert.match(event ?? '', 'wait-error:command Exec.WekaLocalPs failed: command terminated with exit code 1');
  assert.is(s.rest(), 3_000);
});

test('spec 07 §23 #46: a pod that comes up is told to the agent twice, with its state and since when, and then no more', () => {
  const container = containerOf('compute', { spec: { nodeAffinity: NODE }, status: { nodeAffinity: NODE } });
  const told: string[] = [];
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:20Z' }];
  const s = story(container, {
    world: [podFor(container, { phase: 'Pending' }), agentOn(NODE)],
    exec: serving('w-compute'),
    agent: ({ request }) => {
      if (request.path !== '/register') return agentOk({});
      const body = JSON.parse(request.body ?? '');
      told.push(`${body.pod_status} ${body.pod_status_start_time}`);
      return agentOk({});
    },
  });
  s.look();
  s.pass(20_000);
  s.view.put(podFor(container, { status: { phase: 'Running', conditions } }));
  s.look();
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.equal(told, [`Pending ${BORN}`, 'Running 2026-01-01T00:00:20Z']);
});

test.run();
