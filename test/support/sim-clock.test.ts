/** The virtual clock and the seeded streams that every other test stands on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { random, shuffle } from './seeded.ts';
import { SIM_START_WALL_MS, simClock } from './sim-clock.ts';

test('timers fire one by one in the order of their time, then of their setting', () => {
  const clock = simClock();
  const log: string[] = [];
  clock.after(20, () => log.push(`c ${clock.monotonicMs()}`));
  clock.after(10, () => log.push(`a ${clock.monotonicMs()}`));
  clock.after(10, () => log.push(`b ${clock.monotonicMs()}`));
  const cancel = clock.after(15, () => log.push('never'));
  cancel();
  assert.is(clock.pendingCount(), 3);
  assert.is(clock.step(15), true);
  assert.equal(log, ['a 10']);
  assert.is(clock.step(15), true);
  assert.is(clock.step(15), false);
  assert.is(clock.monotonicMs(), 15);
  clock.advance(5);
  assert.equal(log, ['a 10', 'b 10', 'c 20']);
  assert.is(clock.pendingCount(), 0);
  assert.is(clock.wallMs(), SIM_START_WALL_MS + 20);
});

test('a timer set while another fires comes in its turn; a cancel after the fact does nothing', () => {
  const clock = simClock();
  const log: number[] = [];
  const cancel = clock.after(5, () => void clock.after(-1, () => log.push(clock.monotonicMs())));
  clock.advance(100);
  cancel();
  assert.equal(log, [5]);
  assert.is(clock.pendingCount(), 0);
});

test('a named stream repeats itself and does not resemble its neighbour', () => {
  const ten = (name: string): number[] => Array.from({ length: 10 }, random(name));
  assert.equal(ten('7/node-1'), ten('7/node-1'));
  assert.not.equal(ten('7/node-1'), ten('7/node-2'));
  const close = ten('7/node-1').filter((value, index) => Math.abs(value - (ten('7/node-2')[index] ?? 0)) < 0.01);
  assert.ok(close.length < 3);
});

test('shuffle keeps every item', () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  shuffle(items, random('shuffle'));
  assert.not.equal(items, [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(items.toSorted(), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test.run();
