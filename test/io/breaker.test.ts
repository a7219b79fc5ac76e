/** The circuit breaker of a node, on a virtual clock. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBreaker, FAILURES_MAX, OPEN_MS_MAX, OPEN_MS_MIN } from '../../io/breaker.ts';
import { simClock } from '../support/sim-clock.ts';

function setUp() {
  const clock = simClock();
  let opened = 0;
  const breaker = createBreaker({ clock, random: () => 0.5, opened: () => opened++ });
  const fail = (times: number) => {
    for (let index = 0; index < times; index++) breaker.failed(false);
  };
  return { clock, breaker, fail, openedCount: () => opened };
}

test('it opens after failures in a row, not before, and not when an answer came in between', () => {
  const { breaker, fail, openedCount } = setUp();
  fail(FAILURES_MAX - 1);
  breaker.succeeded();
  fail(FAILURES_MAX - 1);
  assert.equal([breaker.state(), openedCount()], ['closed', 0]);
  fail(1);
  assert.equal([breaker.state(), openedCount()], ['open', 1]);
  assert.is(breaker.admit(false), undefined);
});

test('half-open on its timer it lets one probe through at a time; an answer closes it', () => {
  const { clock, breaker, fail } = setUp();
  fail(FAILURES_MAX);
  clock.advance(OPEN_MS_MIN - 1);
  assert.is(breaker.admit(false), undefined);
  clock.advance(1);
  assert.equal([breaker.admit(false), breaker.admit(false)], ['probe', undefined]);
  breaker.undecided(true);
  assert.is(breaker.admit(false), 'probe');
  breaker.succeeded();
  assert.equal([breaker.admit(false), breaker.admit(false), breaker.pristine()], ['pass', 'pass', true]);
  assert.is(clock.pendingCount(), 0);
});

test('each failed probe doubles the time it stays open, up to a bound; late failures of before count for nothing', () => {
  const { clock, breaker, fail } = setUp();
  fail(FAILURES_MAX);
  let openMs = OPEN_MS_MIN;
  for (let round = 0; round < 6; round++) {
    fail(1);
    clock.advance(openMs - 1);
    assert.is(breaker.state(), 'open');
    clock.advance(1);
    fail(1);
    assert.is(breaker.admit(false), 'probe');
    breaker.failed(true);
    openMs = Math.min(openMs * 2, OPEN_MS_MAX);
  }
});

test('urgent work is a probe of its own, one at a time', () => {
  const { breaker, fail } = setUp();
  fail(FAILURES_MAX);
  assert.equal([breaker.admit(true), breaker.admit(true)], ['probe', undefined]);
  breaker.succeeded();
  assert.is(breaker.state(), 'closed');
});

test('a node that is not ready gets nothing, until it is; then one probe first', () => {
  const { clock, breaker, openedCount } = setUp();
  breaker.setReady(false);
  breaker.setReady(false);
  assert.is(openedCount(), 1);
  clock.advance(OPEN_MS_MAX * 10);
  breaker.succeeded();
  assert.equal([breaker.admit(true), breaker.admit(false), breaker.pristine()], [undefined, undefined, false]);
  breaker.setReady(true);
  assert.equal([breaker.admit(false), breaker.admit(false)], ['probe', undefined]);
  breaker.succeeded();
  assert.is(breaker.state(), 'closed');
});

test.run();
