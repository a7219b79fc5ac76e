/** Pods on their nodes: volumes, restarts, termination, eviction, cut-off nodes, clean-up Jobs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Pod } from '../../../deploy/sandbox/world/objects.ts';
import { JOBS, PODS, SECRETS } from '../../../messages/kube.ts';
import { copyBootScripts, exec, type Fleet, fleet, podOf, shellOf, stopPod } from './hand.ts';

interface Shown extends Pod {
  readonly status: NonNullable<Pod['status']> & {
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly ready: boolean }[];
  };
}
const shown = (on: Fleet, name: string) => on.pod(name) as Shown | undefined;
const isRunning = (on: Fleet, name: string) => () => shown(on, name)?.status.containerStatuses?.[0]?.ready === true;

/** A pod of its own container; `uid` is the container's. */
function order(on: Fleet, name: string, mode = 'compute', extra: object = {}, uid = name): void {
  const metadata = { name, namespace: 'weka', uid, resourceVersion: '', creationTimestamp: '' };
  const pod = podOf(
    { apiVersion: '', kind: '', metadata, spec: { mode, name, image: 'i' } },
    { affinity: {}, ...extra },
  );
  const object = { ...pod, metadata: { name, namespace: 'weka' } };
  const outcome = on.world.store.request({ verb: 'create', type: PODS, object });
  assert.is(outcome.kind, 'ok', JSON.stringify(outcome));
}
const remove = (on: Fleet, name: string, gracePeriodSeconds?: number) =>
  on.world.store.request({
    verb: 'delete',
    ref: { type: PODS, namespace: 'weka', name },
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  });
const rules = (on: Fleet) => on.world.oracle.violations.map(({ rule }) => rule);

test('a pod waits in Pending for its ConfigMap and Secret, then runs with conditions and addresses', async () => {
  const on = fleet('volumes', 1);
  const volumes = [
    { name: 'weka-boot-scripts', configMap: { name: 'weka-boot-scripts' } },
    { name: 'weka-credentials', secret: { secretName: 'weka-operator-x' } },
  ];
  order(on, 'a', 'compute', { volumes });
  await on.pass(30_000);
  assert.is(shown(on, 'a')?.status.phase, 'Pending');
  copyBootScripts(on);
  await on.pass(30_000);
  assert.is(shown(on, 'a')?.status.phase, 'Pending');
  const metadata = { name: 'weka-operator-x', namespace: 'weka' };
  on.world.store.request({ verb: 'create', type: SECRETS, object: { apiVersion: 'v1', kind: 'Secret', metadata } });
  await on.until('it runs', isRunning(on, 'a'));
  const status = shown(on, 'a')?.status;
  assert.equal([status?.phase, status?.podIP, status?.hostIP], ['Running', '10.1.1.1', '10.1.1.1']);
  assert.equal(Object.fromEntries((status?.conditions ?? []).map(({ type, status: holds }) => [type, holds])), {
    PodScheduled: 'True',
    Initialized: 'True',
    ContainersReady: 'True',
    Ready: 'True',
  });
});

test('spec 04 §17 #48 (model side): a process that fails is restarted with growing delay, counted, not ready', async () => {
  const on = fleet('restarts', 1);
  copyBootScripts(on);
  order(on, 'a', 'no-such-mode');
  await on.until('first restart', () => shown(on, 'a')?.status.containerStatuses?.[0]?.restartCount === 1);
  await on.pass(5_000);
  const conditions = shown(on, 'a')?.status.conditions ?? [];
  assert.is(conditions.find(({ type }) => type === 'ContainersReady')?.status, 'False');
  await on.until('third restart', () => (shown(on, 'a')?.status.containerStatuses?.[0]?.restartCount ?? 0) >= 3);
  assert.ok(on.clock.monotonicMs() > 70_000, 'ten, twenty and forty seconds');
});

test('spec 03 §5.3: a deleted backend stays until it is allowed to stop; a discovery pod goes at once', async () => {
  const on = fleet('guard', 1);
  copyBootScripts(on);
  order(on, 'backend');
  order(on, 'discovery', 'discovery');
  await on.until('both run', () => isRunning(on, 'backend')() && isRunning(on, 'discovery')());
  remove(on, 'backend');
  remove(on, 'discovery');
  await on.pass(3_600_000);
  assert.is(on.pod('discovery'), undefined);
  assert.is.not(on.pod('backend')?.metadata.deletionTimestamp, undefined);
  await on.result('it goes', stopPod(on, 'backend', true));
  assert.equal(rules(on), []);
});

