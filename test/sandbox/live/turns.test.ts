/** Turns of models: held back by writes under way, in order, and none after the end. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTurns } from '../../../deploy/sandbox/live/turns.ts';
import { simClock } from '../../support/sim-clock.ts';

function scene() {
  const clock = simClock();
  const turns = createTurns(clock);
  const seen: string[] = [];
  const note = (text: string) => (): void => void seen.push(text);
  return { clock, turns, seen, note };
}

test('a turn that is due while a write is under way runs once it is answered, in order', () => {
  const { clock, turns, seen, note } = scene();
  let answered = (): void => undefined;
  turns.clock.after(1, () => {
    answered = turns.await();
  });
  turns.clock.after(2, note('first'));
  turns.clock.after(3, note('second'));
  clock.advance(10);
  assert.equal(seen, []);
  answered();
  assert.equal(seen, ['first', 'second']);
});

test('a turn that writes holds back those that were waiting with it', () => {
  const { clock, turns, seen, note } = scene();
  const answered = turns.await();
  let again = (): void => undefined;
  turns.clock.after(1, () => {
    again = turns.await();
  });
  turns.clock.after(2, note('later'));
  clock.advance(10);
  answered();
  answered(); // Told twice counts once.
  assert.equal(seen, []);
  again();
  assert.equal(seen, ['later']);
});

test('what is cancelled while it waits does not run, nor anything after the end', () => {
  const { clock, turns, seen, note } = scene();
  const answered = turns.await();
  const cancel = turns.clock.after(1, note('cancelled'));
  turns.clock.after(2, note('kept'));
  clock.advance(5);
  cancel();
  answered();
  assert.equal(seen, ['kept']);
  turns.clock.after(1, note('too late'));
  turns.stop();
  turns.clock.after(1, note('later still'));
  assert.is(clock.pendingCount(), 0);
});

test.run();
