/**
 * The store alone, and behind a watcher under random faults.
 * Invariants of the random test, after the faults have ended: the store holds exactly the server's set; who replays the
 * listener's news holds it too; no news is told that changes nothing.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import { type Change, createStore, SLICE } from '../../io/store.ts';
import { startWatcher } from '../../io/watcher.ts';
import type { KubeObject, WatchEnd } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';
import { driveIo } from './drive-io.ts';
import { fakeKube, THINGS, type Thing } from './fake-kube.ts';

const asThing = (object: KubeObject) => object as Thing;
const thing = (name: string, resourceVersion: number | string, value = 0, uid = `uid of ${name}`): Thing => ({
  apiVersion: 'test/v1',
  kind: 'Thing',
  metadata: { name, namespace: 'ns', uid, resourceVersion: String(resourceVersion), creationTimestamp: '' },
  spec: { value },
});

function setUp() {
  const clock = simClock();
  const store = createStore<Thing>({ project: asThing, clock, log: noLog });
  const changes: Change<Thing>[] = [];
  store.onChange((change) => changes.push(change));
  return {
    clock,
    store,
    changes,
    told: () => changes.map((change) => `${change.kind} ${change.origin}`),
    apply: (object: Thing) => store.take({ kind: 'apply', seen: { kind: 'object', object } }),
    drop: (object: Thing) => store.take({ kind: 'delete', meta: object.metadata }),
    relist: (version: number, ...objects: Thing[]) => {
      store.take({ kind: 'init' });
      for (const object of objects) store.take({ kind: 'initApply', seen: { kind: 'object', object } });
      store.take({ kind: 'initDone', resourceVersion: String(version) });
    },
  };
}

test('who waits for a version hears when the watch has told of it, with it in the store; an own write does not count', () => {
  const { store, apply, drop, relist } = setUp();
  const seen: string[] = [];
  const waitFor = (version: string) =>
    store.whenSeen(version, () => seen.push(`${version}: ${store.get('uid of a')?.spec.value}`));
  relist(10, thing('a', 9, 1));
  waitFor('10');
  assert.equal(seen, ['10: 1'], 'at once');
  waitFor('12');
  store.put(thing('a', 12, 2));
  assert.is(seen.length, 1);
  apply(thing('b', 11));
  assert.is(seen.length, 1);
  const withdraw = waitFor('13');
  withdraw();
  apply(thing('a', 12, 2));
  assert.equal(seen.slice(1), ['12: 2']);
  waitFor('14');
  drop(thing('b', 14));
  waitFor('20');
  relist(20, thing('a', 15, 3));
  assert.equal(seen.slice(2), ['14: 2', '20: 3']);
});

test('who waits for a listing hears of one that began afterwards', () => {
  const { store, relist } = setUp();
  let listed = 0;
  store.take({ kind: 'init' });
  store.whenListed(() => (listed += 1));
  store.take({ kind: 'initDone', resourceVersion: '1' });
  assert.is(listed, 0, 'it had begun before');
  store.whenListed(() => (listed += 10))();
  relist(2);
  assert.is(listed, 1);
  relist(3);
  assert.is(listed, 1, 'once');
});

test('late news of an object that is going does not take its name from its successor', () => {
  const { store, apply, drop } = setUp();
  apply(thing('a', 1, 1, 'old'));
  apply(thing('a', 3, 2, 'new'));
  apply(thing('a', 4, 3, 'old'));
  assert.is(store.uidOf('ns', 'a'), 'new');
  drop(thing('a', 5, 3, 'old'));
  assert.is(store.byName('ns', 'a')?.spec.value, 2);
});

test('the echo of an own write is no news', () => {
  const { store, apply, told } = setUp();
  apply(thing('a', 1));
  store.put(thing('a', 2, 7));
  assert.is(store.get('uid of a')?.spec.value, 7);
  apply(thing('a', 2, 7));
  assert.equal(told(), ['changed watch', 'changed own']);
});

test('an event older than the answer to an own write is ignored, a newer one is not', () => {
  const { store, apply } = setUp();
  apply(thing('a', 8));
  store.put(thing('a', 10, 10));
  apply(thing('a', 9, 9));
  assert.is(store.get('uid of a')?.spec.value, 10);
  apply(thing('a', 11, 11));
  assert.is(store.get('uid of a')?.spec.value, 11);
});

test('an answer that comes later than newer news is ignored', () => {
  const { store, apply, told } = setUp();
  apply(thing('a', 12, 12));
  store.put(thing('a', 11, 11));
  assert.is(store.get('uid of a')?.spec.value, 12);
  assert.equal(told(), ['changed watch']);
});

test('the answer to a write that took the last finalizer of a deleted object takes the object', () => {
  const { store, apply, told, drop } = setUp();
  const leaving = (version: number, finalizers: readonly string[]) => {
    const found = thing('a', version);
    return { ...found, metadata: { ...found.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers } };
  };
  apply(leaving(1, ['ours', 'theirs']));
  store.put(leaving(2, ['theirs']));
  assert.is(store.size(), 1);
  store.put(leaving(3, []));
  assert.is(store.size(), 0);
  drop(leaving(3, []));
  assert.equal(told(), ['changed watch', 'changed own', 'gone own']);
});

test('versions that are not numbers replace what is held', () => {
  const { store, apply } = setUp();
  apply(thing('a', 'zz', 1));
  apply(thing('a', 'aa', 2));
  assert.is(store.get('uid of a')?.spec.value, 2);
});

test('the late answer to a write does not bring back an object that was seen to go', () => {
  const { store, apply, drop } = setUp();
  apply(thing('a', 5));
  drop(thing('a', 7));
  store.put(thing('a', 6));
  assert.is(store.size(), 0);
});

test('the late answer to a create does not bring back what came and went meanwhile', () => {
  const { store, relist } = setUp();
  relist(20);
  store.put(thing('a', 12));
  assert.is(store.size(), 0);
  store.put(thing('a', 21));
  assert.is(store.size(), 1);
});

test('an event told twice changes nothing, a deleted object does not come back by an old event', () => {
  const { store, apply, drop, told } = setUp();
  apply(thing('a', 1));
  apply(thing('a', 1));
  drop(thing('a', 2));
  drop(thing('a', 2));
  apply(thing('a', 1));
  assert.equal(told(), ['changed watch', 'gone watch']);
  assert.is(store.size(), 0);
});

test('a relist that began before our write does not undo it, the next one has the last word', () => {
  const { store, apply, relist } = setUp();
  apply(thing('a', 5, 5));
  store.put(thing('a', 10, 10));
  store.put(thing('created', 11));
  relist(9, thing('a', 5, 5));
  assert.is(store.get('uid of a')?.spec.value, 10);
  assert.ok(store.get('uid of created'));
  relist(3, thing('a', 3, 3));
  assert.is(store.get('uid of a')?.spec.value, 3);
  assert.not.ok(store.get('uid of created'));
});

test('a successor of the same name is found by name, also when it came before its predecessor went', () => {
  const { store, apply, drop } = setUp();
  apply(thing('a', 1, 1, 'first'));
  store.put(thing('a', 3, 2, 'second'));
  assert.is(store.byName('ns', 'a')?.metadata.uid, 'second');
  drop(thing('a', 2, 1, 'first'));
  assert.is(store.byName('ns', 'a')?.metadata.uid, 'second');
  assert.is(store.byName('ns', 'b'), undefined);
  assert.is(store.byName(undefined, 'a'), undefined);
});

test('an index follows its objects, built before or after them', () => {
  const { store, apply, drop, relist } = setUp();
  apply(thing('a', 1, 1));
  const byValue = store.index('value', ({ spec }) => [String(spec.value), spec.value % 2 === 0 ? 'even' : 'odd']);
  apply(thing('b', 2, 1));
  const names = (key: string) => byValue(key).map((found) => found.metadata.name);
  assert.equal(names('1'), ['a', 'b']);
  apply(thing('a', 3, 2));
  assert.equal([names('1'), names('2'), names('odd'), names('even')], [['b'], ['a'], ['b'], ['a']]);
  drop(thing('a', 4));
  assert.equal(names('2'), []);
  relist(9, thing('c', 8, 1));
  assert.equal([names('1'), names('odd')], [['c'], ['c']]);
  assert.throws(() => store.index('value', () => []), /exists already/);
});

test('an index that throws, or a listener that throws, harms nobody else', () => {
  const { store, apply, changes } = setUp();
  const byValue = store.index('value', ({ spec }) => {
    if (spec.value === 13) throw new Error('unlucky');
    return [String(spec.value)];
  });
  store.onChange(() => {
    throw new Error('a bug');
  });
  const late: string[] = [];
  store.onChange(({ kind }) => late.push(kind));
  apply(thing('a', 1, 13));
  apply(thing('b', 2, 1));
  assert.equal([changes.length, late.length, byValue('13').length, byValue('1').length], [2, 2, 0, 1]);
});

test('a relist is seen in whole at once and told in slices, each after what else is due', () => {
  const { clock, store, changes, relist } = setUp();
  relist(10_000, ...Array.from({ length: 2 * SLICE + 1 }, (_, at) => thing(`t${at}`, at)));
  assert.is(store.size(), 2 * SLICE + 1);
  assert.is(changes.length, 0);
  const seen: number[] = [];
  while (clock.step(0)) seen.push(changes.length);
  assert.equal(seen, [SLICE, 2 * SLICE, 2 * SLICE + 1]);
});

test('news of an object overtakes and includes what a relist still has to tell of it', () => {
  const { clock, apply, drop, relist, changes } = setUp();
  apply(thing('a', 1, 1));
  apply(thing('b', 2, 1));
  changes.length = 0;
  relist(5, thing('a', 4, 4), thing('b', 3, 3));
  apply(thing('a', 6, 6));
  drop(thing('b', 7));
  clock.advance(10);
  const short = changes.map((change) => [change.kind, change.before?.spec.value]);
  assert.equal(short, [
    ['changed', 1],
    ['gone', 1],
  ]);
});

test('a new version in which nothing that is read has changed is held but is no news', () => {
  const { store, apply, relist, changes, clock } = setUp();
  apply(thing('a', 1, 1));
  apply(thing('a', 2, 1));
  assert.is(store.get('uid of a')?.metadata.resourceVersion, '2');
  relist(5, thing('a', 4, 1));
  clock.advance(10);
  assert.is(store.get('uid of a')?.metadata.resourceVersion, '4');
  store.put(thing('a', 6, 1));
  assert.is(changes.length, 1);
  apply(thing('a', 7, 2));
  assert.is(changes.length, 2);
});

test('whenSynced resolves with the first full listing', async () => {
  const { store, relist } = setUp();
  store.take({ kind: 'init' });
  assert.not.ok(store.synced());
  relist(1);
  await store.whenSynced;
  assert.ok(store.synced());
});

test('a put of a Status, as some deletes answer, is ignored', () => {
  const { store } = setUp();
  store.put({ apiVersion: 'v1', kind: 'Status', metadata: {} } as unknown as KubeObject);
  assert.is(store.size(), 0);
});

type Step =
  | { readonly kind: 'set'; readonly name: string; readonly value: number; readonly own: boolean }
  | { readonly kind: 'lateAnswer' | 'bookmark' | 'forget' | 'mute' | 'repeat' | 'oldServer' }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'cut'; readonly end: WatchEnd }
  | { readonly kind: 'failLists' | 'failWatches'; readonly count: number }
  | { readonly kind: 'wait'; readonly ms: number };

const END = fc.constantFrom<WatchEnd>(
  { kind: 'closed' },
  { kind: 'gone' },
  { kind: 'throttled', retryAfterMs: 2_000 },
  { kind: 'refused', status: 403, message: 'no' },
  { kind: 'refused', status: 500, message: 'no' },
  { kind: 'transport', cause: 'reset' },
);
const NAME = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('set' as const), name: NAME, value: fc.nat(9), own: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), name: NAME }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 200_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), end: END }) },
  fc.record({
    kind: fc.constantFrom('failLists' as const, 'failWatches' as const),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    kind: fc.constantFrom('lateAnswer', 'bookmark', 'forget', 'mute', 'repeat', 'oldServer'),
  }) as fc.Arbitrary<Step>,
);

test('whatever lists, watches and answers do, the store converges to the server, and the news told add up to it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), fc.boolean(), async (steps, streaming) => {
      const clock = simClock();
      const server = fakeKube();
      const store = createStore<Thing>({ project: asThing, clock, log: noLog });
      const mirror = new Map<string, number>();
      const wrong: string[] = [];
      store.onChange((change) => {
        if (change.kind === 'malformed') return wrong.push('none is malformed');
        // Collected: the store catches what a listener throws.
        if (change.before?.spec.value !== mirror.get(change.object.metadata.uid))
          wrong.push('before is not what was told before');
        if (change.kind === 'changed' && change.object === change.before) wrong.push('news of no change');
        if (change.kind === 'gone') mirror.delete(change.object.metadata.uid);
        else mirror.set(change.object.metadata.uid, change.object.spec.value);
      });
      const watcher = startWatcher<Thing>(
        {
          api: server.api,
          type: THINGS,
          project: asThing,
          clock,
          random: () => 0.5,
          log: noLog,
          pageSize: 2,
          streaming,
        },
        store.take,
      );
      let answer: Thing | undefined;
      for (const step of steps) {
        switch (step.kind) {
          case 'set': {
            const written = server.set(step.name, step.value);
            if (step.own) store.put(written);
            else answer = written;
            break;
          }
          case 'remove':
            server.remove(step.name);
            break;
          case 'lateAnswer':
            if (answer !== undefined) store.put(answer);
            break;
          case 'bookmark':
          case 'forget':
          case 'mute':
            server[step.kind]();
            break;
          case 'repeat':
            if (answer !== undefined && server.state().get(answer.metadata.uid) === answer)
              server.say({ kind: 'modified', object: answer });
            break;
          case 'oldServer':
            server.faults.streaming = 'ignored';
            break;
          case 'cut':
            server.cut(step.end);
            break;
          case 'failLists':
            for (let i = 0; i < step.count; i++) server.faults.lists.push({ kind: 'transport', cause: 'reset' });
            break;
          case 'failWatches':
            for (let i = 0; i < step.count; i++) server.faults.watches.push({ kind: 'transport', cause: 'reset' });
            break;
          case 'wait':
            await driveIo(clock, step.ms);
        }
      }
      await driveIo(clock, 15 * 60_000);
      const held = new Map(store.list().map((object) => [object.metadata.uid, object]));
      assert.equal(held, server.state());
      assert.equal(mirror, new Map([...server.state()].map(([uid, { spec }]) => [uid, spec.value])));
      assert.equal(wrong, []);
      watcher.stop();
    }),
    { numRuns: 300 },
  );
});

test.run();
