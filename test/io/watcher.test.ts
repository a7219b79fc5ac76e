/** The watcher's conversation with a server, and the store behind it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import { type Change, createStore } from '../../io/store.ts';
import {
  BACKOFF_MS_MAX,
  SILENCE_MS,
  STREAMING_SILENCE_MS,
  startWatcher,
  type WatcherOptions,
} from '../../io/watcher.ts';
import type { KubeObject, WatchEnd } from '../../messages/kube.ts';
import type { WatcherEvent } from '../../messages/watch.ts';
import { simClock } from '../support/sim-clock.ts';
import { driveIo, settle } from './drive-io.ts';
import { fakeKube, THINGS, type Thing } from './fake-kube.ts';

/** No jitter. */
const middling = () => 0.5;
const asThing = (object: KubeObject) => object as Thing;

function setUp(options: Partial<WatcherOptions<Thing>> = {}) {
  const clock = simClock();
  const server = fakeKube();
  const store = createStore<Thing>({ project: asThing, clock, log: noLog });
  const changes: Change<Thing>[] = [];
  const events: WatcherEvent<Thing>[] = [];
  store.onChange((change) => changes.push(change));
  const start = () =>
    startWatcher<Thing>(
      { api: server.api, type: THINGS, project: asThing, clock, random: middling, log: noLog, ...options },
      (event) => {
        events.push(event);
        store.take(event);
      },
    );
  const values = () =>
    store
      .list()
      .map((thing) => `${thing.metadata.name}=${thing.spec.value}`)
      .sort();
  return { clock, server, store, changes, events, start, values, run: (ms: number) => driveIo(clock, ms) };
}

for (const streaming of [true, false])
  test(`listed anew on request, once for all who ask meanwhile, ${streaming ? 'as a streaming list' : 'in pages'}`, async () => {
    const { server, start, store, run } = setUp({ streaming });
    server.set('a', 1);
    const watcher = start();
    await run(1);
    const listings = () => watcher.counts().listings;
    assert.is(listings(), 1);
    let asked = 0;
    const relist = (): void => {
      store.whenListed(() => (asked += 1));
      watcher.relist();
    };
    relist();
    relist();
    await run(5_000);
    assert.equal([listings(), asked], [2, 2]);
    assert.is(watcher.counts().failures, 0);
    server.set('a', 2);
    await run(1);
    assert.is(store.list()[0]?.spec.value, 2, 'the watch goes on');
    watcher.stop();
  });

test('a streaming list fills the store and goes on as the watch', async () => {
  const { server, start, values, run, store } = setUp();
  server.set('a', 1);
  server.set('b', 2);
  const watcher = start();
  await run(1);
  assert.ok(store.synced());
  assert.equal(values(), ['a=1', 'b=2']);
  server.set('a', 3);
  server.remove('b');
  assert.equal(values(), ['a=3']);
  assert.is(server.lists.length, 0);
  assert.is(server.watches.length, 1);
  watcher.stop();
});

test('a server that refuses streaming lists is listed in pages, from then on', async () => {
  const { server, start, values, run } = setUp({ pageSize: 2 });
  server.faults.streaming = 'refused';
  for (const name of ['a', 'b', 'c', 'd', 'e']) server.set(name, 1);
  const watcher = start();
  await run(1);
  assert.equal(values().length, 5);
  assert.equal(
    server.lists.map((list) => list.limit),
    [2, 2, 2],
  );
  server.forget();
  server.set('f', 1, true);
  server.forget();
  server.cut({ kind: 'gone' });
  await run(2_000);
  assert.equal(values().length, 6);
  assert.is(server.watches.filter((watch) => watch.sendInitialEvents === true).length, 1);
  watcher.stop();
});

test('a server that does not know streaming lists, so that their end never comes, is listed in pages', async () => {
  const { server, start, values, run, store } = setUp();
  server.faults.streaming = 'ignored';
  server.set('a', 1);
  const watcher = start();
  await run(STREAMING_SILENCE_MS - 1);
  assert.not.ok(store.synced());
  await run(2);
  assert.equal(values(), ['a=1']);
  watcher.stop();
});

test('a watch that ends is resumed from the last version heard, a bookmark included', async () => {
  const { server, start, values, run } = setUp();
  server.set('a', 1);
  const watcher = start();
  await run(5_000);
  server.set('other type moved the version', 1);
  server.remove('other type moved the version');
  server.bookmark();
  server.cut({ kind: 'closed' });
  server.set('b', 2);
  await run(1);
  assert.equal(values(), ['a=1', 'b=2']);
  assert.is(server.watches.at(-1)?.resourceVersion, '103');
  assert.is(watcher.counts().listings, 1);
  watcher.stop();
});

