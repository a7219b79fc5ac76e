/** Who served a container when, told from what was asked. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Asked } from './audit.ts';
import { outOfTurn, servantsOf } from './served.ts';

const asked = (user: string, name = 'one', more: Partial<Asked> = {}): Asked => ({
  user,
  verb: 'patch',
  group: 'weka.weka.io',
  resource: 'wekacontainers/status',
  namespace: 'weka',
  name,
  uri: '',
  code: 200,
  receivedAt: '',
  ...more,
});

test('runs of one’s writes of a status or a pod; nothing else, and nothing that was refused', () => {
  const all = [
    asked('a'),
    asked('a', 'one', { resource: 'pods', verb: 'create', code: 201 }),
    asked('b', 'one', { verb: 'get' }),
    asked('b', 'one', { resource: 'pods/exec', verb: 'create' }),
    asked('b', 'one', { code: 409 }),
    asked('b', 'two'),
    asked('c'),
    asked('a'),
  ];
  assert.equal(
    [...servantsOf(all)],
    [
      ['weka/one', ['a', 'c', 'a']],
      ['weka/two', ['b']],
    ],
  );
});

test('each in its turn; one that was passed over is none; one that comes back must have been given it again', () => {
  const given = new Map([['weka/one', ['a', 'b', 'c', 'a']]]);
  const judged = (...users: readonly string[]) => outOfTurn(new Map([['weka/one', users]]), given).length;
  assert.is(judged('a', 'b', 'c', 'a'), 0);
  assert.is(judged('a', 'c'), 0);
  assert.is(judged('b', 'a'), 0);
  assert.is(judged('a', 'b', 'a', 'c'), 1);
  assert.is(judged('d'), 1);
  assert.is(outOfTurn(new Map([['weka/two', ['a']]]), given).length, 1);
});

test.run();
