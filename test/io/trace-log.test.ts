/** Which containers' turns go to the log, and as what. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLog } from '../../io/log.ts';
import { type TraceLog, traceLog } from '../../io/trace-log.ts';
import { CONTAINERS, refOf } from '../../messages/kube.ts';
import type { Trace, TraceRecord } from '../../messages/trace.ts';
import { first, podOf } from '../sim/never.ts';
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
/** As for one that has just been seen. */
const traceOf = (log: TraceLog, about: ReturnType<typeof container>): Trace | undefined => {
  log.choose(about);
  return log.of(about.uid);
};
const chosen = (log: TraceLog): readonly string[] =>
  names.filter((name) => traceOf(log, container(name)) !== undefined);

test('a container that is named is traced at any log level, as one line a turn', () => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const output = openLog({ level: 'error', clock: simClock(), destination });
  const log = traceLog({ traceContainers: ['weka/a'], traceSamplePercent: 0 }, output.always);
  traceOf(log, container('a'))?.(record);
  const { level, time: _, msg, ...keys } = lines[0] ?? {};
  const { path, ...rest } = record;
  assert.equal([level, msg], [30, 'turn']);
  assert.equal(keys, { container: 'weka/a', uid: 'uid-a', actor: path, ...rest });
  assert.is(traceOf(log, container('b')), undefined);
  assert.is(traceOf(log, { ...container('a'), uid: 'x', namespace: 'other' }), undefined);
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

test('an annotation chooses and unchooses, also against the settings; any other text of it says nothing', () => {
  const log = traceLog({ traceContainers: ['weka/a'], traceSamplePercent: 0 }, quiet);
  const annotated = (name: string, text?: string): boolean => {
    log.choose({ ...container(name), ...(text === undefined ? {} : { annotations: { 'weka.io/trace': text } }) });
    return log.of(`uid-${name}`) !== undefined;
  };
  assert.equal(
    [annotated('b'), annotated('b', 'on'), annotated('b', 'x'), annotated('b')],
    [false, true, false, false],
  );
  assert.equal([annotated('a'), annotated('a', 'off'), annotated('a', 'x'), annotated('a')], [true, false, true, true]);
  log.forget('uid-a');
  assert.is(log.of('uid-a'), undefined);
});

test('the turns of a container that is annotated while it runs reach the log, with those of its children, and nobody else’s; its pod stays', async () => {
  const turns: Record<string, unknown>[] = [];
  const choice = { traceContainers: [], traceSamplePercent: 0 };
  const log = traceLog(choice, (keys) => turns.push(keys));
  const scene = createScene({ seed: 'trace', nodes: 2, drive: 1, compute: 2, controller: { traceLog: log } });
  scene.start();
  await scene.forMs(60_000);
  assert.is(turns.length, 0);
  const chosen = first(scene, 'compute');
  const pod = podOf(scene, chosen)?.metadata.uid;
  assert.type(pod, 'string');
  const annotate = (text: string | null): void => {
    const patch = { metadata: { annotations: { 'weka.io/trace': text } } };
    scene.world.store.request({ verb: 'mergePatch', ref: refOf(CONTAINERS, chosen.metadata), patch });
  };
  annotate('on');
  await scene.forMs(60_000);
  const actors = new Set(turns.map(({ actor }) => String(actor).replace(/^.*,/, '')));
  const { name, uid } = chosen.metadata;
  assert.ok(actors.has(name), [...actors].join());
  assert.ok([...actors].some((actor) => actor.startsWith(`${name}/`)));
  assert.equal([...new Set(turns.map(({ container: of, uid: about }) => `${of} ${about}`))], [`weka/${name} ${uid}`]);
  annotate(null);
  await scene.forMs(1_000);
  const told = turns.length;
  await scene.forMs(60_000);
  assert.is(turns.length, told);
  assert.is(podOf(scene, chosen)?.metadata.uid, pod);
  scene.crash();
});

test.run();
