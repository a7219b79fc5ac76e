/** Which containers' turns go to the log, and as what. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLog } from '../../io/log.ts';
import { type TraceLog, traceLog } from '../../io/trace-log.ts';
import type { TraceRecord } from '../../messages/trace.ts';
import { createScene } from '../sim/scene.ts';
import { simClock } from '../support/sim-clock.ts';

const record: TraceRecord = {
  atMs: 1,
  path: '/fleet/cell-0/weka,a/member',
  message: 'answered',
  from: 'io',
  waitedMs: 0.5,
  tookMs: 2,
  effects: 'end:done',
  cause: 'exec',
  error: '',
};
const container = (name: string) => ({ namespace: 'weka', name, uid: `uid-${name}` });
const names = Array.from({ length: 2_000 }, (_none, index) => `compute-${index}`);
const quiet = (): void => {};
const chosen = (log: TraceLog): readonly string[] => names.filter((name) => log.of(container(name)) !== undefined);

test('a container that is named is traced at any log level, as one line a turn', () => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const output = openLog({ level: 'error', clock: simClock(), destination });
  const log = traceLog({ traceContainers: ['weka/a'], traceSamplePercent: 0 }, output.always);
  log.of(container('a'))?.(record);
  const { level, time: _, msg, ...keys } = lines[0] ?? {};
  const { path, ...rest } = record;
  assert.equal([level, msg], [30, 'turn']);
  assert.equal(keys, { container: 'weka/a', uid: 'uid-a', actor: path, ...rest });
  assert.is(log.of(container('b')), undefined);
  assert.is(log.of({ ...container('a'), namespace: 'other' }), undefined);
});

test('what is always written is redacted like everything else', () => {
  const lines: string[] = [];
  const output = openLog({
    level: 'error',
    clock: simClock(),
    destination: { write: (line) => void lines.push(line) },
  });
  output.always({ token: 's3cret', request: { authorization: 's3cret' } }, 'turn');
  assert.is(lines.length, 1);
  assert.not.match(lines.join(), 's3cret');
});

test('a sample has about its share, stays the same, and is part of every larger one', () => {
  const sample = (traceSamplePercent: number) => chosen(traceLog({ traceContainers: [], traceSamplePercent }, quiet));
  const ten = sample(10);
  assert.ok(ten.length > 150 && ten.length < 250, `${ten.length} of 2000`);
  assert.equal(sample(10), ten);
  const half = new Set(sample(50));
  assert.ok(ten.every((name) => half.has(name)));
  assert.is(sample(100).length, names.length);
  assert.is(sample(0).length, 0);
});

test('the turns of a chosen container and its children reach the log of the controller, and nobody else', async () => {
  const turns: Record<string, unknown>[] = [];
  const others = new Set<string>();
  const scene = createScene({
    seed: 'trace',
    nodes: 2,
    drive: 1,
    compute: 2,
    controller: {
      traceLog: {
        // The first compute container to start is chosen by its name, which the fleet makes up.
        of: (seen) => {
          const traceContainers = seen.name.includes('compute') && others.size === 0 ? [`weka/${seen.name}`] : [];
          if (seen.name.includes('compute')) others.add(seen.name);
          return traceLog({ traceContainers, traceSamplePercent: 0 }, (keys) => turns.push(keys)).of(seen);
        },
      },
    },
  });
  scene.start();
  await scene.forMs(60_000);
  const [first, second] = others;
  assert.ok(first !== undefined && second !== undefined);
  const actors = new Set(turns.map(({ actor }) => String(actor).replace(/^.*,/, '')));
  assert.ok(actors.has(first), [...actors].join());
  assert.ok([...actors].some((actor) => actor.startsWith(`${first}/`)));
  assert.not.ok([...actors].some((actor) => actor.startsWith(second)));
  assert.equal(new Set(turns.map(({ container: of, uid }) => `${of} ${uid}`)).size, 1);
  scene.crash();
});

test.run();
