/** Who hears of what: from a change in a store to the actors it concerns. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import type { Store } from '../../io/store.ts';
import type { KubeObject } from '../../messages/kube.ts';
import { startRouter } from '../../supervisors/router.ts';
import { createStores } from '../../supervisors/stores.ts';
import { createView } from '../../supervisors/view.ts';
import { testConfig } from '../support/config.ts';
import { containerOf, jobOf, ownedBy, podFor } from '../support/containers.ts';
import { random } from '../support/seeded.ts';
import { simClock } from '../support/sim-clock.ts';

/** Stores that no one fills but the test, and what the router tells of their changes. */
function routed() {
  const unasked = (): never => {
    throw new Error('the stores are filled by hand');
  };
  const clock = simClock();
  const stores = createStores({
    kube: { list: unasked, watch: unasked },
    settings: testConfig(),
    clock,
    random: random('router'),
    log: noLog,
  });
  const told: string[] = [];
  const none = () => {};
  startRouter(stores, createView(stores), {
    container: (uid) => told.push(uid),
    wake: none,
    forget: none,
    node: none,
    image: none,
    namespaceGone: none,
    nodeIsRunning: () => false,
    isOwnStatus: () => false,
  });
  return {
    stores,
    told,
    /** A listing is told in slices. */
    listed: () => {
      clock.advance(1);
      told.length = 0;
    },
  };
}
function fill<T extends KubeObject>(store: Store<T>, ...objects: readonly T[]): void {
  store.take({ kind: 'init' });
  for (const object of objects) store.take({ kind: 'initApply', seen: { kind: 'object', object } });
  store.take({ kind: 'initDone', resourceVersion: '1' });
}

test('spec 04 §17 #45: the end of a pod is told to the container that waits for its name, a change of it to its owner alone', () => {
  const { stores, told, listed } = routed();
  const successor = containerOf('compute');
  const older = podFor(successor, { metadata: { ownerReferences: [ownedBy('WekaContainer', 'compute', 'earlier')] } });
  fill(stores.containers, successor);
  fill(stores.pods, older);
  listed();
  const going = { ...older, metadata: { ...older.metadata, deletionTimestamp: 'x', resourceVersion: '2' } };
  stores.pods.take({ kind: 'apply', seen: { kind: 'object', object: going } });
  assert.equal(told, ['earlier']);
  stores.pods.take({ kind: 'delete', meta: going.metadata });
  assert.equal(told, ['earlier', 'earlier', 'uid-compute']);
});

test('the end of its own pod is told to a container once', () => {
  const { stores, told, listed } = routed();
  const container = containerOf('compute');
  fill(stores.containers, container);
  fill(stores.pods, podFor(container));
  listed();
  stores.pods.take({ kind: 'delete', meta: { ...podFor(container).metadata, resourceVersion: '2' } });
  assert.equal(told, ['uid-compute']);
});

test('a Job is told to the container whose uid ends its name, whatever it does for it', () => {
  const { stores, told, listed } = routed();
  const container = containerOf('compute');
  fill(stores.containers, container);
  fill(stores.jobs);
  listed();
  for (const [name, hears] of [
    ['weka-cleanup-container-uid-compute', ['uid-compute']],
    ['weka-pvc-migrate-uid-compute', ['uid-compute']],
    ['weka-pvc-migrate-uid-of-none', []],
    ['other-weka-pvc-migrate-uid-compute', []],
    ['weka-something-uid-compute', []],
  ] as const) {
    told.length = 0;
    stores.jobs.take({ kind: 'apply', seen: { kind: 'object', object: jobOf(name) } });
    assert.equal(told, hears, name);
  }
});

test.run();
