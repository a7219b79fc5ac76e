/** One leader at a time, whatever the network and the scheduler do. Spec 08, 6.3 and 11; I8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fenced } from '../../io/fence.ts';
import { type Election, LEADER_LEASE, STANDARD_TIMING, startElection } from '../../io/leader-election.ts';
import { type Log, noLog } from '../../io/log.ts';
import type { KubeApi } from '../../io/outside.ts';
import type { Random } from '../../io/random.ts';
import type { KubeObject, KubeOutcome } from '../../messages/kube.ts';
import { random } from '../support/seeded.ts';
import { type SimClock, simClock } from '../support/sim-clock.ts';

const ok = (answer: KubeObject): KubeOutcome => ({ kind: 'ok', answer });
/** An API server with nothing but Leases, each request taking `delayMs()`; `fails` decides before and after it is done. */
function leases(clock: SimClock, delayMs: () => number = () => 5) {
  let version = 0;
  let stored: KubeObject | undefined;
  const here = { fails: (_who: string): 'no' | 'before' | 'after' => 'no' };
  const api = (who: string): Pick<KubeApi, 'request'> => ({
    request: (request) =>
      new Promise((resolve) => {
        const answer = (): KubeOutcome => {
          if (request.verb === 'get') return stored === undefined ? { kind: 'notFound', message: 'none' } : ok(stored);
          if (request.verb === 'create' && stored !== undefined) return { kind: 'alreadyExists', message: 'is there' };
          if (request.verb !== 'create' && request.verb !== 'replace') throw new Error(request.verb);
          const { object } = request;
          if (request.verb === 'replace' && object.metadata.resourceVersion !== stored?.metadata.resourceVersion)
            return { kind: 'conflict', message: 'modified' };
          stored = {
            ...object,
            metadata: { ...object.metadata, uid: 'u', resourceVersion: String(++version) },
          } as KubeObject;
          return ok(stored);
        };
        const lost: KubeOutcome = { kind: 'transport', cause: 'connection reset' };
        clock.after(delayMs(), () => {
          const fails = here.fails(who);
          if (fails === 'before') return resolve(lost);
          const given = answer();
          clock.after(delayMs(), () => resolve(fails === 'after' ? lost : given));
        });
      }),
  });
  return { api, here, spec: () => (stored as { spec?: Record<string, unknown> } | undefined)?.spec };
}

interface Candidate {
  readonly election: Election;
  readonly log: string[];
}
function candidate(
  who: string,
  clock: SimClock,
  api: Pick<KubeApi, 'request'>,
  chance: Random,
  lines: Log = noLog,
): Candidate {
  const log: string[] = [];
  const election = startElection({
    api,
    namespace: 'op',
    identity: who,
    clock,
    random: chance,
    log: lines,
    elected: (term) => log.push(`elected ${term} at ${clock.monotonicMs()}`),
    lost: (why) => log.push(`lost at ${clock.monotonicMs()}: ${why}`),
  });
  return { election, log };
}
const settle = async (): Promise<void> => {
  for (let round = 0; round < 8; round += 1) await Promise.resolve();
};
/** Timer by timer, with all promises in between. */
async function run(clock: SimClock, ms: number, each: () => void = () => {}): Promise<void> {
  const untilMs = clock.monotonicMs() + ms;
  await settle();
  while (clock.step(untilMs)) {
    await settle();
    each();
  }
}
const middle: Random = () => 0.5;

test('the first one creates the lease, is elected, and renews it every 2 s', async () => {
  const clock = simClock();
  const { api, spec } = leases(clock);
  const a = candidate('a', clock, api('a'), middle);
  await run(clock, 60_000);
  assert.equal(a.log, ['elected 0 at 20']);
  assert.ok(a.election.holds());
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = spec() ?? {};
  assert.equal([holderIdentity, leaseDurationSeconds, leaseTransitions], ['a', 15, 0]);
  assert.match(String(acquireTime), /^2026-01-01T00:00:00\.\d{6}Z$/);
  assert.match(String(renewTime), /^2026-01-01T00:00:(5[789]|60)\.\d{6}Z$/);
  a.election.stop();
});

