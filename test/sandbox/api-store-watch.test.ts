/** The store: lists in pages, selectors, watches, bookmarks, 410; a property over random writes. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, EVENTS, NODES, PODS, type WatchEvent } from '../../messages/kube.ts';
import {
  type Any,
  answer,
  core,
  GADGETS,
  gadget,
  gadgetRef,
  line,
  pod,
  refusal,
  type World,
  world,
} from './api-store.support.ts';

const make = ({ store }: World, type: Any, object: Any): Any => answer(store.request({ verb: 'create', type, object }));
const map = (name: string, labels: Any = {}, data: Any = {}) =>
  core('ConfigMap', name, { data }, { namespace: 'default', labels });
const patchMap = ({ store }: World, name: string, patch: Any) =>
  answer(store.request({ verb: 'mergePatch', ref: { type: CONFIG_MAPS, namespace: 'default', name }, patch }));
const names = (outcome: Any): string[] => outcome.answer.items.map((item: Any) => item.metadata.name);

test('a list is in order of namespace and name, and carries the newest revision', () => {
  const made = world();
  for (const name of ['b', 'a', 'a-b', 'c']) make(made, CONFIG_MAPS, map(name));
  const list = made.store.list({ verb: 'list', type: CONFIG_MAPS }) as Any;
  assert.equal(names(list), ['a', 'a-b', 'b', 'c']);
  assert.is(list.answer.resourceVersion, made.store.resourceVersion());
});

test('all pages of a list show the state at the first', () => {
  const made = world();
  for (const name of ['a', 'b', 'c', 'd', 'e']) make(made, CONFIG_MAPS, map(name));
  const page = (token?: string) =>
    made.store.list({
      verb: 'list',
      type: CONFIG_MAPS,
      limit: 2,
      ...(token === undefined ? {} : { continue: token }),
    }) as Any;
  const first = page();
  made.store.request({ verb: 'delete', ref: { type: CONFIG_MAPS, namespace: 'default', name: 'c' } });
  patchMap(made, 'd', { data: { x: '1' } });
  make(made, CONFIG_MAPS, map('cc'));
  const second = page(first.answer.continue);
  const third = page(second.answer.continue);
  assert.equal([names(first), names(second), names(third)], [['a', 'b'], ['c', 'd'], ['e']]);
  assert.equal([second.answer.items[1].data, third.answer.continue], [{}, undefined]);
  assert.is(third.answer.resourceVersion, first.answer.resourceVersion);
});

test('a page whose revision is forgotten is gone; a token that is none is a bad request', () => {
  const made = world();
  for (const name of ['a', 'b', 'c']) make(made, CONFIG_MAPS, map(name));
  const first = made.store.list({ verb: 'list', type: CONFIG_MAPS, limit: 1 }) as Any;
  make(made, CONFIG_MAPS, map('d'));
  made.store.forgetHistory();
  const next = (token: string) => made.store.list({ verb: 'list', type: CONFIG_MAPS, limit: 1, continue: token });
  assert.match(refusal(next(first.answer.continue)), /^gone: The provided continue parameter is too old/);
  assert.match(refusal(next('?')), /^400 BadRequest: invalid continue token: continue key is not valid/);
});

test('lists filter by labels and by the fields that the type offers', () => {
  const made = world();
  make(made, PODS, pod('a', { nodeName: 'n1' }, { labels: { mode: 'drive' } }));
  make(made, PODS, pod('b', { nodeName: 'n2' }, { labels: { mode: 'compute' } }));
  make(made, PODS, pod('c'));
  const list = (more: Any) => made.store.list({ verb: 'list', type: PODS, ...more });
  assert.equal(names(list({ labelSelector: 'mode in (drive, compute)' })), ['a', 'b']);
  assert.equal(names(list({ labelSelector: '!mode' })), ['c']);
  assert.equal(names(list({ fieldSelector: 'spec.nodeName=n1' })), ['a']);
  assert.equal(names(list({ fieldSelector: 'spec.nodeName!=,status.phase=Pending' })), ['a', 'b']);
  assert.equal(names(list({ namespace: 'kube-system' })), []);
  assert.match(refusal(list({ labelSelector: 'a in b' })), /^400 BadRequest: unable to parse requirement/);
  assert.is(refusal(list({ fieldSelector: 'spec.color=x' })), '400 BadRequest: field label not supported: spec.color');
  make(made, NODES, core('Node', 'n1', { spec: { unschedulable: true } }));
  make(made, NODES, core('Node', 'n2'));
  assert.equal(names(made.store.list({ verb: 'list', type: NODES, fieldSelector: 'spec.unschedulable=false' })), [
    'n2',
  ]);
});

test('events are found by what they are about, and live in its namespace', () => {
  const made = world();
  const event = (name: string, about: string, namespace = 'default'): Any =>
    core('Event', name, { involvedObject: { kind: 'Pod', name: about, namespace } }, { namespace: 'default' });
  make(made, EVENTS, event('e1', 'a'));
  make(made, EVENTS, event('e2', 'b'));
  const fieldSelector = 'involvedObject.kind=Pod,involvedObject.name=b';
  assert.equal(names(made.store.list({ verb: 'list', type: EVENTS, fieldSelector })), ['e2']);
  assert.match(
    refusal(made.store.request({ verb: 'create', type: EVENTS, object: event('e3', 'a', 'other') })),
    /involvedObject\.namespace: Invalid value: "other": does not match event\.namespace/,
  );
});

test('a watch delivers what came after its revision, then each write inside that write', () => {
  const made = world();
  make(made, CONFIG_MAPS, map('a'));
  const from = made.store.resourceVersion();
  make(made, CONFIG_MAPS, map('b'));
  patchMap(made, 'a', { data: { x: '1' } });
  const lines: string[] = [];
  const stop = made.store.watch({ type: CONFIG_MAPS, resourceVersion: from }, (event) => lines.push(line(event)));
  assert.equal(lines, ['added b', 'modified a']);
  made.store.request({ verb: 'delete', ref: { type: CONFIG_MAPS, namespace: 'default', name: 'b' } });
  assert.equal(lines.slice(2), ['deleted b']);
  stop();
  make(made, CONFIG_MAPS, map('c'));
  assert.is(lines.length, 3);
});

test('all watchers get the very same frozen objects', () => {
  const made = world();
  const seen: unknown[] = [];
  const take = (event: WatchEvent) => seen.push(event.kind === 'added' ? event.object : undefined);
  const stops = [0, 1].map(() =>
    made.store.watch({ type: CONFIG_MAPS, resourceVersion: made.store.resourceVersion() }, take),
  );
  const object = make(made, CONFIG_MAPS, map('a'));
  assert.is(seen[0], object);
  assert.is(seen[1], object);
  for (const stop of stops) stop();
});

test('an object that enters or leaves a selector is added or deleted for its watcher', () => {
  const made = world();
  const events: Any[] = [];
  const request = { type: CONFIG_MAPS, labelSelector: 'on', resourceVersion: made.store.resourceVersion() };
  const stop = made.store.watch(request, (event) => events.push(event));
  make(made, CONFIG_MAPS, map('a'));
  patchMap(made, 'a', { metadata: { labels: { on: '1' } }, data: { x: '1' } });
  patchMap(made, 'a', { data: { x: '2' } });
  patchMap(made, 'a', { metadata: { labels: { on: null } }, data: { x: '3' } });
  stop();
  assert.equal(events.map(line), ['added a', 'modified a', 'deleted a']);
  assert.equal(events[2].object.data, { x: '2' });
  assert.is(events[2].object.metadata.resourceVersion, made.store.resourceVersion());
});

test('sendInitialEvents sends the present state and a bookmark that ends it', () => {
  const made = world();
  for (const name of ['b', 'a']) make(made, CONFIG_MAPS, map(name));
  const events: Any[] = [];
  const request = { type: CONFIG_MAPS, resourceVersion: '', sendInitialEvents: true };
  const stop = made.store.watch(request, (event) => events.push(event));
  assert.equal(events.map(line), ['added a', 'added b', 'bookmark end']);
  assert.is(events[2].resourceVersion, made.store.resourceVersion());
  stop();
});

test('every minute a watcher gets a bookmark, until it stops', () => {
  const made = world();
  const lines: string[] = [];
  const request = { type: CONFIG_MAPS, resourceVersion: made.store.resourceVersion() };
  const stop = made.store.watch(request, (event) => lines.push(line(event)));
  made.pass(150_000);
  assert.equal(lines, ['bookmark', 'bookmark']);
  stop();
  assert.is(made.clock.pendingCount(), 0);
});

test('a revision before the window is 410, one of the future silence, none at all 400', () => {
  const made = world(5);
  const from = made.store.resourceVersion();
  for (let index = 0; index < 20; index++) make(made, CONFIG_MAPS, map(`m${index}`));
  const watch = (resourceVersion: string) => {
    const lines: string[] = [];
    made.store.watch({ type: CONFIG_MAPS, resourceVersion }, (event) => lines.push(line(event)))();
    return lines;
  };
  assert.equal([watch(from), watch('999999'), watch('x')], [['error 410'], [], ['error 400']]);
  assert.is(watch(String(Number(made.store.resourceVersion()) - 3)).length, 3);
  made.store.forgetHistory();
  assert.equal(watch(made.store.resourceVersion()), []);
});

test('a write made inside a callback reaches every watcher after the write that caused it', () => {
  const made = world();
  const [first, second]: [string[], string[]] = [[], []];
  const resourceVersion = made.store.resourceVersion();
  const stopFirst = made.store.watch({ type: CONFIG_MAPS, resourceVersion }, (event) => {
    first.push(line(event));
    if (first.length === 1) make(made, CONFIG_MAPS, map('b'));
  });
  const stopSecond = made.store.watch({ type: CONFIG_MAPS, resourceVersion }, (event) => second.push(line(event)));
  make(made, CONFIG_MAPS, map('a'));
  assert.equal(
    [first, second],
    [
      ['added a', 'added b'],
      ['added a', 'added b'],
    ],
  );
  stopFirst();
  stopSecond();
});

test('a callback that throws costs no other watcher an event, and the writer hears of it', () => {
  const made = world();
  const lines: string[] = [];
  const request = { type: CONFIG_MAPS, resourceVersion: made.store.resourceVersion() };
  const bad = made.store.watch(request, () => {
    throw new Error('bug');
  });
  const good = made.store.watch(request, (event) => lines.push(line(event)));
  assert.throws(() => make(made, CONFIG_MAPS, map('a')), /bug/);
  bad();
  make(made, CONFIG_MAPS, map('b'));
  assert.equal(lines, ['added a', 'added b']);
  good();
});

test('a watcher may stop itself, or open another, inside its callback', () => {
  const made = world();
  const lines: string[] = [];
  const others: string[] = [];
  const stops: (() => void)[] = [];
  const resourceVersion = made.store.resourceVersion();
  const stop = made.store.watch({ type: CONFIG_MAPS, resourceVersion }, (event) => {
    lines.push(line(event));
    stop();
    stops.push(made.store.watch({ type: CONFIG_MAPS, resourceVersion }, (other) => others.push(line(other))));
  });
  make(made, CONFIG_MAPS, map('a'));
  make(made, CONFIG_MAPS, map('b'));
  assert.equal([lines, others], [['added a'], ['added a', 'added b']]);
  for (const one of stops) one();
});

/*
 * Invariants, whatever the writes: (1) a watcher that replays every event upon the list it started from holds the same
 * objects as a list now; (2) revisions only grow, along each watch and from write to write; (3) all pages of a list equal the
 * list without pages at the first page's moment; (4) a write that is refused or changes nothing moves no revision.
 */
