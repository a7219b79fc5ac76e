/** Requests to the API server: bounds, rate, pauses, and what a cancel does. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type KubePoolOptions, kubePool } from '../../io/kube-pool.ts';
import type { ObjectRequest } from '../../io/outside.ts';
import { type KubeObject, type KubeOutcome, PODS, refOf } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';
import { flush } from './fake-jobs.ts';

const ref = (name: string) => refOf(PODS, { namespace: 'ns', name });
const read = (name: string): ObjectRequest => ({ verb: 'get', ref: ref(name) });
const write = (name: string): ObjectRequest => ({ verb: 'mergePatch', ref: ref(name), patch: {} });
const OK: KubeOutcome = { kind: 'ok', answer: {} as KubeObject };

function setUp(settings: Partial<KubePoolOptions['settings']> = {}) {
  const clock = simClock();
  const sent: string[] = [];
  const aborted: string[] = [];
  const told: string[] = [];
  const ends = new Map<string, (outcome: KubeOutcome) => void>();
  const pool = kubePool({
    clock,
    settings: { kubeReadConcurrency: 2, kubeWriteConcurrency: 2, kubeWriteQps: 0, kubeWriteBurst: 1, ...settings },
    api: {
      request: (request, signal) =>
        new Promise((resolve) => {
          const name = 'ref' in request ? request.ref.name : '';
          sent.push(name);
          ends.set(name, resolve);
          signal?.addEventListener('abort', () => {
            aborted.push(name);
            resolve({ kind: 'transport', cause: 'aborted' });
          });
        }),
    },
  });
  const submit = (request: ObjectRequest, workClass: 'removal' | 'periodic' = 'periodic') => {
    const name = 'ref' in request ? request.ref.name : '';
    return pool.submit(request, workClass, (end) => told.push(`${name} ${end.kind}`));
  };
  const end = async (name: string, outcome: KubeOutcome = OK) => {
    ends.get(name)?.(outcome);
    await flush();
  };
  return { clock, pool, sent, aborted, told, submit, end };
}

test('reads and writes have places of their own; the urgent goes first', async () => {
  const { sent, submit, end, told } = setUp();
  for (const name of ['r1', 'r2', 'r3']) submit(read(name));
  for (const name of ['w1', 'w2', 'w3']) submit(write(name));
  submit(write('urgent'), 'removal');
  assert.equal(sent, ['r1', 'r2', 'w1', 'w2']);
  await end('w1');
  assert.equal([sent.at(-1), told], ['urgent', ['w1 ok']]);
});

test('writes keep to the rate, reads do not', () => {
  const { clock, sent, submit } = setUp({ kubeWriteQps: 1, kubeWriteBurst: 1, kubeWriteConcurrency: 10 });
  for (const name of ['w1', 'w2', 'w3']) submit(write(name));
  submit(read('r1'));
  submit(read('r2'));
  assert.equal(sent, ['w1', 'r1', 'r2']);
  clock.advance(1_000);
  assert.equal(sent, ['w1', 'r1', 'r2', 'w2']);
});

test('after a 429 nothing of its kind is sent until the server wants to be asked again', async () => {
  const { clock, sent, submit, end, told } = setUp();
  submit(write('w1'));
  await end('w1', { kind: 'throttled', retryAfterMs: 5_000 });
  submit(write('w2'));
  submit(read('r1'));
  clock.advance(4_999);
  assert.equal([sent, told], [['w1', 'r1'], ['w1 throttled']]);
  clock.advance(1);
  assert.equal(sent, ['w1', 'r1', 'w2']);
});

test('a cancel withdraws what was not sent, breaks off a read, and leaves a write alone', async () => {
  const { sent, submit, end, told, aborted } = setUp({ kubeReadConcurrency: 1, kubeWriteConcurrency: 1 });
  const [w1, w2] = [submit(write('w1')), submit(write('w2'))];
  const r1 = submit(read('r1'));
  w1();
  w2();
  r1();
  assert.equal(told, []);
  await flush();
  assert.equal([sent, aborted, told.toSorted()], [['w1', 'r1'], ['r1'], ['r1 transport', 'w2 dropped']]);
  await end('w1');
  assert.is(told.at(-1), 'w1 ok');
});

test('a request that waits for a token when it is cancelled leaves no timer', async () => {
  const { clock, submit, told } = setUp({ kubeWriteQps: 1, kubeWriteBurst: 1 });
  submit(write('w1'));
  submit(write('w2'))();
  await flush();
  assert.equal([told, clock.pendingCount()], [['w2 dropped'], 0]);
});

test('drain waits for what was accepted', async () => {
  const { pool, submit, end, told } = setUp();
  submit(write('w1'));
  const drained = pool.drain();
  submit(write('w2'));
  await end('w1');
  await drained;
  assert.equal(told, ['w2 dropped', 'w1 ok']);
});

test.run();