test('410 leads to a relist whose difference is told, no more', async () => {
  const { server, start, values, run, changes } = setUp();
  server.set('stays', 1);
  server.set('changes', 1);
  server.set('goes', 1);
  const watcher = start();
  await run(5_000);
  changes.length = 0;
  server.mute();
  server.set('changes', 2);
  server.remove('goes');
  server.set('new', 1);
  server.forget();
  server.cut({ kind: 'gone' });
  await run(5_000);
  assert.equal(values(), ['changes=2', 'new=1', 'stays=1']);
  assert.equal(
    changes.map((change) => [change.kind, change.kind === 'malformed' ? '' : change.object.metadata.name]).sort(),
    [
      ['changed', 'changes'],
      ['changed', 'new'],
      ['gone', 'goes'],
    ],
  );
  watcher.stop();
});

test('a silent watch is given up and resumed, and nothing is lost', async () => {
  const { server, start, values, run } = setUp();
  const watcher = start();
  await run(1_000);
  server.mute();
  server.set('a', 1);
  await run(SILENCE_MS - 1_002);
  assert.is(watcher.counts().silences, 0);
  await run(10);
  assert.is(watcher.counts().silences, 1);
  assert.equal(values(), ['a=1']);
  assert.is(watcher.counts().listings, 1);
  watcher.stop();
});

test('bookmarks alone keep a quiet watch alive', async () => {
  const { server, start, run } = setUp();
  const watcher = start();
  for (let minute = 0; minute < 30; minute++) {
    await run(60_000);
    server.bookmark();
  }
  assert.is(server.watches.length, 1);
  assert.is(watcher.counts().silences, 0);
  watcher.stop();
});

test('watches that never say a word again end in a relist', async () => {
  const { server, start, run, values } = setUp();
  const watcher = start();
  await run(1_000);
  server.faults.muted = true;
  server.mute();
  server.set('a', 1);
  await run(3 * SILENCE_MS + 10_000);
  server.faults.muted = false;
  await run(2 * SILENCE_MS);
  assert.equal(values(), ['a=1']);
  assert.ok(watcher.counts().listings > 1);
  watcher.stop();
});

test('failures are repeated with a growing delay, never in a loop, and Retry-After is kept', async () => {
  const { server, start, run, store } = setUp();
  for (let i = 0; i < 1_000; i++) server.faults.watches.push({ kind: 'transport', cause: 'refused' });
  const watcher = start();
  await run(10 * 60_000);
  const tries = server.watches.length;
  assert.ok(tries > 12 && tries < 40, `${tries} tries in 10 minutes, at ${BACKOFF_MS_MAX} ms back-off`);
  server.faults.watches.length = 0;
  server.faults.watches.push({ kind: 'throttled', retryAfterMs: 100_000 });
  await run(45_000);
  assert.is(server.watches.length, tries + 1);
  await run(54_000 - 45_000);
  assert.is(server.watches.length, tries + 1);
  await run(100_000);
  assert.ok(store.synced());
  watcher.stop();
});

test('a server that closes every watch at once is not called in a loop', async () => {
  const { server, start, run } = setUp();
  const watcher = start();
  await run(1);
  for (let i = 0; i < 1_000; i++) server.faults.watches.push({ kind: 'closed' });
  server.cut({ kind: 'closed' });
  await run(60_000);
  assert.ok(server.watches.length < 12, `${server.watches.length} watches in a minute`);
  watcher.stop();
});

test('continue tokens that expire twice lead to a list without pages', async () => {
  const { server, start, run, values } = setUp({ pageSize: 1, streaming: false });
  server.set('a', 1);
  server.set('b', 1);
  server.faults.lists.push({ kind: 'gone', message: 'expired' }, { kind: 'gone', message: 'expired' });
  const watcher = start();
  await run(60_000);
  assert.equal(values(), ['a=1', 'b=1']);
  assert.is(server.lists.at(-1)?.limit, undefined);
  watcher.stop();
});

