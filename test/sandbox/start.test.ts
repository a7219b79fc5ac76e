/** The parts of `npm start` without process and sockets: command line, what Running means, progress, screen. */
import { PassThrough } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readOptions } from '../../deploy/sandbox/demo/options.ts';
import { ordersOf, shapeOf } from '../../deploy/sandbox/demo/orders.ts';
import { progressLine, progressLines, progressOf } from '../../deploy/sandbox/demo/progress.ts';
import { createScreen } from '../../deploy/sandbox/demo/screen.ts';
import { isHelper, isSettled, stateOf } from '../../deploy/sandbox/demo/settled.ts';
import { seededStreams } from '../../deploy/sandbox/seeded.ts';
import type { ContainerMode } from '../../messages/weka-container.ts';
import { simClock } from '../support/sim-clock.ts';
import { container } from './demo/container.ts';

const drives = [{}, {}];

test('the mixed demo orders as many containers as the small one, half of each role with shared drives', () => {
  const read = readOptions(['--demo', 'mixed', '--drive', '5']);
  if (read.kind !== 'ok') throw new Error(read.text);
  const orders = ordersOf(read.options, 'weka');
  assert.equal(
    orders.map(({ drive, compute, driveCapacity }) => [drive, compute, driveCapacity]),
    [
      [3, 3, undefined],
      [2, 3, 1_024],
    ],
  );
  assert.equal(
    [0, 1].map((index) => shapeOf('mixed').signedFor(index)),
    ['exclusive', 'proxy'],
  );
  assert.is(readOptions(['--demo', 'large']).kind, 'end');
});

test('without options: 12 nodes, 6 drive and 6 compute containers, 120 s, and it stays up', () => {
  assert.equal(readOptions([]), {
    kind: 'ok',
    options: {
      demo: 'small',
      nodes: 12,
      drive: 6,
      compute: 6,
      numDrives: 1,
      timeoutMs: 120_000,
      exitWhenRunning: false,
      andDelete: false,
      port: 0,
      keep: false,
      seed: 'demo',
      speed: 10,
    },
  });
});

test('every option is taken', () => {
  const argv =
    '--nodes 9 --drive 3 --compute 4 --num-drives 2 --timeout 30 --exit-when-running --and-delete --port 6443 --keep --seed x --speed 2.5';
  const read = readOptions(argv.split(' '));
  assert.equal(read.kind === 'ok' && Object.values(read.options), [
    'small',
    9,
    3,
    4,
    2,
    6443,
    'x',
    2.5,
    30_000,
    true,
    true,
    true,
  ]);
});

for (const [argv, text] of [
  [['--nodes', '0'], /--nodes.*whole number from 1 to 1000/],
  [['--nodes', '1e1'], /whole number/],
  [['--timeout', '-1'], /--timeout/],
  [['--port', '65536'], /from 0 to 65535/],
  [['--speed', '0'], /number from 0.1 to 100/],
  [['--drive', '13'], /--drive 13 is more than --nodes 12/],
  [['--nodes', '3', '--drive', '3'], /--compute 6 is more than --nodes 3/],
  [['--dive', '3'], /unknown option/],
  [['more'], /too many arguments/],
] as const) {
  test(`${argv.join(' ')} ends with 2 and says why`, () => {
    const read = readOptions(argv);
    assert.is(read.kind, 'end');
    if (read.kind !== 'end') return;
    assert.is(read.code, 2);
    assert.match(read.text, text);
  });
}

test('--help ends with 0 and names every option', () => {
  const read = readOptions(['--help']);
  assert.is(read.kind === 'end' && read.code, 0);
  const text = read.kind === 'end' ? read.text : '';
  for (const option of ['--exit-when-running', '--and-delete', '--keep', '--seed', '--speed', '--port'])
    assert.match(text, option);
});

test('Running is only who has joined and has all its drives', () => {
  const of = (status: object, mode: ContainerMode = 'drive') => stateOf(container(mode, status));
  assert.is(of({ status: 'Running' }), 'Joining the cluster');
  assert.is(of({ status: 'Running', containerID: 0 }), 'Adding drives');
  assert.is(of({ status: 'Running', containerID: 0, addedDrives: [{}] }), 'Adding drives');
  assert.is(of({ status: 'Running', containerID: 0, addedDrives: drives }), 'Running');
  assert.is(of({ status: 'Running', containerID: 0 }, 'compute'), 'Running');
  assert.is(of({ status: 'Running' }, 'envoy'), 'Running');
  assert.is(of({ status: 'Starting', containerID: 0 }, 'compute'), 'Starting');
  assert.is(of({ status: '' }), 'New');
  assert.is(stateOf(container('drive')), 'New');
  assert.is(isSettled(container('compute', { status: 'Running' })), false);
});

test('helpers are the one-offs that the controller makes', () => {
  const modes = ['discovery', 'drivers-loader', 'adhoc-op', 'adhoc-op-with-container'] as const;
  for (const mode of modes) assert.ok(isHelper(container(mode)), mode);
  for (const mode of ['drive', 'compute', 'client', 'drivers-builder'] as const)
    assert.not(isHelper(container(mode)), mode);
});

test('progress names states in the order of a life, Running last, and the helpers', () => {
  const progress = progressOf(
    [
      container('drive', { status: 'Running', containerID: 1, addedDrives: drives }),
      container('compute', { status: 'WaitForDrivers' }),
      container('compute', { status: 'Odd' }),
      container('drive'),
      container('discovery', { status: 'Running' }),
    ],
    6,
  );
  assert.equal(progress.others, [
    ['not created yet', 2],
    ['New', 1],
    ['WaitForDrivers', 1],
    ['Odd', 1],
  ]);
  assert.is(
    progressLine(progress),
    'Running 1/6 · not created yet 2, New 1, WaitForDrivers 1, Odd 1 · helpers: discovery 1',
  );
  const lines = progressLines(progress);
  assert.is(lines.length, 6);
  assert.match(lines[0] ?? '', /^not created yet {6}█{8}░{16} 2\/6$/);
  assert.match(lines[4] ?? '', /^Running +█{4}░{20} 1\/6$/);
  assert.match(lines[5] ?? '', /^helpers +discovery 1$/);
});

test('progress without helpers and with everything Running is one bar', () => {
  const progress = progressOf([container('compute', { status: 'Running', containerID: 1 })], 1);
  assert.is(progressLine(progress), 'Running 1/1');
  assert.equal(progressLines(progress).length, 1);
});

test('in a pipe: at most one line a second, only when it changed, and always the last', () => {
  const clock = simClock();
  const output = new PassThrough();
  const screen = createScreen(output as never, clock); // No terminal: nothing but write is used.
  screen.show([], 'one');
  clock.advance(500);
  screen.show([], 'two');
  clock.advance(500);
  screen.show([], 'two');
  clock.advance(5_000);
  screen.show([], 'two');
  screen.show([], 'three');
  screen.show([], 'four');
  screen.done();
  screen.say('end');
  assert.is(String(output.read()), '0 s: one\n1 s: two\n6 s: three\n6 s: four\nend\n');
});

test('equal seeds give equal streams, other names and seeds give others', () => {
  const draws = (seed: string, name: string) => {
    const random = seededStreams(seed)(name);
    return [random(), random(), random()].join();
  };
  assert.is(draws('a', 'x'), draws('a', 'x'));
  assert.is.not(draws('a', 'x'), draws('a', 'y'));
  assert.is.not(draws('a', 'x'), draws('b', 'x'));
});

test.run();
