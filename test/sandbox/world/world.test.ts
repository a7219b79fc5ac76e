/** The modelled fleet as a whole: a cluster formed, a host taken out, nodes lost, the same seed twice. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLUSTERS, CONTAINERS, PODS } from '../../../messages/kube.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import { argvOf, bringAllUp, copyBootScripts, exec, type Fleet, fleet, podOf, stopPod } from './hand.ts';

const clusterOf = ({ world }: Fleet) =>
  world.store.get<WekaCluster>({ type: CLUSTERS, namespace: 'weka', name: 'wk1' });

async function formed(seed: string, nodes = 4, drive = 3, compute = 3): Promise<Fleet> {
  const on = fleet(seed, nodes);
  copyBootScripts(on);
  const { errors } = bringAllUp(on);
  on.world.addCluster({ name: 'wk1', drive, compute, numDrives: 2 });
  await on.until('the cluster is Ready', () => errors.length > 0 || clusterOf(on)?.status?.status === 'Ready');
  assert.equal(errors, []);
  return on;
}

test('spec 07 §21.4: a cluster of drive and compute containers forms, joins, adds its drives and becomes Ready', async () => {
  const on = await formed('form');
  const [weka] = on.world.clusters.all();
  assert.is(weka?.hosts.size, 6);
  assert.is(weka?.drives.size, 6);
  assert.is(weka?.ioStarted, true);
  assert.equal([...(weka?.users ?? [])], ['admin', 'weka-operator']);
  assert.equal([...(weka?.filesystems.keys() ?? [])], ['.config_fs', 'default']);
  assert.is(clusterOf(on)?.status?.clusterID, weka?.guid);
  assert.is(clusterOf(on)?.status?.ports?.basePort, 35_000);
  assert.equal(
    on.containers().map(({ status }) => status?.internalStatus),
    Array(6).fill('READY'),
  );
  assert.equal(on.world.oracle.violations, []);
});

test('the same seed tells the same story, another seed another one', async () => {
  const story = async (seed: string) => {
    const on = await formed(seed);
    return on.world.exec.log.map(({ startMs, endMs, name, pod }) => `${startMs} ${endMs} ${name} ${pod}`);
  };
  const [first, again, other] = [await story('one'), await story('one'), await story('two')];
  assert.equal(first, again);
  assert.is.not(first.join('\n'), other.join('\n'));
});

test('a backend leaves in order: deactivated, drives removed, pod stopped, host removed; the oracle is content', async () => {
  const on = await formed('leave');
  const [leaving, peer] = on.containers().filter(({ spec }) => spec.mode === 'drive');
  if (leaving === undefined || peer === undefined) throw new Error('no drive containers');
  const id = leaving.status?.containerID;
  const ask = (line: string) => exec(on, peer.metadata.name, argvOf(line));
  const ref = { type: CONTAINERS, namespace: 'weka', name: leaving.metadata.name };
  on.world.store.request({ verb: 'mergePatch', ref, patch: { spec: { state: 'deleting' } } });
  const story = async () => {
    await ask(`wekaauthcli cluster container deactivate ${id}`);
    for (;;) {
      const answer = await ask(`wekaauthcli cluster container ${id} --json`);
      if (answer.kind === 'ok' && JSON.parse(answer.stdout)[0].status === 'INACTIVE') break;
      await on.sleep(15_000);
    }
    const listed = await ask(`wekaauthcli cluster drive --container ${id} --json`);
    for (const { uuid } of JSON.parse(listed.kind === 'ok' ? listed.stdout : '[]')) {
      await ask(`wekaauthcli cluster drive remove ${uuid} -f`);
    }
    await stopPod(on, leaving.metadata.name, true);
    await ask(`wekaauthcli cluster container remove ${id} --no-unimprint`);
    await on.sleep(5_000);
    return ask(`wekaauthcli cluster container ${id} --json`);
  };
  assert.equal(await on.result('the host is gone', story()), { kind: 'ok', stdout: '[]\n', stderr: '' });
  assert.is(on.world.clusters.all()[0]?.drives.size, 4);
  assert.is(on.pod(leaving.metadata.name), undefined);
  assert.equal(on.world.oracle.violations, []);
});

test('the oracle sees an active backend stopped by force while it is being deleted', async () => {
  const on = await formed('force');
  const [leaving] = on.containers();
  const name = leaving?.metadata.name ?? '';
  const ref = { type: CONTAINERS, namespace: 'weka', name };
  on.world.store.request({ verb: 'mergePatch', ref, patch: { spec: { state: 'deleting' } } });
  await on.result('its pod is gone', stopPod(on, name, true));
  assert.is(on.world.oracle.violations[0]?.rule, 'active-backend-force-stopped');
});

test('the oracle sees two containers that hold one drive, or overlapping ports, of a node', async () => {
  const on = fleet('held', 1);
  const uids = ['a', 'b', 'c'];
  for (const name of uids) {
    const spec = { image: 'i', mode: 'drive', name, numCores: 1, nodeAffinity: 'node-0001' };
    const metadata = { name, namespace: 'weka' };
    const object = { apiVersion: 'weka.weka.io/v1alpha1', kind: 'WekaContainer', metadata, spec };
    assert.is(on.world.store.request({ verb: 'create', type: CONTAINERS, object }).kind, 'ok');
  }
  const allocate = (name: string, allocations: object) => {
    const ref = { type: CONTAINERS, namespace: 'weka', name };
    const patch = { status: { status: 'Init', allocations } };
    assert.is(on.world.store.request({ verb: 'mergePatch', ref, subresource: 'status', patch }).kind, 'ok');
  };
  allocate('a', { drives: ['S1', 'S2'], wekaPort: 35_000, agentPort: 35_300 });
  allocate('b', { drives: ['S3'], wekaPort: 35_100, agentPort: 35_301 });
  assert.equal(on.world.oracle.violations, []);
  allocate('b', { drives: ['S2'], wekaPort: 35_100, agentPort: 35_301 });
  allocate('c', { drives: [], wekaPort: 35_099, agentPort: 35_302 });
  assert.equal(
    on.world.oracle.violations.map(({ rule, who }) => `${rule} ${who}`),
    ['drive-held-twice weka/b', 'port-held-twice weka/c', 'port-held-twice weka/c'],
  );
});

test('an unknown argv exits 127 and is a violation', async () => {
  const on = await formed('unknown');
  const [one] = on.containers();
  const outcome = await on.result('it answers', exec(on, one?.metadata.name ?? '', argvOf('weka local ps')));
  assert.is(outcome.kind === 'exit' && outcome.code, 127);
  assert.is(on.world.oracle.violations[0]?.rule, 'unknown-command');
});

test('a node that goes down turns NotReady, hangs exec, and restarts its pods with a new boot', async () => {
  const on = await formed('down');
  const one = on.containers().find(({ spec }) => spec.mode === 'drive');
  const name = one?.metadata.name ?? '';
  const node = on.pod(name)?.spec.nodeName ?? '';
  const ready = () => {
    const object = on.world.store.get({
      type: { ...PODS, kind: 'Node', plural: 'nodes', namespaced: false },
      name: node,
    });
    return (object as { status?: { conditions?: { status: string }[] } })?.status?.conditions?.[0]?.status;
  };
  on.world.life.down(node);
  await on.until('Ready is Unknown', () => ready() === 'Unknown');
  const outcome = await on.result('exec ends', exec(on, name, argvOf('weka local ps --json')));
  assert.equal(outcome, { kind: 'timeout', afterMs: 60_000 });
  on.world.life.up(node);
  const running = () => {
    const status = on.pod(name)?.status as { containerStatuses?: { restartCount: number; ready: boolean }[] };
    return status?.containerStatuses?.[0]?.restartCount === 1 && status.containerStatuses[0].ready;
  };
  await on.until('the pod runs again', running);
  assert.is(ready(), 'True');
  assert.is(on.world.nodes.get(node)?.drivers, undefined);
  assert.equal(on.world.oracle.violations, []);
});

test('a lost node takes its pods with it after a while', async () => {
  const on = await formed('lost');
  const name = on.containers()[0]?.metadata.name ?? '';
  const node = on.pod(name)?.spec.nodeName ?? '';
  on.world.life.lost(node);
  await on.until('its pods are collected', () =>
    on.world.store.all(PODS).every((pod) => (pod as { spec?: { nodeName?: string } }).spec?.nodeName !== node),
  );
  assert.equal(on.world.oracle.violations, []);
});

test('a pod that fits nowhere says so, and is bound once there is room', async () => {
  const on = fleet('full', 1);
  copyBootScripts(on);
  const order = (name: string, numDrives: number) => {
    const metadata = { name, namespace: 'weka', uid: name, resourceVersion: '', creationTimestamp: '' };
    const spec = { mode: 'drive', name, image: 'i', numDrives };
    const pod = podOf({ apiVersion: '', kind: '', metadata, spec }, { affinity: {} });
    const object = { ...pod, metadata: { name, namespace: 'weka' } };
    assert.is(on.world.store.request({ verb: 'create', type: PODS, object }).kind, 'ok');
  };
  order('a', 6);
  await on.until('a runs', () => on.pod('a')?.status?.phase === 'Running');
  order('b', 4);
  const scheduled = () => on.pod('b')?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  await on.until('b is Unschedulable', () => scheduled()?.status === 'False');
  assert.is(scheduled()?.reason, 'Unschedulable');
  assert.is(scheduled()?.message, '0/1 nodes are available: 1 Insufficient weka.io/drives.');
  await on.result('a is gone', stopPod(on, 'a', true));
  await on.until('b runs', () => on.pod('b')?.status?.phase === 'Running');
});

test('deleting a cluster destroys its containers and then lets it go', async () => {
  const on = await formed('delete');
  on.world.deleteCluster('wk1');
  await on.until('all are marked', () => on.containers().every(({ spec }) => spec.state === 'destroying'));
  await on.until('containers and cluster are gone', () => on.containers().length === 0 && clusterOf(on) === undefined);
  assert.equal(
    on.world.clusters.all().map(({ doomed }) => doomed),
    [true],
  );
});

test.run();
