/** The judge: growing delay, restart intensity, quarantine. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CRASHES_KEPT, type Verdict } from '../../actors/machine.ts';
import { CELL_LIMIT, RESTART_LIMIT } from '../../supervisors/fleet.ts';
import { type CrashReport, oneForOne } from '../../supervisors/one-for-one.ts';
import { LIMIT } from '../support/stage.ts';

const unjittered = (): number => 0.5;
const judged = (earlierMs: readonly number[], atMs: number, chance = unjittered): [Verdict, CrashReport[]] => {
  const reports: CrashReport[] = [];
  const judge = oneForOne(LIMIT, chance, (report) => reports.push(report));
  return [judge({ path: '/a', error: 'bug', atMs, earlierMs }), reports];
};

test('the delay doubles with each crash in the window, up to its bound; then quarantine', () => {
  const delays = [0, 1, 2, 3, 4, 5, 9].map((count) => {
    const [verdict] = judged(
      Array.from({ length: count }, (_none, index) => index),
      100,
    );
    return verdict.kind === 'restart' ? [verdict.afterMs, verdict.quarantined] : [];
  });
  assert.equal(delays, [
    [500, false],
    [1_000, false],
    [2_000, false],
    [4_000, false],
    [8_000, false],
    [600_000, true],
    [600_000, true],
  ]);
});

test('crashes older than the window are forgiven', () => {
  const [verdict, reports] = judged([0, 1, 2, 3, 4, 5], LIMIT.windowMs + 4);
  assert.equal(verdict, { kind: 'restart', afterMs: 1_000, quarantined: false });
  assert.equal(reports, [{ path: '/a', verdict: 'restart', error: 'bug', count: 2, afterMs: 1_000 }]);
});

test('delays are spread by a quarter either way', () => {
  assert.equal(judged([], 0, () => 0)[0], { kind: 'restart', afterMs: 375, quarantined: false });
  const [high] = judged([], 0, () => 0.999);
  assert.ok(high.kind === 'restart' && high.afterMs > 620 && high.afterMs < 625);
});

test('a report that throws changes no verdict', () => {
  const judge = oneForOne(LIMIT, unjittered, () => {
    throw new Error('the API server is away');
  });
  assert.equal(judge({ path: '/a', error: 'bug', atMs: 0, earlierMs: [] }), {
    kind: 'restart',
    afterMs: 500,
    quarantined: false,
  });
});

test('the limits in use can be reached within what the kernel remembers, and quarantine is shorter than the window', () => {
  for (const limit of [RESTART_LIMIT, CELL_LIMIT]) {
    assert.ok(limit.crashesMax < CRASHES_KEPT);
    assert.ok(limit.quarantineMs < limit.windowMs);
  }
});

test.run();
