/** The judgement by which two leaders at work would be seen. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LEADER_LEASE } from '../../io/leader-election.ts';
import type { Asked } from './audit.ts';
import { outOfTerm, termsOf, workOf } from './terms.ts';

const asked = (second: number, user: string, given: Partial<Asked>): Asked => ({
  user,
  verb: 'patch',
  group: '',
  resource: 'nodes',
  namespace: '',
  name: '',
  uri: '',
  code: 200,
  receivedAt: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`,
  ...given,
});
const lease = { verb: 'update', resource: 'leases', name: LEADER_LEASE } as const;
const exec = { verb: 'get', resource: 'pods/exec', code: 101 } as const;

test('a term begins with the first accepted write of the lease by another one', () => {
  const all = [
    asked(1, 'a', lease),
    asked(3, 'a', lease),
    asked(4, 'b', { ...lease, code: 409 }),
    asked(5, 'b', { ...lease, verb: 'get' }),
    asked(6, 'b', lease),
    asked(7, 'a', { ...lease, name: 'weka-allocator-n1' }),
  ];
  assert.equal(
    termsOf(all).map(({ user, from }) => [user, from.slice(17, 19)]),
    [
      ['a', '01'],
      ['b', '06'],
    ],
  );
});

test('writes and commands count as work, refused ones too; reads and the fight for the lease do not', () => {
  const all = [asked(1, 'a', lease), asked(2, 'a', { code: 409 }), asked(3, 'a', exec), asked(4, 'a', { verb: 'get' })];
  assert.equal(
    workOf(all).map(({ resource }) => resource),
    ['nodes', 'pods/exec'],
  );
});

test('work before the own term, and after the next one has begun, is out of term', () => {
  const all = [
    asked(0, 'a', {}),
    asked(1, 'a', lease),
    asked(2, 'a', {}),
    asked(5, 'b', lease),
    asked(6, 'b', exec),
    asked(7, 'a', exec),
    asked(8, 'a', { verb: 'get' }),
  ];
  assert.equal(
    outOfTerm(all).map(({ user, receivedAt }) => `${user} ${receivedAt.slice(17, 19)}`),
    ['a 00', 'a 07'],
  );
});

test.run();