test('one that may not ask for the lease says why, once, and is elected when it may', async () => {
  const clock = simClock();
  const { api } = leases(clock);
  const forbidden: KubeOutcome = { kind: 'refused', status: 403, reason: 'Forbidden', message: 'cannot get leases' };
  let mayAsk = false;
  const guarded: Pick<KubeApi, 'request'> = {
    request: (request) => (mayAsk ? api('a').request(request) : Promise.resolve(forbidden)),
  };
  const lines: unknown[] = [];
  const log = { ...noLog, warn: (...line: readonly unknown[]) => void lines.push(line) };
  const a = candidate('a', clock, guarded, middle, log);
  await run(clock, 30_000);
  assert.equal(lines, [[{ lease: `op/${LEADER_LEASE}`, problem: 'cannot get leases' }, 'cannot ask for the lease']]);
  assert.is(a.log.length, 0);
  mayAsk = true;
  await run(clock, 3_000);
  assert.is(a.log.length, 1);
  assert.is(lines.length, 1);
  a.election.stop();
});

test('one that waits for another says nothing of it as of a trouble', async () => {
  const clock = simClock();
  const { api } = leases(clock);
  const a = candidate('a', clock, api('a'), middle);
  await run(clock, 1_000);
  const lines: unknown[] = [];
  const b = candidate('b', clock, api('b'), middle, {
    ...noLog,
    warn: (...line: readonly unknown[]) => void lines.push(line),
  });
  await run(clock, 30_000);
  assert.equal(lines, []);
  for (const { election } of [a, b]) election.stop();
});

test('spec 08 §11 #34: one works; when it dies the other takes over within 17 s, and never before the lease stood still for 15', async () => {
  const clock = simClock();
  const { api } = leases(clock);
  const a = candidate('a', clock, api('a'), middle);
  await run(clock, 1_000);
  const b = candidate('b', clock, api('b'), middle);
  await run(clock, 60_000);
  assert.is(b.log.length, 0);
  assert.is(b.election.holder(), 'a');
  const diedMs = clock.monotonicMs();
  a.election.stop();
  await run(clock, 30_000);
  const [, electedMs = '0'] = /elected 1 at (\d+)/.exec(b.log.join()) ?? [];
  const tookMs = Number(electedMs) - diedMs;
  assert.ok(tookMs >= STANDARD_TIMING.durationMs - 2_500 && tookMs < 17_500, `${tookMs} ms`);
  b.election.stop();
});

test('spec 08 §11 #35: a leader that cannot reach the API stops sending after 10 s and is told so', async () => {
  const clock = simClock();
  const { api, here } = leases(clock);
  const a = candidate('a', clock, api('a'), middle);
  await run(clock, 1_000);
  here.fails = () => 'before';
  const sinceMs = clock.monotonicMs();
  const heldMs: number[] = [];
  await run(clock, 30_000, () => {
    if (a.election.holds()) heldMs.push(clock.monotonicMs());
  });
  assert.ok(Math.max(...heldMs) - sinceMs < STANDARD_TIMING.renewDeadlineMs);
  assert.match(a.log[1] ?? '', /^lost at \d+: not renewed in time$/);
  assert.is(a.log.length, 2);
});

test('a renewal that hangs does not keep it from giving up in time', async () => {
  const clock = simClock();
  let hangs = false;
  const { api } = leases(clock, () => (hangs ? 10 * 60_000 : 5));
  const a = candidate('a', clock, api('a'), middle);
  await run(clock, 1_000);
  hangs = true;
  await run(clock, 15_000);
  assert.match(a.log[1] ?? '', 'not renewed in time');
});

test('spec 08 §11 #40: a lease that is given back is taken at the next look, not after 15 s', async () => {
  const clock = simClock();
  const { api, spec } = leases(clock);
  const a = candidate('a', clock, api('a'), middle);
  await run(clock, 1_000);
  const b = candidate('b', clock, api('b'), middle);
  await run(clock, 10_000);
  const sinceMs = clock.monotonicMs();
  void a.election.release();
  await run(clock, 5_000);
  const [, electedMs = '99999'] = /elected \d at (\d+)/.exec(b.log.join()) ?? [];
  assert.ok(Number(electedMs) - sinceMs < 3_000);
  assert.is(spec()?.holderIdentity, 'b');
  assert.not(a.election.holds());
  b.election.stop();
});