test('a pod told to stop but not deleted is restarted', async () => {
  const on = fleet('told', 1);
  copyBootScripts(on);
  order(on, 'a', 'discovery');
  await on.until('it runs', isRunning(on, 'a'));
  await on.result('told', exec(on, 'a', shellOf('touch /tmp/.allow-stop && kill 1')));
  await on.until('restarted', () => shown(on, 'a')?.status.containerStatuses?.[0]?.restartCount === 1);
  await on.until('it runs again', isRunning(on, 'a'));
  const flag = await on.result('asked', exec(on, 'a', shellOf('test -f /tmp/.allow-force-stop')));
  assert.is(flag.kind, 'exit');
});

test('eviction kills the process and leaves the pod Failed; deleting it then takes no permission', async () => {
  const on = fleet('evict', 1);
  copyBootScripts(on);
  order(on, 'a');
  await on.until('it runs', isRunning(on, 'a'));
  on.world.evictPod(on.pod('a')?.metadata.uid ?? '');
  assert.equal([shown(on, 'a')?.status.phase, shown(on, 'a')?.status.reason], ['Failed', 'Evicted']);
  remove(on, 'a');
  await on.until('it is gone', () => on.pod('a') === undefined);
  assert.equal(rules(on), []);
});

test('a pod object removed by force under its process is a violation', async () => {
  const on = fleet('forced', 1);
  copyBootScripts(on);
  order(on, 'a');
  await on.until('it runs', isRunning(on, 'a'));
  remove(on, 'a', 0);
  assert.is(on.pod('a'), undefined);
  assert.equal(rules(on), ['pod-removed-under-process']);
});

test('a cut-off node keeps its processes; a second pod of the container elsewhere is a violation', async () => {
  const on = fleet('cut', 2);
  copyBootScripts(on);
  order(on, 'a', 'compute', {}, 'container-1');
  await on.until('it runs', isRunning(on, 'a'));
  const first = on.pod('a')?.spec.nodeName ?? '';
  on.world.life.cut(first);
  await on.pass(60_000);
  remove(on, 'a', 0);
  on.world.life.cordon(first, true);
  order(on, 'b', 'compute', {}, 'container-1');
  await on.until('the second runs', isRunning(on, 'b'));
  assert.equal(rules(on), ['container-on-two-nodes']);
  assert.is(on.world.nodes.get(first)?.processes.size, 1);
  on.world.life.up(first);
  assert.is(on.world.nodes.get(first)?.processes.size, 0, 'the orphan is killed when the node is back');
});

test('spec 03 §7: the clean-up Job empties the directory and is collected after its time', async () => {
  const on = fleet('jobs', 1);
  copyBootScripts(on);
  order(on, 'a');
  await on.until('it runs', isRunning(on, 'a'));
  await on.pass(5_000);
  const path = '/opt/k8s-weka/containers/a';
  const directories = on.world.nodes.get('node-0001')?.directories;
  assert.is(directories?.get(path)?.files.size, 1);
  const job = (name: string) => {
    const container = { name: 'cleanup-persistent-dir', image: 'busybox' };
    const volume = { name: 'weka-container-data', hostPath: { path, type: 'DirectoryOrCreate' } };
    const spec = { nodeName: 'node-0001', restartPolicy: 'OnFailure', containers: [container], volumes: [volume] };
    const metadata = { name: `weka-cleanup-container-${name}`, namespace: 'weka-operator-system' };
    const body = { ttlSecondsAfterFinished: 900, template: { spec } };
    const object = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: body };
    assert.is(on.world.store.request({ verb: 'create', type: JOBS, object }).kind, 'ok');
    return () => on.world.store.get({ type: JOBS, ...metadata }) as { status?: { succeeded?: number } } | undefined;
  };
  const early = job('early');
  await on.until('the first is done', () => early()?.status?.succeeded === 1);
  assert.equal(rules(on), ['foreign-directory-wiped', 'directory-wiped-in-use']);
  await on.result('it goes', stopPod(on, 'a', true));
  const late = job('a');
  await on.until('the second is done', () => late()?.status?.succeeded === 1);
  assert.is(directories?.has(path), false);
  assert.is(rules(on).length, 3, 'still the directory of a container that is to stay');
  await on.until('both are collected', () => early() === undefined && late() === undefined, 1_000_000);
});

test('a Job for a node that is down waits until it is up', async () => {
  const on = fleet('job-down', 1);
  on.world.life.down('node-0001');
  const metadata = { name: 'weka-cleanup-container-x', namespace: 'weka-operator-system' };
  const template = { spec: { nodeName: 'node-0001', containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } };
  const object = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } };
  on.world.store.request({ verb: 'create', type: JOBS, object });
  const succeeded = () =>
    (on.world.store.get({ type: JOBS, ...metadata }) as { status?: { succeeded?: number } }).status?.succeeded;
  await on.pass(120_000);
  assert.is(succeeded(), undefined);
  on.world.life.up('node-0001');
  await on.until('it is done', () => succeeded() === 1);
});

test.run();
