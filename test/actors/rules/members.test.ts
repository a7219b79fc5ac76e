/** Where a newcomer joins: addresses of serving members, shared out over the failure domains. Spec 07, 6.2. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { candidates, isOperational, joinAddresses } from '../../../actors/rules/members.ts';
import { memberOf } from '../../support/containers.ts';

const inDomain = (name: string, id: number, failureDomain: string) =>
  memberOf(id % 2 === 0 ? 'drive' : 'compute', name, id, {
    status: { managementIPs: [`10.${id >> 8}.0.${id & 255}`], allocations: { wekaPort: 35000, failureDomain } },
  });

test('spec 07 §23 #26: two domains of 100: at most 96, 48 of each, none twice', () => {
  const members = Array.from({ length: 200 }, (_, index) => inDomain(`m${index}`, index, index < 100 ? 'a' : 'b'));
  for (const chance of [0, 0.4, 0.99]) {
    const found = joinAddresses(members, chance);
    assert.is(found.length, 96);
    assert.is(new Set(found).size, 96);
    const low = new Set(members.slice(0, 100).map(({ status }) => `${status?.managementIPs?.[0]}:35000`));
    assert.is(found.filter((each) => low.has(each)).length, 48);
  }
});

test('spec 07 §23 #69: every address of a member, IPv6 bracketed', () => {
  const both = memberOf('drive', 'm', 1, { status: { managementIPs: ['10.0.0.1', 'fd00::1'] } });
  assert.equal(joinAddresses([both], 0).toSorted(), ['10.0.0.1:35000', '[fd00::1]:35000']);
});

test('F19, F37: what is no address is never handed to a newcomer', () => {
  const odd = memberOf('drive', 'm', 1, {
    status: { managementIPs: ['', '--json', '10.0.0.1 10.0.0.2', '$(x)', 'fe80::1%eth0', 'host', '10.0.0.7'] },
  });
  assert.equal(joinAddresses([odd], 0), ['10.0.0.7:35000']);
});

test('spec 07 §23 #27: nobody who serves: no addresses', () => {
  const stopped = memberOf('drive', 'm', 1, { status: { status: 'Stopped' } });
  const starting = memberOf('drive', 'n', 2, { status: { status: 'Unhealthy' } });
  const s3 = memberOf('s3', 's', 3);
  assert.equal(joinAddresses([stopped, starting, s3], 0), []);
});

for (const [name, status] of [
  ['no id', { containerID: undefined }],
  ['not READY', { internalStatus: 'STEM' }],
  ['no address', { managementIPs: [] }],
  ['no port', { allocations: {} }],
  ['Deleting', { status: 'Deleting' }],
  ['Paused', { status: 'Paused' }],
] as const) {
  test(`spec 07 §2: not operational: ${name}`, () => {
    assert.is(isOperational(memberOf('drive', 'm', 1)), true);
    assert.is(isOperational(memberOf('drive', 'm', 1, { status: status as object })), false);
  });
}

test('spec 03 §15 no. 3: Running and READY first, then READY, then joined, whatever the draw', () => {
  const joined = memberOf('drive', 'joined', 1, { status: { internalStatus: 'STEM' } });
  const ready = memberOf('compute', 'ready', 2, { status: { status: 'Unhealthy' } });
  const running = memberOf('compute', 'running', 3);
  fc.assert(
    fc.property(
      fc.shuffledSubarray([joined, ready, running], { minLength: 3 }),
      fc.float({ min: 0, max: Math.fround(0.99), noNaN: true }),
      (list, chance) => {
        assert.equal(
          candidates(list, 'self', chance).map(({ metadata }) => metadata.name),
          ['running', 'ready', 'joined'],
        );
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});

test('one that is deactivated, leaving, paused, marked or asking is no candidate', () => {
  const condition = {
    type: 'ContainerDeactivated',
    status: 'True',
    reason: 'x',
    message: 'x',
    lastTransitionTime: 'x',
  } as const;
  const out = [
    memberOf('drive', 'a', 1, { status: { conditions: [condition] } }),
    memberOf('drive', 'b', 2, { spec: { state: 'destroying' } }),
    memberOf('drive', 'c', 3, { spec: { state: 'paused' } }),
    memberOf('drive', 'd', 4, { metadata: { deletionTimestamp: 'x' } }),
    memberOf('drive', 'self', 5),
  ];
  assert.equal(candidates(out, 'uid-self', 0), []);
});

test.run();
