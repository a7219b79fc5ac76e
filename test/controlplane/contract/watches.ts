/** Watches: where they start, what they tell and in which order, bookmarks, their end. */
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, CONTAINERS } from '../../../messages/kube.ts';
import type { OpenWatch, WatchEventLine } from '../../support/plain-client.ts';
import {
  behaviour,
  configMap,
  container,
  create,
  done,
  inNamespace,
  type Place,
  pathOf,
  withLabels,
} from './server.ts';

const watchFrom = (place: Place, query: string): Promise<OpenWatch> =>
  place.plain.watch(`${pathOf(place, CONTAINERS)}?watch=1&${query}`);
const versionNow = async ({ kube, namespace }: Place): Promise<string> =>
  done(await kube.list({ verb: 'list', type: CONTAINERS, namespace })).resourceVersion;
const label = (place: Place, name: string, labels: object) =>
  place.kube.request({
    verb: 'mergePatch',
    ref: inNamespace(place, CONTAINERS, name),
    patch: { metadata: { labels } },
  });
const remove = (place: Place, name: string) =>
  place.kube.request({ verb: 'delete', ref: inNamespace(place, CONTAINERS, name) });
const brief = ({ type, object }: WatchEventLine): string => `${type} ${object.metadata?.name ?? object.code}`;
async function take(watch: OpenWatch, count: number): Promise<readonly WatchEventLine[]> {
  const events: WatchEventLine[] = [];
  while (events.length < count) events.push(await watch.next());
  return events;
}
const STREAMING = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan';

