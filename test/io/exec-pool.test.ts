/** Bounds, breakers and single flight of commands in pods, on a virtual clock over commands that end when told. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ExecJob, type ExecPoolOptions, execPool } from '../../io/exec-pool.ts';
import type { ExecOutcome } from '../../messages/outcome.ts';
import { simClock } from '../support/sim-clock.ts';
import { type ExecEnd, fakeExec, flush, OK } from './fake-jobs.ts';

const TIMEOUT: ExecEnd = { kind: 'timeout', afterMs: 10_000 };
const LOST: ExecEnd = { kind: 'transport', cause: 'connection lost' };
const REFUSED: ExecEnd = { kind: 'transport', cause: '502 dial tcp', notStarted: true };
const FORBIDDEN: ExecEnd = { kind: 'forbidden', cause: '403 forbidden' };

function setUp(settings: Partial<ExecPoolOptions['settings']> = {}, queueMax?: number) {
  const clock = simClock();
  const api = fakeExec();
  const pool = execPool({
    api,
    clock,
    random: () => 0.5,
    settings: { execConcurrency: 64, execConcurrencyPerNode: 4, execConcurrencySickNodes: 8, ...settings },
    ...(queueMax === undefined ? {} : { queueMax }),
  });
  const told: [string, string][] = [];
  const submit = (name: string, job: Partial<ExecJob> = {}) =>
    pool.submit(
      {
        namespace: 'ns',
        pod: 'p',
        podUid: 'pod-1',
        node: 'node-1',
        container: 'weka-container',
        argv: [name],
        timeoutMs: 10_000,
        class: 'idempotent',
        priority: 'activation',
        ...job,
      },
      (outcome) => told.push([name, outcome.kind === 'dropped' ? outcome.why : outcome.kind]),
    );
  const running = () => api.running.map(({ request }) => request.argv[0]);
  const end = async (name: string, outcome: ExecEnd = OK) => {
    api.running.find(({ request }) => request.argv[0] === name)?.end(outcome);
    await flush();
  };
  return { clock, api, pool, told, submit, running, end };
}

test('a pod runs one command that changes something and one that reads at a time', async () => {
  const { submit, running, end } = setUp();
  for (const name of ['read-1', 'read-2']) submit(name, { class: 'read' });
  for (const name of ['change-1', 'change-2']) submit(name);
  submit('once-1', { class: 'once' });
  assert.equal(running(), ['read-1', 'change-1']);
  await end('read-1');
  await end('change-1');
  assert.equal(running(), ['read-2', 'change-2']);
});

test('a node runs four, all nodes together sixty-four; who waits for its node holds nothing of the total', async () => {
  const { submit, running, api, end } = setUp();
  for (let pod = 0; pod < 100; pod++) submit(`one-${pod}`, { podUid: `one-${pod}`, node: 'one' });
  assert.is(running().length, 4);
  for (let node = 0; node < 30; node++)
    for (let pod = 0; pod < 4; pod++) submit(`n${node}-${pod}`, { podUid: `n${node}-${pod}`, node: `n${node}` });
  assert.is(api.running.length, 64);
  await end('one-0');
  assert.is(api.running.length, 64);
});

test('F18: after a time-out the pod starts no other change until the command cannot live on; reads go on', async () => {
  const { clock, submit, running, end, pool, told } = setUp();
  submit('restart', { class: 'once', timeoutMs: 10_000 });
  submit('next');
  await end('restart', TIMEOUT);
  assert.equal(told, [['restart', 'timeout']], 'the caller is told at once');
  assert.equal(pool.lingering(), [{ podUid: 'pod-1', argv: ['restart'] }]);
  submit('verify', { class: 'read' });
  assert.equal(running(), ['verify']);
  clock.advance(9_999);
  await flush();
  assert.equal(running(), ['verify']);
  clock.advance(1);
  await flush();
  assert.equal(running(), ['verify', 'next']);
  await end('next');
  await end('verify');
  assert.equal(pool.lingering(), []);
});

for (const [what, outcome, kept] of [
  ['a lost connection', LOST, true],
  ['a stream without a status', { kind: 'truncated', cause: 'x' }, true],
  ['a refused connection', REFUSED, false],
  ['no such pod', { kind: 'podGone', cause: 'x' }, false],
  ['an exit', { kind: 'exit', code: 1, stdout: '', stderr: '' }, false],
] as const satisfies readonly (readonly [string, ExecEnd, boolean])[]) {
  test(`F18: ${what} ${kept ? 'keeps' : 'frees'} the slot of a change, and always that of a read`, async () => {
    const { submit, running, end } = setUp();
    submit('change');
    submit('change-2');
    submit('read', { class: 'read' });
    submit('read-2', { class: 'read' });
    await end('change', outcome);
    await end('read', outcome);
    assert.equal(running().toSorted(), kept ? ['read-2'] : ['change-2', 'read-2']);
  });
}

test('F18: a pod that was verified, or is gone, is free at once', async () => {
  const { submit, running, end, pool, told, clock } = setUp();
  submit('a');
  await end('a', TIMEOUT);
  submit('b');
  pool.verified('pod-1');
  await flush();
  assert.equal(running(), ['b']);
  submit('c');
  pool.podGone('pod-1');
  await flush();
  assert.equal(told.at(-1), ['c', 'podGone']);
  await end('b', TIMEOUT);
  pool.podGone('pod-1');
  await flush();
  assert.equal([pool.lingering(), clock.pendingCount()], [[], 0]);
});

test('F18: a command of class once is never sent twice at a time; whoever asks again gets its end', async () => {
  const { submit, running, told, end, api } = setUp();
  const first = submit('deactivate', { class: 'once' });
  submit('deactivate', { class: 'once' });
  submit('deactivate', { class: 'once', podUid: 'pod-2' });
  submit('other', { class: 'once' });
  assert.equal(running(), ['deactivate', 'deactivate'], 'one a pod');
  first();
  await flush();
  assert.equal(told, [['deactivate', 'cancelled']], 'one of two who wait for the same');
  await end('deactivate');
  assert.equal(told.length, 2);
  submit('deactivate', { class: 'once' });
  await end('other');
  assert.is(api.startedCount(), 4, 'after its end it is a new one');
});

test('a change that runs is never broken off: cancelled, it keeps its slot, and the same one joins it', async () => {
  const { submit, running, told, end } = setUp();
  const cancel = submit('deactivate', { class: 'once' });
  cancel();
  submit('deactivate', { class: 'once' });
  submit('other');
  await flush();
  assert.equal([running(), told], [['deactivate'], []]);
  await end('deactivate');
  assert.equal(told, [
    ['deactivate', 'ok'],
    ['deactivate', 'ok'],
  ]);
  assert.equal(running(), ['other']);
});

test('a cancel after the end tells nobody anything, also where two had asked for the same', async () => {
  const { submit, told, end } = setUp();
  const first = submit('deactivate', { class: 'once' });
  submit('deactivate', { class: 'once' });
  await end('deactivate');
  first();
  await flush();
  assert.is(told.length, 2);
});

test('what was withdrawn is not joined in the same turn', async () => {
  const { submit, told, end, running } = setUp();
  submit('other');
  const cancel = submit('deactivate', { class: 'once' });
  cancel();
  submit('deactivate', { class: 'once' });
  await end('other');
  assert.equal(
    [told, running()],
    [
      [
        ['deactivate', 'cancelled'],
        ['other', 'ok'],
      ],
      ['deactivate'],
    ],
  );
});

test('a read that is cancelled closes its connection', async () => {
  const { submit, running, told } = setUp();
  const cancel = submit('read', { class: 'read' });
  cancel();
  await flush();
  assert.equal([running(), told], [[], [['read', 'transport']]]);
});

test('pods whose last command timed out share eight places until one answers; their neighbours do not', async () => {
  const { submit, api, end, pool } = setUp();
  for (let node = 0; node < 20; node++) {
    submit(`first-${node}`, { class: 'read', podUid: `first-${node}`, node: `sick-${node}` });
    await end(`first-${node}`, TIMEOUT);
  }
  for (let node = 0; node < 20; node++)
    submit(`again-${node}`, { class: 'read', podUid: `first-${node}`, node: `sick-${node}` });
  assert.is(api.running.length, 8);
  submit('neighbour', { class: 'read', podUid: 'neighbour', node: 'sick-19' });
  assert.is(api.running.length, 9);
  await end('neighbour');
  for (let pod = 0; pod < 60; pod++)
    submit(`well-${pod}`, { class: 'read', podUid: `well-${pod}`, node: `well-${pod}` });
  assert.is(api.running.length, 64, 'the others have all the rest');
  await end('again-0');
  assert.is(
    pool.nodes().some(({ node }) => node === 'sick-0'),
    false,
    'it answered: nothing is remembered of it',
  );
});

test('a job that waits for the total when its pod falls silent goes over to the lane of such pods', async () => {
  const { submit, running, end } = setUp({ execConcurrency: 2, execConcurrencySickNodes: 1 });
  submit('slow', { podUid: 'a' });
  submit('other', { podUid: 'b' });
  submit('behind', { podUid: 'a', class: 'read' });
  submit('well', { podUid: 'c' });
  await end('slow', TIMEOUT);
  assert.equal(running(), ['other', 'well'], 'whoever is well overtakes');
  await end('other');
  assert.equal(running(), ['well', 'behind']);
});

test('a pod that hangs again and again says nothing of its node; other pods that hang, too, do', async () => {
  const { submit, told, end, pool } = setUp();
  for (let round = 0; round < 5; round += 1) {
    submit(`a${round}`, { class: 'read', podUid: 'a' });
    await end(`a${round}`, TIMEOUT);
  }
  const breaker = () => pool.nodes().find(({ node }) => node === 'node-1')?.breaker;
  assert.is(breaker(), 'closed');
  for (const name of ['b', 'c']) {
    submit(name, { class: 'read', podUid: name });
    await end(name, TIMEOUT);
  }
  assert.is(breaker(), 'open');
  assert.is(told.length, 7);
  for (const uid of ['a', 'b', 'c']) pool.podGone(uid);
});

test('spec 08 §11 #37: what the API server forbids is no word about a node: its breaker stays closed, the next command is told the reason too', async () => {
  const { pool, submit, told, end } = setUp();
  for (let round = 0; round < 10; round += 1) {
    submit(`c${round}`);
    await flush();
    await end(`c${round}`, FORBIDDEN);
  }
  assert.is(pool.nodes().find(({ node }) => node === 'node-1')?.breaker ?? 'closed', 'closed');
  assert.equal([...new Set(told.map(([, how]) => how))], ['forbidden']);
});

test('the breaker of a node opens after silence, gives back what waits for it and nothing of another', async () => {
  const { submit, running, told, end, clock } = setUp({ execConcurrencyPerNode: 1 });
  for (const name of ['a', 'b', 'c', 'd']) submit(name, { class: 'read', podUid: name });
  submit('x', { class: 'read', podUid: 'x', node: 'node-2' });
  submit('y', { class: 'read', podUid: 'y', node: 'node-2' });
  for (const name of ['a', 'b', 'c']) await end(name, TIMEOUT);
  await flush();
  assert.equal(told.slice(-2).toSorted(), [
    ['c', 'timeout'],
    ['d', 'breaker'],
  ]);
  assert.equal(running(), ['x']);
  submit('e', { class: 'read', podUid: 'e' });
  await flush();
  assert.equal(told.at(-1), ['e', 'breaker'], 'nothing is sent while it is open');
  submit('stop', { podUid: 'f', priority: 'removal' });
  await flush();
  assert.equal(running(), ['x', 'stop'], 'but taking a data path away is a probe of its own');
  await end('stop');
  submit('g', { class: 'read', podUid: 'g' });
  assert.equal(running(), ['x', 'g'], 'an answer closes it');
  await end('g');
  await end('x');
  await end('y');
  assert.is(clock.pendingCount(), 0);
});

test('spec 07 §22 no. 2: a node that turns not ready gives back what waits for it, and is asked again when it is ready', async () => {
  const { submit, running, told, pool, end } = setUp({ execConcurrencyPerNode: 1 });
  submit('a', { podUid: 'a' });
  submit('b', { podUid: 'b' });
  pool.setNodeReady('node-1', false);
  submit('c', { podUid: 'c', priority: 'removal' });
  await flush();
  await end('a');
  await flush();
  assert.equal(told.toSorted(), [
    ['a', 'ok'],
    ['b', 'breaker'],
    ['c', 'breaker'],
  ]);
  pool.setNodeReady('node-1', true);
  submit('d', { podUid: 'd' });
  await flush();
  assert.equal(running(), ['d']);
  pool.nodeGone('node-1');
  assert.equal(pool.nodes(), []);
});

test('aborted reads say nothing of their node', async () => {
  const { submit, pool } = setUp();
  for (let index = 0; index < 10; index++) submit('read', { class: 'read', podUid: `p${index}` })();
  await flush();
  assert.equal(pool.nodes(), []);
});

/**
 * Invariants, over any order of commands, ends, cancels, time and node states: a pod never runs two changes or two reads; a
 * change never begins while an earlier one may live on; bounds of node, sick nodes and total hold; each command is
 * told exactly once; submitted = waiting + running + ended + dropped.
 */
