/** V6: Leases that allocators have left of nodes that are gone. Spec 01, 22 no. 24. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import type { ListRequest, ObjectRequest } from '../../io/outside.ts';
import type { KubeList, KubeObject, KubeOutcome } from '../../messages/kube.ts';
import { ROUND_MS, startLeaseCollector } from '../../supervisors/old-leases.ts';
import { flush } from '../io/fake-jobs.ts';
import { testConfig } from '../support/config.ts';
import { nodeOf } from '../support/containers.ts';
import { absent, did, refused } from '../support/play.ts';
import { simClock } from '../support/sim-clock.ts';

const leaseOf = (name: string, resourceVersion = '1'): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: 'weka-operator-system', uid: `uid-${name}`, resourceVersion, creationTimestamp: '' },
});
interface Given {
  /** By round, the last one for ever. */
  readonly leases: readonly (readonly KubeObject[])[];
  /** In the store. */
  readonly nodes?: readonly string[];
  /** What a live read of any node says. */
  readonly live?: KubeOutcome;
  readonly on?: boolean;
  readonly listed?: KubeOutcome<KubeList>;
}
function collecting({ leases, nodes = [], live = absent, on = true, listed }: Given) {
  const [clock, lists, sent]: [ReturnType<typeof simClock>, ListRequest[], string[]] = [simClock(), [], []];
  let round = -1;
  const list = async (request: ListRequest): Promise<KubeOutcome<KubeList>> => {
    lists.push(request);
    if (request.continue === undefined) round += 1;
    const items = leases[Math.min(round, leases.length - 1)] ?? [];
    // Two a page.
    const from = Number(request.continue ?? 0);
    const more = from + 2 < items.length ? { continue: String(from + 2) } : {};
    return listed ?? { kind: 'ok', answer: { items: items.slice(from, from + 2), resourceVersion: '9', ...more } };
  };
  const submit = (request: ObjectRequest, _class: unknown, done: (end: KubeOutcome) => void) => {
    if (request.verb !== 'get' && request.verb !== 'delete') throw new Error(request.verb);
    const lock = request.verb === 'delete' ? ` ${request.uid} ${request.resourceVersion}` : '';
    sent.push(`${request.verb} ${request.ref.name}${lock}`);
    clock.after(0, () => done(request.verb === 'get' ? live : did(leaseOf(request.ref.name))));
    return () => {};
  };
  const stores = { nodes: { uidOf: (_: undefined, name: string) => (nodes.includes(name) ? 'u' : undefined) } };
  const end = startLeaseCollector({
    stores: stores as never, // The one look-up.
    kube: { list },
    submit: submit as never, // A part of Submit.
    settings: testConfig(on ? { COLLECT_LEFTOVERS: 'true' } : {}),
    clock,
    log: noLog,
  });
  const rounds = async (count: number) => {
    for (let left = count; left > 0; left -= 1) {
      clock.advance(ROUND_MS);
      await flush();
      clock.advance(0);
    }
  };
  return { lists, sent, rounds, end };
}

test('V6: the Lease of a node that is gone goes after two rounds, under what was seen of it', async () => {
  const all = ['weka-allocator-a', 'weka-allocator-b', 'weka-allocator-c', 'ad0b5146.weka.io'].map((name) =>
    leaseOf(name),
  );
  const { lists, sent, rounds } = collecting({ leases: [all], nodes: ['a'] });
  await rounds(1);
  assert.equal([lists.length, sent], [2, []]);
  assert.is(lists[0]?.namespace, 'weka-operator-system');
  await rounds(1);
  assert.equal(sent, [
    'get b',
    'get c',
    'delete weka-allocator-b uid-weka-allocator-b 1',
    'delete weka-allocator-c uid-weka-allocator-c 1',
  ]);
});

for (const [name, given] of [
  ['the setting is off', { on: false }],
  ['its node is there', { nodes: ['a'] }],
  ['its node is there when read live', { live: did(nodeOf('a')) }],
  ['its node cannot be read', { live: refused }],
  ['somebody renews it', { leases: [1, 2, 3, 4].map((version) => [leaseOf('weka-allocator-a', `${version}`)]) }],
  ['Leases cannot be listed', { listed: refused as KubeOutcome<KubeList> }],
] as const) {
  test(`V6: a Lease stays when ${name}`, async () => {
    const { sent, rounds } = collecting({ leases: [[leaseOf('weka-allocator-a')]], ...given });
    await rounds(4);
    assert.equal(
      sent.filter((line) => line.startsWith('delete')),
      [],
    );
  });
}

test('V6: after the end nothing is asked any more', async () => {
  const { lists, rounds, end } = collecting({ leases: [[]] });
  await rounds(1);
  end();
  await rounds(3);
  assert.is(lists.length, 1);
});

test.run();