export const WATCHES = [
  behaviour('a watch from a version tells every later change, in order', async (place) => {
    await create(place, CONTAINERS, container(place, 'before'));
    const watch = await watchFrom(place, `resourceVersion=${await versionNow(place)}`);
    await create(place, CONTAINERS, container(place, 'x'));
    await label(place, 'x', { a: '1' });
    await label(place, 'before', { a: '1' });
    const last = done(await label(place, 'x', { a: '2' }));
    await remove(place, 'x');
    const events = await take(watch, 5);
    assert.equal(events.map(brief), ['ADDED x', 'MODIFIED x', 'MODIFIED before', 'MODIFIED x', 'DELETED x']);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    assert.equal(
      versions,
      [...new Set(versions)].sort((a, b) => a - b),
    );
    const { object } = events[4] as WatchEventLine;
    assert.equal(object.metadata.labels, { a: '2' });
    assert.ok(Number(object.metadata.resourceVersion) > Number(last.metadata.resourceVersion));
  }),
  behaviour('a watch resumes from the version of any event', async (place) => {
    const watch = await watchFrom(place, `resourceVersion=${await versionNow(place)}`);
    const first = await create(place, CONTAINERS, container(place, 'a'));
    await create(place, CONTAINERS, container(place, 'b'));
    await remove(place, 'a');
    await take(watch, 3);
    const again = await watchFrom(place, `resourceVersion=${first.metadata.resourceVersion}`);
    assert.equal((await take(again, 2)).map(brief), ['ADDED b', 'DELETED a']);
  }),
  behaviour('a change that changes nothing is not told', async (place) => {
    await create(place, CONTAINERS, withLabels(container(place, 'x'), { a: '1' }));
    const watch = await watchFrom(place, `resourceVersion=${await versionNow(place)}`);
    await label(place, 'x', { a: '1' });
    await label(place, 'x', { a: '2' });
    assert.equal((await watch.next()).object.metadata.labels, { a: '2' });
  }),
  behaviour('a watch without a version begins with the present state', async (place) => {
    await create(place, CONTAINERS, container(place, 'a'));
    await create(place, CONTAINERS, container(place, 'b'));
    for (const query of ['', 'resourceVersion=0', 'resourceVersion=0&allowWatchBookmarks=true']) {
      const watch = await watchFrom(place, query);
      assert.equal((await take(watch, 2)).map(brief).sort(), ['ADDED a', 'ADDED b']);
    }
  }),
  behaviour('a streaming list ends its initial events with a bookmark, then tells changes', async (place) => {
    await create(place, CONTAINERS, container(place, 'a'));
    const watch = await watchFrom(place, `${STREAMING}&allowWatchBookmarks=true`);
    const [added, bookmark] = await take(watch, 2);
    assert.is(added?.type, 'ADDED');
    assert.is(bookmark?.type, 'BOOKMARK');
    const { kind, apiVersion, metadata, spec } = bookmark?.object ?? {};
    assert.equal([kind, apiVersion], ['WekaContainer', 'weka.weka.io/v1alpha1']);
    assert.equal(metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    assert.ok(Number(metadata.resourceVersion) >= Number(added?.object.metadata.resourceVersion));
    assert.ok(spec === undefined || Object.keys(spec).length > 0);
    await create(place, CONTAINERS, container(place, 'b'));
    assert.is(brief(await watch.next()), 'ADDED b');
  }),
  behaviour('a streaming list of nothing is a bookmark', async (place) => {
    const watch = await watchFrom(place, `${STREAMING}&allowWatchBookmarks=true&labelSelector=none`);
    assert.is((await watch.next()).type, 'BOOKMARK');
  }),
  behaviour('a streaming list without bookmarks has no mark at its end', async (place) => {
    await create(place, CONTAINERS, container(place, 'a'));
    const watch = await watchFrom(place, STREAMING);
    assert.is(brief(await watch.next()), 'ADDED a');
    await create(place, CONTAINERS, container(place, 'b'));
    assert.is(brief(await watch.next()), 'ADDED b');
  }),
  behaviour('sendInitialEvents wants NotOlderThan: 422', async (place) => {
    const { code, body } = await place.plain.ask(`${pathOf(place, CONTAINERS)}?watch=1&sendInitialEvents=true`);
    assert.equal([code, body.reason], [422, 'Invalid']);
    assert.match(body.message, /resourceVersionMatch: Forbidden: /);
  }),
  behaviour('what leaves or enters a selector is told as deleted or added', async (place) => {
    await create(place, CONTAINERS, withLabels(container(place, 'x'), { app: 'weka' }));
    const watch = await watchFrom(place, `resourceVersion=${await versionNow(place)}&labelSelector=app%3Dweka`);
    await label(place, 'x', { app: 'other' });
    await label(place, 'x', { b: '1' });
    const entered = done(await label(place, 'x', { app: 'weka' }));
    await label(place, 'x', { b: '2' });
    const events = await take(watch, 3);
    assert.equal(events.map(brief), ['DELETED x', 'ADDED x', 'MODIFIED x']);
    assert.equal(events[0]?.object.metadata.labels, { app: 'weka' });
    assert.is(events[1]?.object.metadata.resourceVersion, entered.metadata.resourceVersion);
  }),
  behaviour('a watch of one name tells of it alone', async (place) => {
    const version = await versionNow(place);
    const watch = await watchFrom(place, `resourceVersion=${version}&fieldSelector=metadata.name%3Dme`);
    await create(place, CONTAINERS, container(place, 'other'));
    await create(place, CONTAINERS, container(place, 'me'));
    assert.is(brief(await watch.next()), 'ADDED me');
  }),
  behaviour('a watch from too old a version is over with a 410', async (place) => {
    const { kube } = place;
    const start = done(await kube.list({ verb: 'list', type: CONTAINERS })).resourceVersion;
    await create(place, CONTAINERS, container(place, 'x'));
    await place.forgetHistory();
    const nobody = new AbortController().signal;
    const end = await kube.watch({ type: CONTAINERS, resourceVersion: '1' }, () => undefined, nobody);
    assert.equal(end, { kind: 'gone' });
    assert.ok(Number(start) > 1);
  }),
  behaviour('a watch from a version still to come waits in silence for it', async (place) => {
    const now = Number(await versionNow(place));
    const watch = await watchFrom(place, `resourceVersion=${now + 3}&timeoutSeconds=600`);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await create(place, CONTAINERS, container(place, name));
    const { type, object } = await watch.next();
    assert.is(type, 'ADDED');
    assert.ok(Number(object.metadata.resourceVersion) > now + 3, JSON.stringify(object));
  }),
  behaviour('a version that is no number is refused', async ({ kube }) => {
    const end = await kube.watch(
      { type: CONTAINERS, resourceVersion: 'nonsense' },
      () => undefined,
      new AbortController().signal,
    );
    assert.equal([end.kind, end.kind === 'refused' && end.status], ['refused', 500]);
  }),
  behaviour('timeoutSeconds ends a watch in order', async (place) => {
    const version = await versionNow(place);
    const watch = await watchFrom(place, `resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=3`);
    const last: { end?: string } = {};
    void watch.ended().then((end) => {
      last.end = end;
    });
    await place.eventually('the watch ends', () => Promise.resolve(last.end !== undefined));
    assert.is(last.end, 'ended');
  }),
  behaviour('a silent watch hears a bookmark about once a minute, if it asked for them', async (place) => {
    const from = `resourceVersion=${await versionNow(place)}&labelSelector=none`;
    const asked = await watchFrom(place, `${from}&allowWatchBookmarks=true`);
    const other = await watchFrom(place, from);
    const made = await create(place, CONTAINERS, container(place, 'x'));
    const heard: { first?: WatchEventLine; other?: WatchEventLine } = {};
    void asked.next().then((event) => {
      heard.first = event;
    });
    void other.next().then((event) => {
      heard.other = event;
    });
    await place.eventually('a bookmark comes', () => Promise.resolve(heard.first !== undefined));
    const { type, object } = heard.first ?? { type: 'none', object: {} };
    assert.is(type, 'BOOKMARK');
    assert.ok(Number(object.metadata.resourceVersion) >= Number(made.metadata.resourceVersion));
    assert.is(object.metadata.annotations, undefined);
    done(await label(place, 'x', { none: '1' }));
    await place.eventually('the other one hears', () => Promise.resolve(heard.other !== undefined));
    assert.is(heard.other?.type, 'ADDED');
  }),
  behaviour('a watch of a built-in type names kind and version in its events', async (place) => {
    const watch = await place.plain.watch(`${pathOf(place, CONFIG_MAPS)}?watch=1`);
    await create(place, CONFIG_MAPS, configMap(place, 'x'));
    const { object } = await watch.next();
    assert.equal([object.kind, object.apiVersion], ['ConfigMap', 'v1']);
  }),
];
