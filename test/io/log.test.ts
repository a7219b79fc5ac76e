/** Log lines as they are written. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLog } from '../../io/log.ts';
import { SIM_START_WALL_MS, simClock } from '../support/sim-clock.ts';

function setUp(level: 'debug' | 'info' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const clock = simClock();
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, clock, output: openLog({ level, clock, base: { version: '1' }, destination }) };
}

test("a line has level, the clock's time, the keys of its ancestors and a constant message", () => {
  const { lines, clock, output } = setUp();
  clock.advance(5);
  output.log.child({ container: 'ns/c' }).info({ step: 'ensurePod' }, 'step done');
  assert.equal(lines, [
    { level: 30, time: SIM_START_WALL_MS + 5, version: '1', container: 'ns/c', step: 'ensurePod', msg: 'step done' },
  ]);
});

test('the level can change at run time, for child loggers too', () => {
  const { lines, output } = setUp();
  const child = output.log.child({ a: 1 });
  child.debug({}, 'unseen');
  output.setLevel('debug');
  child.debug({}, 'seen');
  output.setLevel('error');
  child.warn({}, 'unseen');
  assert.equal(
    lines.map(({ msg }) => msg),
    ['seen'],
  );
});

test('secrets do not get out, at the top or below', () => {
  const { lines, output } = setUp();
  output.log.info(
    { token: 's3cret', request: { authorization: 's3cret', headers: { authorization: 's3cret' } } },
    'sent',
  );
  output.log.child({ password: 's3cret' }).info({ secrets: [{ token: 's3cret' }] }, 'sent');
  assert.not.match(JSON.stringify(lines), /s3cret/);
  assert.is(lines.length, 2);
});

test('an error shows its message, stack and cause; a value that cannot be read costs the line, not the caller', () => {
  const { lines, output } = setUp();
  output.log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  assert.match(JSON.stringify(lines[0]?.err), /outer.*inner/);
  const bad = {
    get x() {
      throw new Error('no');
    },
  };
  output.log.info({ bad }, 'unreadable');
  assert.is(lines.length, 1);
  assert.is(output.dropped(), 1);
});

test.run();
