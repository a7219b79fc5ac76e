/** Which containers the modelled siblings give another image next. Source: spec 03, 9.1. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Container } from '../../../deploy/sandbox/world/holders.ts';
import { nextOfClient, nextOfCluster } from '../../../deploy/sandbox/world/upgrade-rounds.ts';

interface Of {
  readonly mode?: string;
  readonly image?: string;
  readonly applied?: string | undefined;
  readonly leaving?: boolean;
  readonly node?: string;
}
const [OLD, NEW] = ['old', 'new'];
const one = (name: string, { mode = 'drive', image = OLD, applied = image, leaving = false, node = 'n' }: Of = {}) =>
  ({
    kind: 'WekaContainer',
    metadata: { name, uid: name, ...(leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { mode, image },
    status: { status: 'Running', nodeAffinity: node, ...(applied === '' ? {} : { lastAppliedImage: applied }) },
  }) as unknown as Container; // As much of one as is read.
const drives = (count: number, of: (index: number) => Of = () => ({})): readonly Container[] =>
  Array.from({ length: count }, (_none, index) => one(`d${index}`, of(index)));
const next = (members: readonly Container[], isProtected = true): string | undefined =>
  nextOfCluster(members, NEW, () => isProtected)?.metadata.name;

test('spec 03 §17 #53: of 10 containers one may be leaving: the others go one at a time; with two it waits', () => {
  assert.is(next(drives(10, (index) => ({ leaving: index === 3 }))), 'd0');
  assert.is(next(drives(10, (index) => ({ leaving: index < 2 }))), undefined);
  assert.is(next(drives(10, (index) => (index === 0 ? { image: NEW, applied: OLD } : {}))), undefined);
  assert.is(next(drives(10, (index) => (index === 0 ? { image: NEW, applied: NEW } : {}))), 'd1');
  assert.is(next(drives(9, (index) => ({ leaving: index === 3 }))), undefined);
});

test('a container that is new, or has no node, holds up nobody', () => {
  assert.is(next(drives(3, (index) => (index === 0 ? { image: NEW, applied: '' } : {}))), 'd1');
  assert.is(next(drives(3, (index) => (index === 0 ? { image: NEW, applied: OLD, node: '' } : {}))), 'd1');
});

test('drives, then computes, then what serves protocols, then the rest; none while weka is not protected', () => {
  const others = ['telemetry', 'nfs', 's3', 'compute'].map((mode) => one(mode, { mode }));
  const done = ['drive'];
  const members = [...others, one('drive')];
  assert.is(next(members), 'drive');
  assert.is(next(members, false), undefined);
  const order: (string | undefined)[] = [];
  for (let round = 0; round < 5; round += 1) {
    const name = next(
      members.map((each) =>
        done.includes(each.metadata.name) ? one(each.metadata.name, { mode: each.spec.mode, image: NEW }) : each,
      ),
    );
    order.push(name);
    if (name !== undefined) done.push(name);
  }
  assert.equal(order, ['compute', 'nfs', 's3', 'telemetry', undefined]);
});

test('clients are asked all at once, and only once', () => {
  const clients = [one('a'), one('b', { image: NEW, applied: OLD }), one('c', { image: NEW })];
  assert.equal(
    nextOfClient(clients, NEW).map(({ metadata }) => metadata.name),
    ['a'],
  );
});

test.run();
