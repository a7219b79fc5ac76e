/** What `npm start` counts and says at its end: writes by container, limits, reasons, leftovers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { leftText, objectsLeft } from '../../../deploy/sandbox/demo/left.ts';
import { LIMITS, reasonsText, whatToTry, writesReport } from '../../../deploy/sandbox/demo/summary.ts';
import { type Counted, countWrites, STATS, type WriteCount } from '../../../deploy/sandbox/demo/write-count.ts';
import type { ApiStore } from '../../../deploy/sandbox/world/api.ts';
import type { Pod } from '../../../deploy/sandbox/world/objects.ts';
import { CONTAINERS, type Draft, EVENTS, type KubeObject, NODES, PODS } from '../../../messages/kube.ts';
import type { ContainerMode } from '../../../messages/weka-container.ts';
import { simClock } from '../../support/sim-clock.ts';
import { newStore } from '../api/new-store.ts';
import { container } from './container.ts';

const spec = { image: 'i', name: 'n', numCores: 1 };
const draft = (name: string, mode: ContainerMode): Draft =>
  ({
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: { name, namespace: 'weka' },
    spec: { ...spec, mode },
  }) as Draft;
const refTo = (name: string) => ({ type: CONTAINERS, namespace: 'weka', name });

function made(store: ApiStore, object: Draft): KubeObject {
  const outcome = store.request({ verb: 'create', type: CONTAINERS, object });
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome));
  return outcome.answer;
}
const podDraft = (owner: KubeObject): Draft =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: owner.metadata.name,
      namespace: 'weka',
      ownerReferences: [
        {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  }) as Draft;
const eventDraft = (name: string, about: KubeObject): Draft => {
  const { namespace = '', uid, name: of } = about.metadata;
  const involvedObject = { kind: about.kind, namespace, name: of, uid };
  return { apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: 'weka' }, involvedObject } as Draft;
};
const patchStatus = (name: string, status: object) =>
  ({ verb: 'mergePatch', ref: refTo(name), subresource: 'status', patch: { status } }) as const;
const talliesOf = (count: WriteCount, name: string) => {
  const found = count.containers().find((one) => one.name === `weka/${name}`);
  return found === undefined
    ? undefined
    : Object.fromEntries(Object.entries(found.writes).map(([phase, tally]) => [phase, Object.fromEntries(tally)]));
};

test('a write counts to the container, its pod and their events, up to the write that makes it Running', () => {
  const store = newStore(simClock());
  const count = countWrites(store);
  const compute = made(store, draft('c', 'compute')); // By another user: not counted.
  const { request } = count.store;
  request({ verb: 'mergePatch', ref: refTo('c'), patch: { metadata: { finalizers: ['x/y'] } } });
  const pod = request({ verb: 'create', type: PODS, object: podDraft(compute) });
  request({ verb: 'create', type: EVENTS, object: eventDraft('e1', compute) });
  if (pod.kind === 'ok') request({ verb: 'create', type: EVENTS, object: eventDraft('e2', pod.answer) });
  request(patchStatus('c', { status: 'Running', containerID: 3 }));
  request(patchStatus('c', { stats: { cpuUtilization: '1.00' } }));
  request(patchStatus('c', { status: 'Unhealthy', stats: { cpuUtilization: '2.00' } }));
  request({ verb: 'delete', ref: { type: PODS, namespace: 'weka', name: 'c' } });
  request({ verb: 'delete', ref: refTo('c') });
  request({ verb: 'mergePatch', ref: refTo('c'), patch: { metadata: { finalizers: null } } });
  assert.equal(talliesOf(count, 'c'), {
    forming: { 'patch WekaContainer': 1, 'create Pod': 1, 'create Event': 2, 'patch WekaContainer/status': 1 },
    rest: { [STATS]: 1, 'patch WekaContainer/status': 1, 'delete Pod': 1, 'delete WekaContainer': 1 },
    leaving: { 'patch WekaContainer': 1 },
  });
  assert.equal([...count.shared()], []);
  assert.is(store.get(refTo('c')), undefined);
});

test('a helper that the user creates counts its own creation, and keeps its count when it is gone', () => {
  const store = newStore(simClock());
  const count = countWrites(store);
  count.store.request({ verb: 'create', type: CONTAINERS, object: draft('h', 'discovery') });
  count.store.request({ verb: 'delete', ref: refTo('h') });
  const [helper] = count.containers();
  assert.ok(helper?.helper);
  assert.equal(talliesOf(count, 'h')?.forming, { 'create WekaContainer': 1, 'delete WekaContainer': 1 });
});

test('what belongs to no container is shared; reads and dry runs are no writes; a refused write is one', () => {
  const store = newStore(simClock());
  const count = countWrites(store);
  const { request } = count.store;
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
  request({ verb: 'create', type: NODES, object: node });
  request({ verb: 'create', type: NODES, object: node });
  request({ verb: 'get', ref: { type: NODES, name: 'n' } });
  request({ verb: 'create', type: CONTAINERS, object: draft('c', 'compute') }, { dryRun: true });
  assert.equal([...count.shared()], [['create Node', 2]]);
  assert.is(count.refusedCount(), 1);
});

function counted(name: string, forming: Record<string, number>, more: Partial<Counted> = {}): Counted {
  const writes = { forming: new Map(Object.entries(forming)), rest: new Map(), leaving: new Map() };
  return { name, mode: 'compute', helper: false, writes, ...more };
}

test('the report adds up by kind, and names averages, maxima and limits', () => {
  const few = counted('weka/a', { 'create Pod': 1, 'patch WekaContainer/status': 3 });
  const more = counted('weka/b', { 'create Pod': 1, 'patch WekaContainer/status': 4, 'create Event': 2 });
  const rest = new Map([
    [STATS, 2],
    ['patch Pod', 1],
  ]);
  const resting = counted('weka/c', {}, { writes: { forming: new Map(), rest, leaving: new Map() } });
  const helper = counted('weka/h', { 'create Pod': 1 }, { helper: true, mode: 'discovery' });
  const report = writesReport([few, more, resting, helper], new Map([['patch Node', 3]]), 2, 5_000);
  const text = report.lines.join('\n');
  assert.ok(report.withinLimits);
  assert.match(text, /create Pod +2 +1 +0\n/);
  assert.match(text, /patch Node +0 +0 +3\n/);
  assert.match(text, /total +11 +1 +3\n/);
  assert.match(text, /2 of them refused/);
  assert.match(text, /a container +3\.7 on average, 7 at most \(limit 10\), of 3/);
  assert.match(text, /of them status +2\.3 on average, 4 at most \(limit 5\), of 3/);
  assert.match(text, /a helper +1\.0 on average, 1 at most \(limit 8\), of 1/);
  assert.match(text, /after Running +1 and 2 of stats, in 5 s: patch Pod 1/);
  assert.not.match(text, 'EXCEEDED');
});

for (const [what, one] of [
  ['a container', counted('weka/x', { 'create Event': LIMITS.container + 1 })],
  ['its status', counted('weka/x', { 'patch WekaContainer/status': LIMITS.status + 1 })],
  [
    'a helper in its whole life',
    counted(
      'weka/x',
      {},
      {
        helper: true,
        writes: { forming: new Map([['a', LIMITS.helper]]), rest: new Map(), leaving: new Map([['a', 1]]) },
      },
    ),
  ],
] as const) {
  test(`one write too many for ${what} is said, with what it was made of`, () => {
    const report = writesReport([counted('weka/good', { 'create Pod': 1 }), one], new Map(), 0, 0);
    assert.not(report.withinLimits);
    assert.match(report.lines.join('\n'), /LIMIT EXCEEDED by 1\n {4}compute weka\/x: [\w /]+ \d+/);
  });
}

test('why something is not Running: its pod, its unmet conditions, its last warning', () => {
  const conditions = [
    { type: 'EnsureDrivers', status: 'False', reason: 'Error', message: 'no drivers' },
    { type: 'Other', status: 'True', reason: 'Success', message: '' },
  ];
  const waiting = container('drive', { status: 'WaitForDrivers', conditions });
  const scheduled = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: '0/3 nodes are available',
  };
  const pod = {
    metadata: waiting.metadata,
    spec: { containers: [] },
    status: { phase: 'Pending', conditions: [scheduled] },
  };
  const event = (reason: string, lastTimestamp: string, type = 'Warning') => ({
    type,
    reason,
    message: 'm',
    lastTimestamp,
    involvedObject: { uid: waiting.metadata.uid },
  });
  const events = [event('Late', '2026-01-02'), event('Early', '2026-01-01'), event('Fine', '2026-01-03', 'Normal')];
  assert.is(
    reasonsText(waiting, [pod as unknown as Pod], events as unknown as KubeObject[]),
    'weka/drive (drive) is WaitForDrivers: its pod is Pending (0/3 nodes are available) on no node; EnsureDrivers is false: no drivers; last warning Late: m',
  );
  assert.is(reasonsText(container('compute'), [], []), 'weka/compute (compute) is New: it has no pod');
});

test('what to try names the kubeconfig in every kubectl line', () => {
  const lines = whatToTry('/t/kubeconfig', '/t/log', 'http://127.0.0.1:1/metrics');
  const kubectl = lines.filter((line) => line.includes('kubectl'));
  assert.ok(kubectl.length >= 4);
  for (const line of kubectl) assert.match(line, '--kubeconfig /t/kubeconfig ');
});

test('what is left after a deletion does not count the pods of the installation', () => {
  const store = newStore(simClock());
  const owner = made(store, draft('c', 'compute'));
  store.request({ verb: 'create', type: PODS, object: podDraft(owner) });
  const agent = podDraft({ ...owner, metadata: { ...owner.metadata, name: 'agent' } });
  const labels = { 'control-plane': 'weka-node-agent' };
  store.request({ verb: 'create', type: PODS, object: { ...agent, metadata: { ...agent.metadata, labels } } as Draft });
  assert.is(leftText(objectsLeft(store)), 'WekaContainer 1, Pod 1');
  assert.is(leftText([]), 'nothing');
});

test.run();
