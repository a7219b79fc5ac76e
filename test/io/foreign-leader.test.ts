/** A process without election of its own, and a lease that somebody may be renewing. Source: spec 08, 8.8 and 11 no. 38. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watchForeignLeader } from '../../io/foreign-leader.ts';
import { noLog } from '../../io/log.ts';
import type { KubeObject, KubeOutcome } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';

/** Looks at a lease that is as `lease` says at each moment, for `forMs`; when it began, if it did. */
async function begins(lease: (nowMs: number) => KubeOutcome | 'broken', forMs: number) {
  const clock = simClock();
  const verbs = new Set<string>();
  const leader = watchForeignLeader({
    api: {
      request: ({ verb }) => {
        verbs.add(verb);
        const found = lease(clock.monotonicMs());
        return found === 'broken' ? Promise.reject(new Error('broken')) : Promise.resolve(found);
      },
    },
    namespace: 'op',
    clock,
    log: noLog,
  });
  let atMs: number | undefined;
  const problems = new Set<string | undefined>();
  void leader.gone.then(() => {
    atMs = clock.monotonicMs();
  });
  const startMs = clock.monotonicMs();
  do {
    for (let round = 0; round < 8; round += 1) await Promise.resolve();
    problems.add(leader.problem());
  } while (clock.step(startMs + forMs));
  assert.equal([...verbs], ['get']);
  return { atMs: atMs === undefined ? undefined : atMs - startMs, problems: [...problems] };
}
const held = (version: number, holderIdentity = 'weka-operator-7c9_1', leaseDurationSeconds = 15): KubeOutcome => ({
  kind: 'ok',
  answer: {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'ad0b5146.weka.io',
      namespace: 'op',
      uid: 'l',
      resourceVersion: String(version),
      creationTimestamp: '',
    },
    spec: { holderIdentity, leaseDurationSeconds },
  } as KubeObject, // A Lease.
});

test('nobody has ever led, or has given it back: it begins at once', async () => {
  assert.is((await begins(() => ({ kind: 'notFound', message: 'none' }), 0)).atMs, 0);
  assert.is((await begins(() => held(7, ''), 0)).atMs, 0);
});

test('spec 08 §11 #38, without election: while the lease is renewed nothing begins, and who holds it is said', async () => {
  const { atMs, problems } = await begins((nowMs) => held(Math.floor(nowMs / 2_000)), 600_000);
  assert.is(atMs, undefined);
  assert.equal(problems, ['lease ad0b5146.weka.io: held by weka-operator-7c9_1']);
});

test('one that has died is waited out: 15 s without a change, or what it asked for if that is longer', async () => {
  assert.is((await begins(() => held(7), 60_000)).atMs, 16_000);
  assert.is((await begins(() => held(7, 'x', 40), 60_000)).atMs, 40_000);
});

test('a lease that cannot be read is taken as held, until it can be', async () => {
  const { atMs, problems } = await begins((nowMs) => {
    if (nowMs < 10_000) return 'broken';
    return nowMs < 20_000 ? { kind: 'refused', status: 403, reason: 'Forbidden', message: 'forbidden' } : held(7, '');
  }, 60_000);
  assert.ok(atMs !== undefined && atMs >= 10_000);
  assert.ok(
    problems.every((text) => text === undefined || text.includes('cannot be read')),
    problems.join('\n'),
  );
});

test.run();
