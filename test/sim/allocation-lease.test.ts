/** The lease of a node's choices: another process that holds it keeps us from choosing there, and nowhere else. Source: spec 05, 4.2; spec 01, 15.3; I8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocationLeaseName } from '../../actors/node/allocation-lease.ts';
import { rfc3339Micro } from '../../io/clock.ts';
import type { NodeName } from '../../messages/ids.ts';
import { type KubeObject, LEASES } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

const NAMESPACE = 'weka-operator-system';
type Lease = KubeObject & { readonly spec: { readonly holderIdentity: string; readonly leaseTransitions?: number } };
const leaseOf = ({ world }: Scene, node: string): Lease | undefined =>
  world.store
    .all<Lease>(LEASES, NAMESPACE)
    .find(({ metadata }) => metadata.name === allocationLeaseName(node as NodeName));

/** A reference operator that holds the lease of one node, and renews it every 2 s for as long as it lives. */
function foreignHolder({ world, clock }: Scene, node: string): { readonly die: () => void } {
  const name = allocationLeaseName(node as NodeName);
  const ref = { type: LEASES, namespace: NAMESPACE, name };
  const spec = () => ({
    holderIdentity: 'weka/other-container',
    leaseDurationSeconds: 15,
    renewTime: rfc3339Micro(clock.wallMs()),
  });
  const made = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: NAMESPACE, name },
    spec: spec(),
  };
  world.store.request({ verb: 'create', type: LEASES, object: made });
  let lives = true;
  const renew = (): void =>
    void clock.after(2_000, () => {
      if (!lives) return;
      world.store.request({ verb: 'mergePatch', ref, patch: { spec: spec() } });
      renew();
    });
  renew();
  return {
    die: () => {
      lives = false;
    },
  };
}
const on = (scene: Scene, node: string): readonly WekaContainer[] =>
  scene.own().filter(({ status }) => status?.nodeAffinity === node);
const allocated = ({ status }: WekaContainer): boolean => status?.allocations !== undefined;

test('spec 05 §17 #29, 01 §23 #42: a foreign holder that renews: no allocation on that node, others go on; when it stops: within about 20 s', async () => {
  const scene = createScene({ seed: 'foreign lease', nodes: 6, drive: 6, compute: 6 });
  const [node = ''] = scene.world.nodes.keys();
  const other = foreignHolder(scene, node);
  scene.start();
  const others = (): readonly WekaContainer[] =>
    scene.own().filter(({ status }) => status?.nodeAffinity !== undefined && status.nodeAffinity !== node);
  const here = (): readonly WekaContainer[] => on(scene, node);
  const waits = () => others().length === 10 && others().every(allocated) && here().length === 2;
  assert.type(await scene.until(waits, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  await scene.forMs(3 * MINUTE_MS);
  assert.equal(here().map(allocated), [false, false]);
  assert.is(leaseOf(scene, node)?.spec.holderIdentity, 'weka/other-container');
  const conditions = here().flatMap(({ status }) => status?.conditions ?? []);
  assert.ok(
    conditions.some(({ message }) =>
      message.includes(`the lease ${allocationLeaseName(node as NodeName)} is waited for`),
    ),
  );
  other.die();
  const tookMs = await scene.until(() => here().every(allocated), MINUTE_MS);
  assert.ok((tookMs ?? Number.POSITIVE_INFINITY) <= 20_000, `${tookMs} ms`);
  assert.ok((tookMs ?? 0) >= 12_000, `${tookMs} ms: before the lease had stood still`);
  assert.is(leaseOf(scene, node)?.spec.leaseTransitions, 1);
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  assert.is(leaseOf(scene, node)?.spec.holderIdentity, '', 'given back once all is written');
  scene.crash();
});

test('one lease for a batch: taken and given back once for the containers of a node that come together', async () => {
  const scene = createScene({ seed: 'lease batch', nodes: 6, drive: 6, compute: 6 });
  let changes = 0;
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  for (const node of scene.world.nodes.keys()) {
    const lease = leaseOf(scene, node);
    assert.is(lease?.spec.holderIdentity, '', node);
    changes += lease?.spec.leaseTransitions ?? 0;
  }
  assert.ok(changes <= 2 * scene.world.nodes.size, `${changes} changes of holder`);
  scene.crash();
});

test('a name that is too long for a Lease ends with a hash of itself', () => {
  const long = 'n'.repeat(253) as NodeName;
  const name = allocationLeaseName(long);
  assert.is(name.length, 253);
  assert.is.not(name, allocationLeaseName(`${'n'.repeat(252)}m` as NodeName));
  assert.is(allocationLeaseName('node-1' as NodeName), 'weka-allocator-node-1');
});

test.run();
