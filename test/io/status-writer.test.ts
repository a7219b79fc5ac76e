/** One status write in flight per object, latest wins, answers before callers. Data in, data out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type StatusWrite, type StatusWriteEnd, statusWriter, type WithStatus } from '../../io/status-writer.ts';
import type { SubmitEnd } from '../../io/submit.ts';
import { CONTAINERS, type KubeObject, refOf } from '../../messages/kube.ts';

const object = (resourceVersion: string, status?: unknown, uid = 'u'): WithStatus => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaContainer',
  metadata: { name: 'c', namespace: 'ns', uid, resourceVersion, creationTimestamp: '' },
  ...(status === undefined ? {} : { status }),
});

function setUp() {
  const sent: { readonly patch: unknown; readonly answer: (end: SubmitEnd) => void }[] = [];
  const log: string[] = [];
  const entered: KubeObject[] = [];
  const writer = statusWriter(
    (request, workClass, done) => {
      if (request.verb !== 'mergePatch') throw new Error(request.verb);
      assert.is(request.subresource, 'status');
      log.push(`sent ${workClass}`);
      sent.push({ patch: request.patch, answer: done });
      return () => assert.unreachable('a write under way is not withdrawn');
    },
    (answer) => {
      entered.push(answer);
      log.push(`entered ${answer.metadata.resourceVersion}`);
    },
  );
  const write = (base: WithStatus, status: unknown, name: string, options: Partial<StatusWrite> = {}) => {
    const ref = refOf(CONTAINERS, base.metadata);
    const done = (end: StatusWriteEnd) => log.push(`${name} ${end.kind}`);
    writer.write({ ref, base, status, locked: true, workClass: 'activation', ...options }, done);
  };
  const patches = () => sent.map(({ patch }) => patch);
  return { writer, write, sent, log, entered, patches };
}
const ok = (answer: KubeObject): SubmitEnd => ({ kind: 'ok', answer });

test('only the difference is sent, under the lock of what it was decided on', () => {
  const { write, patches } = setUp();
  const base = object('5', { status: 'Init', gone: 1, same: [1], conditions: [{ type: 'A' }] });
  write(base, { status: 'Running', same: [1], conditions: [{ type: 'A' }, { type: 'B' }] }, 'one');
  assert.equal(patches(), [
    {
      metadata: { resourceVersion: '5' },
      status: { gone: null, status: 'Running', conditions: [{ type: 'A' }, { type: 'B' }] },
    },
  ]);
});

test('an unlocked write carries no resourceVersion; an object without a status gets one', () => {
  const { write, patches } = setUp();
  write(object('5'), { stats: { cpu: 1 } }, 'one', { locked: false });
  assert.equal(patches(), [{ status: { stats: { cpu: 1 } } }]);
});

test('nothing is sent where nothing differs', () => {
  const { write, patches, log, writer } = setUp();
  write(object('5', { a: [{ b: 1 }] }), { a: [{ b: 1 }] }, 'one');
  write(object('5'), {}, 'two');
  assert.equal(patches(), []);
  assert.equal(log, ['one unchanged', 'two unchanged']);
  assert.is(writer.busyCount(), 0);
});

test('the answer enters the store before the caller hears of it', () => {
  const { write, sent, log, writer } = setUp();
  write(object('5'), { status: 'Init' }, 'one');
  sent[0]?.answer(ok(object('6', { status: 'Init' })));
  assert.equal(log, ['sent activation', 'entered 6', 'one ok']);
  assert.is(writer.busyCount(), 0);
});

test('of several writes behind one under way the latest wins, and each caller is told', () => {
  const { write, sent, log, patches } = setUp();
  const base = object('5', { n: 0 });
  write(base, { n: 1 }, 'one');
  write(base, { n: 2 }, 'two');
  write(base, { n: 3 }, 'three');
  assert.is(sent.length, 1);
  sent[0]?.answer(ok(object('6', { n: 1 })));
  sent[1]?.answer(ok(object('7', { n: 3 })));
  assert.equal(log, [
    'sent activation',
    'two superseded',
    'entered 6',
    'one ok',
    'sent activation',
    'entered 7',
    'three ok',
  ]);
  assert.equal(patches()[1], { metadata: { resourceVersion: '6' }, status: { n: 3 } });
});

test('a waiting write that the answer made true is not sent', () => {
  const { write, sent, log } = setUp();
  const base = object('5', { n: 0 });
  write(base, { n: 1 }, 'one');
  write(base, { n: 1 }, 'two');
  sent[0]?.answer(ok(object('6', { n: 1 })));
  assert.equal(log, ['sent activation', 'entered 6', 'one ok', 'two unchanged']);
});

for (const [why, end, base, locked] of [
  ['the first conflicted', { kind: 'conflict', message: '' }, object('5', { n: 0 }), true],
  ['the first may or may not have been done', { kind: 'transport', cause: 'reset' }, object('5', { n: 0 }), true],
  ['it was decided on another state', ok(object('6', { n: 1 })), object('4', { n: 0 }), true],
  ['the first had no lock', ok(object('6', { n: 1 })), object('5', { n: 0 }), false],
] as const) {
  test(`a waiting write keeps its own base when ${why}`, () => {
    const { write, sent, patches } = setUp();
    write(object('5', { n: 0 }), { n: 1 }, 'one', { locked });
    write(base, { n: 2 }, 'two');
    sent[0]?.answer(end);
    const { resourceVersion } = base.metadata;
    assert.equal(patches()[1], { metadata: { resourceVersion }, status: { n: 2 } });
  });
}

test('a conflict is handed back, nothing enters the store, nothing is repeated', () => {
  const { write, sent, log } = setUp();
  write(object('5'), { n: 1 }, 'one');
  sent[0]?.answer({ kind: 'conflict', message: 'modified' });
  assert.equal(log, ['sent activation', 'one conflict']);
});

test('a write started by the caller that just heard takes the place of the waiting one', () => {
  const { writer, write, sent, log } = setUp();
  const base = object('5', { n: 0 });
  const request = { ref: refOf(CONTAINERS, base.metadata), locked: true, workClass: 'activation' as const };
  writer.write({ ...request, base, status: { n: 1 } }, () => write(object('6', { n: 1 }), { n: 9 }, 'nine'));
  write(base, { n: 2 }, 'two');
  sent[0]?.answer(ok(object('6', { n: 1 })));
  assert.equal(log, ['sent activation', 'entered 6', 'two superseded', 'sent activation']);
  assert.equal(sent[1]?.patch, { metadata: { resourceVersion: '6' }, status: { n: 9 } });
});

test('objects do not wait for each other', () => {
  const { write, sent, writer } = setUp();
  write(object('5', undefined, 'u1'), { n: 1 }, 'one');
  write(object('5', undefined, 'u2'), { n: 1 }, 'two');
  assert.is(sent.length, 2);
  assert.is(writer.busyCount(), 2);
});

test.run();
