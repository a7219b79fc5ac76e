/** The parts of `npm start` without process and sockets: command line, what Running means, progress, screen. */
import { PassThrough } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readOptions } from '../../deploy/sandbox/demo/options.ts';
import { planOf, totalOf, wantedText } from '../../deploy/sandbox/demo/orders.ts';
import { preparedOf } from '../../deploy/sandbox/demo/preparing.ts';
import { progressLine, progressLines, progressOf } from '../../deploy/sandbox/demo/progress.ts';
import { createScreen } from '../../deploy/sandbox/demo/screen.ts';
import { isHelper, isSettled, stateOf } from '../../deploy/sandbox/demo/settled.ts';
import { seededStreams } from '../../deploy/sandbox/seeded.ts';
import type { ContainerMode } from '../../messages/weka-container.ts';
import { simClock } from '../support/sim-clock.ts';
import { container } from './demo/container.ts';

const drives = [{}, {}];

const optionsOf = (...argv: string[]) => {
  const read = readOptions(argv);
  if (read.kind !== 'ok') throw new Error(read.text);
  return read.options;
};
const mixed = planOf(optionsOf('--demo', 'mixed', '--drive', '5'), 'weka');

test('the mixed demo orders as many containers as the small one, half of each role with shared drives', () => {
  assert.equal(
    mixed.clusters.map(({ drive, compute, driveCapacity }) => [drive, compute, driveCapacity]),
    [
      [3, 3, undefined],
      [2, 3, 1_024],
    ],
  );
  assert.is(readOptions(['--demo', 'large']).kind, 'end');
});

test('the mixed demo starts from unsigned drives, and signs those of each node for what its cluster wants', () => {
  assert.equal([0, 1].map(mixed.shape.signedFor), ['nobody', 'nobody']);
  const signed = mixed.preparations.flatMap(({ object }) => {
    const { payload } = object.spec as { payload?: { nodeSelector: object; shared: boolean } };
    return payload === undefined ? [] : [payload];
  });
  assert.equal(
    signed.map(({ nodeSelector }) => nodeSelector),
    mixed.clusters.map(({ nodeSelector }) => nodeSelector),
  );
  assert.equal(
    signed.map(({ shared }) => shared),
    [false, true],
  );
  assert.equal(
    new Set(mixed.clusters.map(({ driversDistService }) => driversDistService)),
    new Set(['https://demo-drivers-dist.weka.svc.cluster.local:60002']),
  );
  assert.equal(planOf(optionsOf(), 'weka').preparations, []);
});

test('the mixed demo has every protocol, with an envoy to each S3, and clients on nodes of their own', () => {
  const plan = planOf(optionsOf('--demo', 'mixed'), 'weka');
  assert.is(wantedText(plan), '6 drive, 6 compute, 2 s3, 2 envoy, 2 nfs, 1 data-services, 2 telemetry, 20 client');
  assert.is(totalOf(plan), 41);
  const [clients] = plan.clients;
  const shape = (index: number) => Object.entries({ ...plan.shape.labels(index) });
  const takes = (index: number, selector: object = {}) =>
    Object.entries(selector).every(([key, value]) => shape(index).some(([k, v]) => k === key && v === value));
  const nodes = [...Array(32).keys()];
  assert.equal(
    nodes.filter((index) => takes(index, clients?.nodeSelector)),
    nodes.slice(12),
  );
  for (const { nodeSelector } of plan.clusters)
    assert.is(nodes.filter((index) => takes(index, nodeSelector)).length, 6);
  assert.is(planOf(optionsOf('--clients', '3'), 'weka').clients.length, 1);
  assert.is(planOf(optionsOf(), 'weka').clients.length, 0);
});

test('preparations are told in plain words, and are done when their object says so and its helpers are gone', () => {
  const [signing] = mixed.preparations;
  assert.ok(signing);
  const owned = (mode: ContainerMode, status: object, name: string) => {
    const made = container(mode, status, name);
    return { ...made, metadata: { ...made.metadata, ownerReferences: [{ uid: 'op' }] } };
  };
  const told = (status: string, ...made: object[]) =>
    preparedOf(
      {
        get: () => ({ metadata: { uid: 'op' }, status: { status } }),
        all: () => made,
      } as never, // As much of a store as is read.
      [signing],
    );
  const [one, other] = [owned('adhoc-op', { status: 'Completed' }, 'a'), owned('adhoc-op', {}, 'b')];
  assert.equal(told('', container('compute', {})), { done: false, lines: [`${signing.doing}: about to begin`] });
  assert.equal(told('', one, other), { done: false, lines: [`${signing.doing}: 1 done, 1 starting`] });
  assert.is(told('Done', one).done, false);
  assert.equal(told('Done'), { done: true, lines: [signing.done] });
  assert.is(told('Done', owned('drivers-dist', {}, 'c')).done, true);
});

test('without options: 12 nodes, 6 drive and 6 compute containers, no clients, 120 s, and it stays up', () => {
  assert.equal(readOptions([]), {
    kind: 'ok',
    options: {
      demo: 'small',
      nodes: 12,
      drive: 6,
      compute: 6,
      clients: 0,
      numDrives: 1,
      timeoutMs: 120_000,
      exitWhenRunning: false,
      upgrade: false,
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
    '--nodes 9 --drive 3 --compute 4 --clients 5 --num-drives 2 --timeout 30 --exit-when-running --upgrade --and-delete --port 6443 --keep --seed x --speed 2.5';
  const read = readOptions(argv.split(' '));
  assert.equal(read.kind === 'ok' && Object.values(read.options), [
    9,
    5,
    'small',
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
  [['--clients', '13'], /--clients 13 is more than --nodes 12/],
  [
    ['--demo', 'mixed', '--nodes', '24'],
    /--drive 6 is more than the 4 nodes that --nodes leaves beside those of clients/,
  ],
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
  for (const option of ['--exit-when-running', '--upgrade', '--and-delete', '--keep', '--seed', '--speed', '--port'])
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

test('what builds and serves drivers is no part of what was ordered', () => {
  const all = [container('drivers-dist', { status: 'Running' }), container('drivers-builder', { status: 'Completed' })];
  assert.is(progressLine(progressOf(all, 1)), 'Running 0/1 · not created yet 1');
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