test('spec 08 §11 #38, #39: while somebody else renews the lease nothing is done, and who holds it is known', async () => {
  const clock = simClock();
  const { api } = leases(clock);
  const reference = candidate('weka-operator-7c9_1234', clock, api('r'), middle);
  await run(clock, 1_000);
  const ours = candidate('ours', clock, api('o'), middle);
  await run(clock, 10 * 60_000);
  assert.is(ours.election.holder(), 'weka-operator-7c9_1234');
  assert.not(ours.election.holds());
  assert.equal(ours.log, []);
  reference.election.stop();
  ours.election.stop();
});

test('a process that was stopped for 30 s sends nothing when it wakes, before any of its timers has run', async () => {
  const inner = simClock();
  let sleptMs = 0;
  const clock: SimClock = { ...inner, monotonicMs: () => inner.monotonicMs() + sleptMs };
  const { api } = leases(clock);
  const a = candidate('a', clock, api('a'), middle);
  await run(clock, 1_000);
  const sent: string[] = [];
  const did =
    <Outcome>(name: string, outcome: Outcome) =>
    async (): Promise<Outcome> => {
      sent.push(name);
      return outcome;
    };
  const outside = fenced(
    {
      kube: {
        request: did('kube', { kind: 'notFound', message: '' }),
        list: did('list', { kind: 'notFound', message: '' }),
        watch: did('watch', { kind: 'closed' }),
      },
      exec: { run: did('exec', { kind: 'ok', stdout: '', stderr: '' }) },
      agent: { request: did('agent', { kind: 'ok', body: '' }) },
    },
    a.election.holds,
  );
  const target = { namespace: 'n', pod: 'p', container: 'c' };
  const ref = { type: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }, name: 'p' };
  const all = () =>
    Promise.all([
      outside.kube.request({ verb: 'delete', ref }),
      outside.exec.run({ target, argv: ['x'], timeoutMs: 1 }),
      outside.agent.request('ip', { method: 'POST', path: '/register', timeoutMs: 1 }, 't'),
    ]);
  await all();
  assert.equal(sent, ['kube', 'exec', 'agent']);
  sleptMs = 30_000;
  const outcomes = await all();
  assert.is(sent.length, 3);
  assert.equal(
    outcomes.map(({ kind }) => kind),
    ['refused', 'transport', 'transport'],
  );
  await outside.kube.request({ verb: 'get', ref });
  assert.is(sent.length, 4, 'reading goes on');
  a.election.stop();
});

test('200 seeds of lost requests, slow answers and dying leaders: never two at once, and always one again', async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const chance = random(`election/${seed}`);
    const clock = simClock();
    let calm = false;
    const { api, here } = leases(clock, () => (calm ? 5 : chance() * (chance() < 0.05 ? 12_000 : 300)));
    here.fails = () => {
      const draw = chance();
      return calm || draw > 0.3 ? 'no' : draw > 0.15 ? 'before' : 'after';
    };
    const running: Candidate[] = [];
    let next = 0;
    const join = () => running.push(candidate(`c${next}`, clock, api(`c${next++}`), chance));
    const judge = () => {
      const holders = running.filter(({ election }) => election.holds());
      assert.ok(holders.length <= 1, `seed ${seed}: ${holders.length} lead at ${clock.monotonicMs()} ms`);
    };
    for (let index = 0; index < 3; index += 1) join();
    for (let round = 0; round < 12; round += 1) {
      await run(clock, chance() * 20_000, judge);
      const leader = running.findIndex(({ election }) => election.holds());
      if (leader >= 0 && chance() < 0.4) {
        const [gone] = running.splice(leader, 1);
        if (chance() < 0.5) void gone?.election.release();
        else gone?.election.stop();
        join();
      }
      // One that gave up ends, and its pod comes back.
      for (const [index, { log }] of [...running.entries()].reverse()) {
        if (!log.some((line) => line.startsWith('lost'))) continue;
        running.splice(index, 1);
        join();
      }
    }
    calm = true;
    await run(clock, 90_000, judge);
    assert.is(running.filter(({ election }) => election.holds()).length, 1, `seed ${seed}`);
    for (const { election } of running) election.stop();
  }
});

test('the lease is that of the existing operator’s manager', () => {
  assert.is(LEADER_LEASE, 'ad0b5146.weka.io');
});

test.run();