test('property: a pod never runs two changes at once, also after time-outs; all bounds hold; books balance', async () => {
  const act = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('submit' as const),
        pod: fc.nat(2),
        argv: fc.nat(1),
        class: fc.constantFrom('read' as const, 'idempotent' as const, 'once' as const),
        priority: fc.constantFrom('removal' as const, 'activation' as const, 'periodic' as const),
        deadlineMs: fc.option(fc.integer({ min: 1, max: 30_000 }), { nil: undefined }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        index: fc.nat(2),
        outcome: fc.constantFrom<ExecEnd>(OK, TIMEOUT, LOST, REFUSED, FORBIDDEN, { kind: 'podGone', cause: 'x' }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(20_000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('ready' as const), node: fc.nat(2), ready: fc.boolean() }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 30, maxLength: 80 }), async (acts) => {
      const settings = { execConcurrency: 3, execConcurrencyPerNode: 2, execConcurrencySickNodes: 1 };
      const { clock, api, pool } = setUp(settings);
      const told: number[] = [];
      const cancels: (() => void)[] = [];
      /** Pod → moment until which an earlier change may live on. */
      const mayLive = new Map<string, number>();
      let seen = 0;
      const check = () => {
        for (const { request } of api.running.slice(Math.min(seen, api.running.length))) {
          const changes = request.argv[0] !== 'read';
          if (changes)
            assert.ok(clock.monotonicMs() >= (mayLive.get(request.target.pod) ?? 0), 'an earlier change may live');
        }
        seen = api.running.length;
        const slots = api.running.map(({ request }) => `${request.target.pod} ${request.argv[0] === 'read'}`);
        assert.is(new Set(slots).size, slots.length, 'two at once in one slot');
        const perNode = Map.groupBy(api.running, ({ request }) => Number(request.target.pod) % 3);
        assert.ok([...perNode.values()].every((list) => list.length <= 2));
        assert.ok(api.running.length <= 3);
        assert.ok(told.every((count) => count <= 1));
        const { waiting, running, submitted, ended, dropped } = pool.counts();
        const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
        assert.is(submitted, sum(waiting) + running + ended + sum(dropped));
        assert.is(running, api.running.length);
      };
      const endOf = (index: number, outcome: ExecEnd) => {
        const entry = api.running[index % Math.max(1, api.running.length)];
        if (entry === undefined) return;
        const living = outcome.kind === 'timeout' || outcome === LOST;
        if (living && entry.request.argv[0] !== 'read')
          mayLive.set(entry.request.target.pod, clock.monotonicMs() + entry.request.timeoutMs);
        entry.end(outcome);
        seen = api.running.length;
      };
      for (const step of acts) {
        switch (step.kind) {
          case 'submit': {
            const { pod, argv, class: kind, priority, deadlineMs } = step;
            const index = told.push(0) - 1;
            const cancel = pool.submit(
              {
                namespace: 'ns',
                pod: String(pod),
                podUid: `uid-${pod}`,
                node: `node-${pod % 3}`,
                container: 'c',
                argv: [kind === 'read' ? 'read' : `${kind}-${argv}`],
                timeoutMs: 10_000,
                class: kind,
                priority,
                ...(deadlineMs === undefined ? {} : { deadlineMs }),
              },
              (_: ExecOutcome) => {
                told[index] = (told[index] ?? 0) + 1;
              },
            );
            cancels.push(cancel);
            break;
          }
          case 'end':
            endOf(step.index, step.outcome);
            break;
          case 'cancel':
            cancels[step.index]?.();
            seen = Math.min(seen, api.running.length);
            break;
          case 'advance':
            clock.advance(step.ms);
            break;
          case 'ready':
            pool.setNodeReady(`node-${step.node}`, step.ready);
            break;
        }
        await flush();
        check();
      }
      while (pool.counts().running > 0 || Object.values(pool.counts().waiting).some((count) => count > 0)) {
        endOf(0, OK);
        clock.advance(10_000);
        await flush();
        check();
      }
      assert.ok(told.every((count) => count === 1));
    }),
    { numRuns: 80, includeErrorInReport: true },
  );
});

test.run();
