/** Every benchmark runs here, tiny: its own checks of its result must hold. Figures are not judged on a shared machine. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { median, meetsGoal } from '../../benchmarks/benchmark.ts';
import { BENCHMARKS } from '../../benchmarks/run.ts';

for (const [name, load] of Object.entries(BENCHMARKS)) {
  test(`${name} runs and its result is right`, async () => {
    const { question, run } = await load();
    assert.match(question, /\?$/);
    const figures = await run('tiny');
    assert.ok(figures.length > 0);
    // A tiny run may take no time that the CPU clock can tell: its rate is then infinite.
    assert.is(figures.map(({ name: figure, value }) => (Number.isNaN(value) ? figure : '')).join(''), '');
  });
}

test('a goal is a bound in one direction', () => {
  const goal = (value: number, kind: 'atLeast' | 'atMost') =>
    meetsGoal({ name: 'x', value, unit: '', goal: { kind, value: 10 } });
  assert.equal(
    [goal(10, 'atLeast'), goal(9, 'atLeast'), goal(10, 'atMost'), goal(11, 'atMost')],
    [true, false, true, false],
  );
  assert.is(median([3, 1, 2]), 2);
});

test.run();
