/** The flight recorder: bounded, in order, surviving restarts and deletions. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, tell } from '../../actors/machine.ts';
import { createRecorder } from '../../actors/recorder.ts';
import type { TraceRecord } from '../../messages/trace.ts';
import { drive } from '../support/drive.ts';
import { noter, stage } from '../support/stage.ts';

const numbered = (atMs: number): TraceRecord => ({
  atMs,
  path: '/a',
  message: 'go',
  from: 'io',
  waitedMs: 0,
  tookMs: 0,
  effects: '',
  cause: '',
  error: '',
});

test('a ring keeps the newest records, oldest first', () => {
  const heard: number[] = [];
  const recorder = createRecorder(({ atMs }) => heard.push(atMs), { recordsMax: 4, goneMax: 1 });
  const trace = recorder.of('a');
  for (let atMs = 1; atMs <= 10; atMs += 1) trace(numbered(atMs));
  assert.equal(
    recorder.read('a').map(({ atMs }) => atMs),
    [7, 8, 9, 10],
  );
  assert.is(heard.length, 10);
  assert.equal(recorder.read('b'), []);
});

test('a record comes back as it went in, to the microsecond', () => {
  const recorder = createRecorder();
  const record: TraceRecord = {
    atMs: 1_767_225_600_123,
    path: '/fleet/cell-0/a',
    message: 'lookAgain',
    from: '/fleet',
    waitedMs: 0.125,
    tookMs: 12.004,
    effects: 'ask:join',
    cause: 'pod changed',
    error: 'Error: x',
  };
  recorder.of('a')(record);
  recorder.of('a')({ ...record, atMs: record.atMs - 5 });
  assert.equal(recorder.read('a'), [record, { ...record, atMs: record.atMs - 5 }]);
});

test('rings of the forgotten stay readable up to a bound; one that returns is kept', () => {
  const recorder = createRecorder(undefined, { recordsMax: 4, goneMax: 1 });
  for (const key of ['a', 'b', 'c']) recorder.of(key)(numbered(1));
  recorder.forget('a');
  recorder.of('a')(numbered(2));
  recorder.forget('b');
  assert.equal(recorder.keys(), ['a', 'b', 'c']);
  recorder.forget('c');
  assert.equal(recorder.keys(), ['a', 'c']);
  recorder.forget('never heard of');
  assert.equal(recorder.keys(), ['a', 'c']);
});

test('it survives the restart of its actor', async () => {
  const { system, clock, judge } = stage();
  const recorder = createRecorder();
  const a = spawn(system.root, 'a', noter([], 'a'), judge, recorder.of('uid'));
  tell(a, { kind: 'boom' });
  tell(a, { kind: 'go' });
  await drive(system, clock, 10_000);
  assert.equal(
    recorder.read('uid').map(({ message }) => message),
    ['boom', 'crash', 'restart', 'go'],
  );
});

test.run();
