/** The store: the table cells of built-in types, as kubectl shows them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { humanDuration } from '../../deploy/sandbox/world/store/human-duration.ts';
import { EVENTS, JOBS, NAMESPACES, NODES, PODS } from '../../messages/kube.ts';
import { type Any, answer, core, pod, world } from './api-store.support.ts';

/** Columns and cells of an object made this long ago, as `Name=value`. */
function shown(type: Any, object: Any, status?: Any, agoMs = 90_000): Record<string, string | number> {
  const { store, clock, pass } = world();
  const made = answer(store.request({ verb: 'create', type, object }));
  const ref = { type, name: made.metadata.name, ...(type.namespaced ? { namespace: 'default' } : {}) };
  if (status !== undefined)
    answer(store.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status } }));
  pass(agoMs);
  const { columns, row } = store.types().find((one) => one.type.plural === type.plural) as Any;
  const cells = row(store.get(ref), clock.wallMs());
  assert.is(cells.length, columns.length);
  return Object.fromEntries(columns.map(({ name }: Any, index: number) => [name, cells[index]]));
}

test('durations read as kubectl writes them', () => {
  const texts = [5, 119, 120, 190, 660, 10_800, 11_100, 90_000, 180_000, 200_000, 864_000, 63_072_000, 100_000_000].map(
    (seconds) => humanDuration(0, seconds * 1000),
  );
  assert.equal(texts, ['5s', '119s', '2m', '3m10s', '11m', '3h', '3h5m', '25h', '2d2h', '2d7h', '10d', '2y', '3y62d']);
});

test('a pod shows ready containers, status, restarts, age, IP and node', () => {
  const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const status = {
    phase: 'Running',
    podIP: '10.0.0.1',
    containerStatuses: [
      {
        ready: true,
        restartCount: 2,
        state: running,
        lastState: { terminated: { finishedAt: '2026-01-01T00:00:30Z' } },
      },
    ],
  };
  const row = shown(PODS, pod('p', { nodeName: 'n1' }), status);
  assert.equal([row.Ready, row.Status, row.Restarts, row.Age], ['1/1', 'Running', '2 (60s ago)', '90s']);
  assert.equal([row.IP, row.Node], ['10.0.0.1', 'n1']);
});

const states: readonly (readonly [string, Any])[] = [
  ['Pending', {}],
  [
    'CrashLoopBackOff',
    { phase: 'Running', containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
  ],
  [
    'Completed',
    { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }] },
  ],
  ['ExitCode:3', { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] }],
  ['Evicted', { phase: 'Failed', reason: 'Evicted' }],
  ['Init:0/1', { phase: 'Pending', initContainerStatuses: [{ state: { running: {} } }] }],
  [
    'Init:Error',
    { phase: 'Pending', initContainerStatuses: [{ state: { terminated: { exitCode: 1, reason: 'Error' } } }] },
  ],
];
for (const [text, status] of states) {
  test(`a pod shows the status ${text}`, () => {
    const initContainers = [{ name: 'init', image: 'i' }];
    assert.is(shown(PODS, pod('p', { initContainers }), status).Status, text);
  });
}

test('a pod that is being deleted is Terminating', () => {
  const { store, clock } = world();
  answer(store.request({ verb: 'create', type: PODS, object: pod('p', { nodeName: 'n' }) }));
  const ref = { type: PODS, namespace: 'default', name: 'p' };
  answer(store.request({ verb: 'delete', ref }));
  const { row } = store.types().find(({ type }) => type.plural === 'pods') as Any;
  assert.is(row(store.get(ref), clock.wallMs())[2], 'Terminating');
});

test('a node shows readiness, cordon, roles, version and addresses', () => {
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { kubeletVersion: 'v1.36.0', osImage: 'Linux' },
    addresses: [{ type: 'InternalIP', address: '10.1.0.1' }],
  };
  const object = core(
    'Node',
    'n',
    { spec: { unschedulable: true }, status },
    { labels: { 'node-role.kubernetes.io/worker': '' } },
  );
  const row = shown(NODES, object);
  assert.equal([row.Status, row.Roles, row.Version], ['Ready,SchedulingDisabled', 'worker', 'v1.36.0']);
  assert.equal([row['Internal-IP'], row['OS-Image'], row['Kernel-Version']], ['10.1.0.1', 'Linux', '<unknown>']);
});

test('a job shows completions and how long it took', () => {
  const template = { spec: { containers: [{ name: 'c', image: 'i' }] } };
  const object = { ...core('Job', 'j', { spec: { template } }, { namespace: 'default' }), apiVersion: 'batch/v1' };
  const status = {
    startTime: '2026-01-01T00:00:00Z',
    completionTime: '2026-01-01T00:00:42Z',
    succeeded: 1,
    conditions: [{ type: 'Complete', status: 'True' }],
  };
  const row = shown(JOBS, object, status);
  assert.equal([row.Status, row.Completions, row.Duration, row.Images], ['Complete', '1/1', '42s', 'i']);
});

test('an event shows when it was last seen, and what it is about', () => {
  const fields = {
    involvedObject: { kind: 'WekaContainer', name: 'c', namespace: 'default' },
    type: 'Warning',
    reason: 'Bad',
    message: 'it broke\n',
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:01:00Z',
    count: 3,
    source: { component: 'weka', host: 'n' },
  };
  const row = shown(EVENTS, core('Event', 'e', fields, { namespace: 'default' }));
  assert.equal([row['Last Seen'], row.Object, row.Message, row.Count], ['30s', 'wekacontainer/c', 'it broke', 3]);
});

test('every built-in type has as many cells as columns, also for a bare object', () => {
  const { store, clock } = world();
  for (const { type, columns, row } of store.types()) {
    if (row === undefined) continue;
    const bare = {
      apiVersion: 'v1',
      kind: type.kind,
      metadata: { name: 'x', uid: '', resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' },
    };
    assert.is(row(bare, clock.wallMs()).length, columns.length, type.plural);
  }
  assert.is(shown(NAMESPACES, core('Namespace', 'n')).Status, 'Active');
});

test.run();