type Step = {
  readonly kind: 'create' | 'grow' | 'label' | 'delete' | 'finalize' | 'join' | 'page';
  readonly name: string;
};
const step = fc.record({
  kind: fc.constantFrom<Step['kind']>('create', 'grow', 'label', 'delete', 'finalize', 'join', 'page'),
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
});

test('property: every watcher holds what a list shows', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const made = world(1000);
      const { store } = made;
      const selectors = [undefined, 'odd=yes'];
      const watchers: {
        readonly held: Map<string, Any>;
        readonly selector: string | undefined;
        readonly stop: () => void;
      }[] = [];
      const listed = (labelSelector: string | undefined): readonly Any[] =>
        (store.list({ verb: 'list', type: GADGETS, ...(labelSelector === undefined ? {} : { labelSelector }) }) as Any)
          .answer.items;
      const join = (labelSelector: string | undefined) => {
        const held = new Map<string, Any>(listed(labelSelector).map((object) => [object.metadata.name, object]));
        let last = Number(store.resourceVersion());
        const request = {
          type: GADGETS,
          resourceVersion: String(last),
          ...(labelSelector === undefined ? {} : { labelSelector }),
        };
        const stop = store.watch(request, (event) => {
          if (event.kind === 'error' || event.kind === 'bookmark') throw new Error(line(event));
          assert.ok(Number(event.object.metadata.resourceVersion) > last);
          last = Number(event.object.metadata.resourceVersion);
          assert.is(held.has(event.object.metadata.name), event.kind !== 'added');
          if (event.kind === 'deleted') held.delete(event.object.metadata.name);
          else held.set(event.object.metadata.name, event.object);
        });
        watchers.push({ held, selector: labelSelector, stop });
      };
      for (const selector of selectors) join(selector);
      for (const [index, { kind, name }] of steps.entries()) {
        const before = store.resourceVersion();
        const patch = (body: Any) => store.request({ verb: 'mergePatch', ref: gadgetRef(name), patch: body });
        const object = store.get(gadgetRef(name)) as Any;
        let outcome: Any = { kind: 'none' };
        if (kind === 'create') {
          const metadata = { finalizers: index % 2 === 0 ? ['x.io/f'] : [] };
          outcome = store.request({ verb: 'create', type: GADGETS, object: gadget(name, { size: 2 }, metadata) });
        } else if (kind === 'grow') outcome = patch({ spec: { size: (index % 3) * 2 } });
        else if (kind === 'label') outcome = patch({ metadata: { labels: { odd: index % 2 === 1 ? 'yes' : null } } });
        else if (kind === 'delete') outcome = store.request({ verb: 'delete', ref: gadgetRef(name) });
        else if (kind === 'finalize') outcome = patch({ metadata: { finalizers: null } });
        else if (kind === 'join') join(selectors[index % 2]);
        else {
          const whole = listed(undefined);
          let page = store.list({ verb: 'list', type: GADGETS, limit: 2 }) as Any;
          const paged = [...page.answer.items];
          while (page.answer.continue !== undefined) {
            patch({ spec: { size: paged.length * 2 } });
            page = store.list({ verb: 'list', type: GADGETS, limit: 2, continue: page.answer.continue });
            paged.push(...page.answer.items);
          }
          assert.equal(paged, whole);
          continue;
        }
        const unchanged = outcome.kind !== 'ok' || outcome.answer === object;
        assert.is(Number(store.resourceVersion()) - Number(before), unchanged ? 0 : 1);
      }
      for (const { held, selector, stop } of watchers) {
        stop();
        const byName = [...held.values()].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
        assert.equal(byName, listed(selector));
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
