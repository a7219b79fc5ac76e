/** Watches over HTTP. Time is virtual; nothing waits but for the socket. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEventEncoder } from '../../../deploy/sandbox/api/watch-stream.ts';
import { CONFIG_MAPS, CONTAINERS, type WatchEvent } from '../../../messages/kube.ts';
import { simClock } from '../../support/sim-clock.ts';
import { newStore } from './new-store.ts';
import {
  CONTAINERS_PATH,
  containerDraft,
  createContainers,
  NAMESPACE,
  nameOf,
  refOfContainer,
  withServer,
} from './support.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

test('watch-stream: a watch sends the present state, then each change', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a');
    const watch = await setup.watch(`${CONTAINERS_PATH}?watch=true`);
    const first = await watch.next();
    assert.equal([first.type, nameOf(first.object)], ['ADDED', 'a']);
    setup.store.request({ verb: 'mergePatch', ref: refOfContainer('a'), patch: { metadata: { labels: { l: '1' } } } });
    const second = await watch.next();
    assert.equal([second.type, second.object.metadata.labels], ['MODIFIED', { l: '1' }]);
    setup.store.request({ verb: 'delete', ref: refOfContainer('a') });
    assert.is((await watch.next()).type, 'DELETED');
  }));

test('watch-stream: a watch from a version sends only what came after it, by selector', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a');
    const version = setup.store.resourceVersion();
    createContainers(setup, 'b', 'c');
    const watch = await setup.watch(
      `${CONTAINERS_PATH}?watch=1&resourceVersion=${version}&fieldSelector=metadata.name%3Dc`,
    );
    const { type, object } = await watch.next();
    assert.equal([type, nameOf(object)], ['ADDED', 'c']);
  }));

test('watch-stream: a streaming list ends its first part with a marked bookmark', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a');
    const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true';
    const watch = await setup.watch(`${CONTAINERS_PATH}?${query}&resourceVersionMatch=NotOlderThan`);
    assert.is((await watch.next()).type, 'ADDED');
    const { type, object } = await watch.next();
    assert.is(type, 'BOOKMARK');
    assert.equal(object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    assert.equal([object.kind, object.metadata.resourceVersion], ['WekaContainer', setup.store.resourceVersion()]);
    assert.is((await setup.ask(`${CONTAINERS_PATH}?${query}`)).code, 422);
  }));

test('watch-stream: bookmarks come about once a minute to who asks, the time limit ends the watch', () =>
  withServer(async (setup) => {
    const { clock } = setup;
    const path = `${CONTAINERS_PATH}?watch=true&timeoutSeconds=100`;
    const [plain, marked] = [await setup.watch(path), await setup.watch(`${path}&allowWatchBookmarks=true`)];
    clock.advance(60_000);
    const { type, object } = await marked.next();
    assert.equal([type, object.metadata.resourceVersion], ['BOOKMARK', setup.store.resourceVersion()]);
    clock.advance(40_000);
    assert.equal([await plain.ended(), await marked.ended()], ['ended', 'ended']);
    assert.is(await plain.next().catch(() => 'nothing'), 'nothing');
  }));

test('watch-stream: a watch from a forgotten version gets 410 as an event, then its end', () =>
  withServer(async (setup) => {
    const version = setup.store.resourceVersion();
    createContainers(setup, 'a', 'b');
    setup.store.forgetHistory();
    const watch = await setup.watch(`${CONTAINERS_PATH}?watch=true&resourceVersion=${version === '0' ? 1 : version}`);
    const { type, object } = await watch.next();
    assert.equal([type, object.kind, object.code, object.reason], ['ERROR', 'Status', 410, 'Expired']);
    assert.is(await watch.ended(), 'ended');
  }));

test('watch-stream: a watch as a table repeats its column definitions only once', () =>
  withServer(async (setup) => {
    const watch = await setup.watch(`${CONTAINERS_PATH}?watch=true`, TABLE);
    createContainers(setup, 'a', 'b');
    const [first, second] = [await watch.next(), await watch.next()];
    assert.equal([first.object.kind, first.object.rows[0].cells[0]], ['Table', 'a']);
    assert.ok(first.object.columnDefinitions.length > 5);
    assert.equal([second.object.columnDefinitions, second.object.rows[0].cells[0]], [[], 'b']);
  }));

test('watch-stream: a reader too far behind is cut off, one that keeps up gets everything', async () => {
  const burst = async (count: number, waitingEventsMax: number): Promise<'ended' | 'cut' | readonly string[]> => {
    let seen: 'ended' | 'cut' | readonly string[] = [];
    await withServer(
      async (setup) => {
        const watch = await setup.watch('/api/v1/configmaps?watch=true&timeoutSeconds=9');
        // 30 kB each, in one turn of the event loop: the socket takes the first 64 kB, the rest waits.
        for (let index = 0; index < count; index += 1) {
          const metadata = { name: `c${index}`, namespace: NAMESPACE };
          const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'x'.repeat(30_000) } };
          setup.store.request({ verb: 'create', type: CONFIG_MAPS, object });
        }
        if (count > waitingEventsMax) seen = await watch.ended();
        else {
          const names: string[] = [];
          while (names.length < count) names.push(nameOf((await watch.next()).object));
          seen = names;
        }
      },
      { watchLimits: { socketBytesMax: 1, waitingEventsMax } },
    );
    return seen;
  };
  assert.is(await burst(20, 10), 'cut');
  assert.equal(
    await burst(20, 20),
    Array.from({ length: 20 }, (_, index) => `c${index}`),
  );
});

test('watch-stream: an event is serialised once for all its watchers', () => {
  const clock = simClock();
  const store = newStore(clock);
  const served = store.types().find(({ type }) => type.plural === 'wekacontainers');
  assert.ok(served);
  if (served === undefined) return;
  const seen: WatchEvent[] = [];
  const request = { type: CONTAINERS, resourceVersion: '', sendInitialEvents: true };
  for (const _ of [1, 2]) store.watch(request, (event) => seen.push(event));
  store.request({ verb: 'create', type: CONTAINERS, object: containerDraft('a') });
  const [first, second] = seen.filter(({ kind }) => kind === 'added');
  const plan = { served, form: { kind: 'whole' }, request, bookmarks: false, initialEnd: false, timeoutMs: 1 } as const;
  const { encode } = createEventEncoder(clock);
  if (first === undefined || second === undefined) return assert.unreachable('two watchers, two events');
  assert.is(encode(plan, first, true), encode(plan, second, false));
  assert.is.not(encode({ ...plan, form: { kind: 'metadata' } }, first, true), encode(plan, first, true));
});

test.run();
