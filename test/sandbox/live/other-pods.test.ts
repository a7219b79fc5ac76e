/** Pods that the real controllers of a cluster put on modelled nodes: those of Jobs, and any others. Heartbeats of the nodes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startHeartbeats } from '../../../deploy/sandbox/live/heartbeats.ts';
import { emptyDirectory } from '../../../deploy/sandbox/world/node-model.ts';
import type { Pod } from '../../../deploy/sandbox/world/objects.ts';
import { JOBS, type KubeObject, LEASES, NAMESPACES, PODS, refOf } from '../../../messages/kube.ts';
import { type Far, farFleet } from './support.ts';

const PATH = '/opt/k8s-weka/containers/uid-1';
const JOB = 'weka-cleanup-container-uid-1';

function podOn(far: Far, name: string, owner?: KubeObject): void {
  const ownerReferences =
    owner === undefined
      ? []
      : [{ apiVersion: 'batch/v1', kind: 'Job', name: owner.metadata.name, uid: owner.metadata.uid, controller: true }];
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'weka', ownerReferences },
    spec: {
      nodeName: 'node-0001',
      restartPolicy: owner === undefined ? 'Always' : 'Never',
      containers: [{ name: 'main', image: 'registry.example/some:1' }],
      volumes: [{ name: 'weka-container-data', hostPath: { path: PATH } }],
    },
  };
  const made = far.store.request({ verb: 'create', type: PODS, object });
  if (made.kind !== 'ok') throw new Error(JSON.stringify(made));
}
const phaseOf = (far: Far, name: string): string | undefined =>
  far.store.get<Pod>({ type: PODS, namespace: 'weka', name })?.status?.phase;

function directoryOn(far: Far) {
  const node = far.fleet.nodes.get('node-0001');
  if (node === undefined) throw new Error('no node');
  node.directories.set(PATH, emptyDirectory());
  return node.directories;
}

test('the pod of a clean-up Job empties the directory and succeeds', async () => {
  const far = await farFleet('job', 1);
  const directories = directoryOn(far);
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example/some:1' }] },
  };
  const metadata = { name: JOB, namespace: 'weka' };
  const job = far.store.request({
    verb: 'create',
    type: JOBS,
    object: { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } } as never, // A Draft says nothing of specs.
  });
  if (job.kind !== 'ok') throw new Error(JSON.stringify(job));
  podOn(far, `${JOB}-abcde`, job.answer);
  await far.until('it succeeds', () => phaseOf(far, `${JOB}-abcde`) === 'Succeeded');
  assert.is(directories.has(PATH), false);
});

test('any other pod runs until it is deleted, and touches nothing', async () => {
  const far = await farFleet('others', 1);
  const directories = directoryOn(far);
  podOn(far, 'of-a-daemon-set');
  await far.until('it runs', () => phaseOf(far, 'of-a-daemon-set') === 'Running');
  assert.is(directories.has(PATH), true);
  far.store.request({ verb: 'delete', ref: refOf(PODS, { name: 'of-a-daemon-set', namespace: 'weka' }) });
  await far.until('it is gone', () => phaseOf(far, 'of-a-daemon-set') === undefined);
});

test('each node that is up renews its Lease; one that is off does not', async () => {
  const far = await farFleet('beats', 2);
  const namespace = 'kube-node-lease';
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  far.store.request({ verb: 'create', type: NAMESPACES, object });
  startHeartbeats({ clock: far.clock, store: far.api }, far.fleet.nodes);
  const renewedMs = (name: string): number => {
    const lease = far.store.get<KubeObject & { spec: { renewTime: string } }>({ type: LEASES, namespace, name });
    return Date.parse(lease?.spec.renewTime ?? '');
  };
  await far.pass(35_000);
  far.fleet.life.down('node-0002');
  const downMs = far.clock.wallMs();
  await far.pass(60_000);
  assert.ok(renewedMs('node-0001') > far.clock.wallMs() - 11_000, 'up');
  assert.ok(renewedMs('node-0002') <= downMs, 'down');
  assert.ok(renewedMs('node-0002') > downMs - 11_000, 'until then');
});

test.run();
