/** Drives of a node signed by policy and by hand, blocked and unblocked: the siblings' operations beside the controller's part. Source: spec 06, 6.2, 6.6. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STANDARD_NODE } from '../../deploy/sandbox/world/nodes.ts';
import type { Node } from '../../deploy/sandbox/world/objects.ts';
import { SIGN_INTERVAL_MS } from '../../deploy/sandbox/world/sign-policy.ts';
import { CONTAINERS, MANUAL_OPERATIONS, NODES, POLICIES } from '../../messages/kube.ts';
import type { WekaManualOperation } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS } from './scene.ts';

const apiVersion = 'weka.weka.io/v1alpha1';
/** Two bare nodes, no container of a cluster. */
function bare(seed: string) {
  const scene = createScene({
    seed,
    nodes: 2,
    drive: 0,
    compute: 0,
    world: { shape: { ...STANDARD_NODE, signedFor: () => 'nobody' } },
  });
  const { world } = scene;
  world.deleteCluster('demo');
  const payload = { type: 'all-not-root' };
  const statusOf = (name: string) =>
    world.store.get<WekaManualOperation>({ type: MANUAL_OPERATIONS, namespace: 'weka', name })?.status;
  return {
    scene,
    world,
    node: (name: string) => world.store.get<Node>({ type: NODES, name }),
    list: (name: string, annotation: string): readonly string[] =>
      JSON.parse(world.store.get<Node>({ type: NODES, name })?.metadata.annotations?.[annotation] ?? '[]'),
    signers: () =>
      world.store
        .all<WekaContainer>(CONTAINERS)
        .filter(({ metadata }) => metadata.name.startsWith('weka-sign-and-discover-drives-'))
        .map(({ spec }) => spec.nodeAffinity)
        .toSorted(),
    policy: () =>
      world.add(POLICIES, {
        apiVersion,
        kind: 'WekaPolicy',
        metadata: { name: 'sign', namespace: 'weka' },
        spec: { type: 'sign-drives', payload },
      }),
    statusOf,
    /** Ends when the operation has said how it went. */
    operate: async (name: string, action: string, given: object = payload) => {
      const metadata = { name, namespace: 'weka' };
      world.add(MANUAL_OPERATIONS, {
        apiVersion,
        kind: 'WekaManualOperation',
        metadata,
        spec: { action, payload: given },
      });
      const ended = await scene.until(() => statusOf(name)?.status !== undefined, 10 * MINUTE_MS);
      assert.type(ended, 'number', `${name} does not end`);
    },
  };
}
const BOTH = ['node-0001', 'node-0002'];
const [FIRST = '', SECOND = ''] = BOTH;

test('spec 06 §10 #50: a policy signs a node once a boot, and again after drives were blocked there; by hand it is signed regardless', async () => {
  const { scene, world, node, list, signers, policy, operate } = bare('policy');
  policy();
  scene.start();
  assert.type(await scene.until(() => signers().length === 2, 2 * MINUTE_MS), 'number');
  assert.equal(signers(), BOTH);
  const hash = (name: string) => node(name)?.metadata.annotations?.['weka.io/sign-drives-hash'];
  assert.type(await scene.until(() => BOTH.every(hash) && signers().length === 0, 10 * MINUTE_MS), 'number');
  const serials = list(FIRST, 'weka.io/weka-drives');
  assert.is(serials.length, 8);
  assert.is(await scene.until(() => signers().length > 0, 5 * SIGN_INTERVAL_MS), undefined, 'no run makes another one');

  const [blocked = ''] = serials;
  await operate('block', 'block-drives', { node: FIRST, serialIDs: [blocked] });
  assert.is(hash(FIRST), undefined);
  assert.type(await scene.until(() => signers().length > 0, 2 * SIGN_INTERVAL_MS), 'number');
  assert.equal(signers(), [FIRST]);
  assert.type(await scene.until(() => Boolean(hash(FIRST)) && signers().length === 0, 10 * MINUTE_MS), 'number');
  // Our part: what is known stays known, what is blocked stays blocked.
  assert.equal(list(FIRST, 'weka.io/weka-drives').toSorted(), serials.toSorted());
  assert.equal(list(FIRST, 'weka.io/blocked-drives'), [blocked]);
  assert.is(node(FIRST)?.status?.allocatable?.['weka.io/drives'], '7');

  const seen = new Set<string>();
  const watched = operate('by-hand', 'sign-drives');
  await scene.until(() => {
    for (const name of signers()) seen.add(name ?? '');
    return seen.size === 2;
  }, 2 * MINUTE_MS);
  assert.equal([...seen].toSorted(), BOTH);
  await watched;
  assert.is(world.oracle.text(), '');
  scene.crash();
});

test('spec 06 §10 #52: two of three blocked drives are unblocked: one is left; an unknown one fails and changes nothing', async () => {
  const { scene, node, list, operate, statusOf } = bare('unblock');
  scene.start();
  await operate('sign', 'sign-drives');
  assert.type(await scene.until(() => list(SECOND, 'weka.io/weka-drives').length === 8, 5 * MINUTE_MS), 'number');
  const [a, b, c] = list(SECOND, 'weka.io/weka-drives');
  const drives = () => node(SECOND)?.status?.allocatable?.['weka.io/drives'];
  await operate('block', 'block-drives', { node: SECOND, serialIDs: [a, b, c] });
  assert.is(drives(), '5');
  await operate('unblock', 'unblock-drives', { node: SECOND, serialIDs: [a, b] });
  assert.is(statusOf('unblock')?.status, 'Done');
  assert.equal(list(SECOND, 'weka.io/blocked-drives'), [c]);
  assert.is(drives(), '7');
  await operate('unknown', 'unblock-drives', { node: SECOND, serialIDs: [c, 'nobody'] });
  assert.is(statusOf('unknown')?.status, 'Failed');
  assert.equal(list(SECOND, 'weka.io/blocked-drives'), [c]);
  assert.is(drives(), '7');
  scene.crash();
});

test.run();