test('a malformed object is counted and handed on, the rest goes on, and the last readable state stays', async () => {
  const project = (object: KubeObject) => {
    if ((object as Thing).spec.value < 0) throw new Error('spec.value is negative');
    return asThing(object);
  };
  const clock = simClock();
  const server = fakeKube();
  const store = createStore<Thing>({ project, clock, log: noLog });
  const changes: Change<Thing>[] = [];
  store.onChange((change) => changes.push(change));
  server.set('good', 1);
  server.set('born bad', -1);
  const watcher = startWatcher<Thing>(
    { api: server.api, type: THINGS, project, clock, random: middling, log: noLog },
    store.take,
  );
  await driveIo(clock, 10);
  assert.ok(store.synced());
  assert.is(watcher.counts().malformed, 1);
  const { uid } = server.set('good', -2).metadata;
  assert.is(store.get(uid)?.spec.value, 1);
  assert.is(store.problemOf(uid), 'spec.value is negative');
  assert.is(changes.at(-1)?.kind, 'malformed');
  server.set('good', 3);
  assert.is(store.get(uid)?.spec.value, 3);
  assert.is(store.problemOf(uid), undefined);
  server.remove('born bad');
  assert.is(store.size(), 1);
  watcher.stop();
});

test('a listed object without identity is counted and left out', async () => {
  const { server, start, run, values } = setUp({ streaming: false });
  const good = server.set('good', 1);
  const nameless = { ...good, metadata: undefined } as unknown as Thing;
  server.faults.lists.push({ kind: 'ok', answer: { items: [nameless, good], resourceVersion: '101' } });
  const watcher = start();
  await run(1);
  assert.equal(values(), ['good=1']);
  assert.is(watcher.counts().malformed, 1);
  watcher.stop();
});

test('an event that cannot be taken leads to a fresh listing', async () => {
  const clock = simClock();
  const server = fakeKube();
  const events: string[] = [];
  let failNext = false;
  const watcher = startWatcher<Thing>(
    { api: server.api, type: THINGS, project: asThing, clock, random: middling, log: noLog },
    (event) => {
      events.push(event.kind);
      if (!failNext) return;
      failNext = false;
      throw new Error('a bug');
    },
  );
  await driveIo(clock, 10);
  failNext = true;
  server.set('a', 1);
  await driveIo(clock, 3_000);
  assert.equal(events, ['init', 'initDone', 'apply', 'init', 'initApply', 'initDone']);
  watcher.stop();
});

test('after stop nothing is told and no timer is left', async () => {
  const { clock, server, start, run, events } = setUp();
  const watcher = start();
  await run(1_000);
  watcher.stop();
  await settle();
  const told = events.length;
  server.set('a', 1);
  await run(60_000);
  assert.is(events.length, told);
  assert.is(clock.pendingCount(), 0);
  assert.is(server.watchCount(), 0);
});

test('trouble is told from the second failure on, with a hint, until the server agrees; then the back-off is forgotten', async () => {
  const told: string[] = [];
  const { server, start, run } = setUp({ recovered: () => told.push('recovered') });
  const unauthorized: WatchEnd = { kind: 'refused', status: 401, message: 'Unauthorized' };
  server.faults.watches = [unauthorized];
  const watcher = start();
  await run(10);
  assert.is(watcher.trouble(), undefined);
  server.faults.watches = Array.from({ length: 6 }, () => unauthorized);
  await run(5_000);
  assert.match(
    watcher.trouble() ?? '',
    /^streaming list: refused, 401 Unauthorized \(the credentials are not accepted/,
  );
  server.faults.watches = [{ kind: 'refused', status: 404, message: 'not found' }];
  await run(BACKOFF_MS_MAX * 2);
  assert.equal([watcher.trouble(), told], [undefined, ['recovered']]);
  server.faults.watches = [unauthorized];
  const before = server.watches.length;
  server.cut({ kind: 'transport', cause: 'reset' });
  await run(10_000);
  assert.is(server.watches.length - before, 2);
  watcher.stop();
});

test('one in trouble that is told to hurry tries at once, one that is well does nothing', async () => {
  const { server, start, run, store } = setUp();
  server.faults.watches = Array.from({ length: 5 }, (): WatchEnd => ({ kind: 'transport', cause: 'ECONNREFUSED' }));
  const watcher = start();
  await run(10_000);
  server.faults.watches = [];
  const before = server.watches.length;
  assert.is(store.synced(), false);
  watcher.hurry();
  await run(1);
  assert.equal([store.synced(), server.watches.length - before], [true, 1]);
  watcher.hurry();
  await run(1);
  assert.is(server.watches.length - before, 1);
  watcher.stop();
});

test.run();
