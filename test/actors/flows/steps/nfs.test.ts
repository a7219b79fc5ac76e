/** The port of a host in the NFS interface group: step 64 and D14. Source: spec 07, 9; spec 03, 4.7; F28. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../../actors/calls.ts';
import { ensureNfsPorts, leaveNfs } from '../../../../actors/flows/steps/nfs.ts';
import type { Condition } from '../../../../messages/condition.ts';
import { done, failed, type Verdict } from '../../../../messages/verdict.ts';
import type { Network } from '../../../../messages/weka-container.ts';
import {
  BORN,
  clusterOf,
  type Given,
  memberOf,
  NODE,
  nodeOf,
  ownedBy,
  podFor,
  uidOf,
} from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { exit, type Line, lost, ok, okJson, playStep } from '../../../support/play.ts';

const ETH1 = '980816f36b77e58d'; // Of the specification's example (spec 01, 20.4).
const group = (...ports: readonly (readonly [id: number, port: string])[]) =>
  okJson([
    { name: 'MgmtInterfaceGroup', ips: [], ports: ports.map(([id, port]) => ({ host_id: `HostId<${id}>`, port })) },
  ]);
const read = (answer: unknown): Line => ['exec GetNfsInterfaceGroup', answer];
const add = (answer: unknown = ok()): Line => ['exec AddNfsInterfaceGroupPort', answer];
const remove = (answer: unknown = ok()): Line => ['exec RemoveNfsInterfaceGroupPort', answer];
const CONSTRAINT =
  "error: A host can't be added more than once to the same interface group. The host 13 is already part of group MgmtInterfaceGroup, but with port eth1.";
const changes = (calls: readonly Call[]): string[] =>
  calls.flatMap((call) =>
    call.kind === 'exec' && call.command.class !== 'read' ? [call.command.argv.slice(4).join(' ')] : [],
  );

// Ensuring. Spec 07, 9.1 and 9.2.

const condition = (message: string): Condition => ({
  type: 'NfsInterfaceGroupsConfigured',
  status: 'True',
  reason: 'Configured',
  message,
  lastTransitionTime: BORN,
});
const nfs = (network: Network | undefined, given: Given = {}) =>
  memberOf('nfs', 'nfs', 13, {
    ...given,
    spec: { joinIpPorts: ['10.0.0.1:35000'], ...(network === undefined ? {} : { network }) },
  });
const ensure = (
  network: Network | undefined,
  lines: readonly Line[] = [],
  { given = {}, cluster = clusterOf() }: { given?: Given; cluster?: ReturnType<typeof clusterOf> } = {},
) => {
  const container = nfs(network, given);
  return playStep(ensureNfsPorts(passFor(container, { world: [cluster, podFor(container)] })), lines);
};
const configured = (verdict: Verdict): readonly Condition[] =>
  (verdict.kind === 'done' ? (verdict.status?.conditions as readonly Condition[] | undefined) : undefined) ?? [];

test('spec 07 §23 #32: first set-up: one read, one add, the hash of the list in the condition', () => {
  const { calls, verdict } = ensure({ ethDevice: 'eth1' }, [read(group([7, 'eth1'])), add()]);
  assert.equal(changes(calls), ['add MgmtInterfaceGroup 13 eth1']);
  assert.ok(calls.every((call) => call.kind === 'exec' && call.target.pod === 'nfs'));
  const [set] = configured(verdict);
  assert.equal([set?.status, set?.reason, set?.message], ['True', 'Configured', ETH1]);
});

test('spec 07 §23 #32: with the condition of these interfaces nothing is run again', () => {
  const given = { status: { conditions: [condition(ETH1)] } };
  assert.equal(ensure({ ethDevice: 'eth1' }, [], { given }).verdict, done);
});

test('spec 07 §23 #32: a port that is there already, by the list or by weka’s word, is fine', () => {
  assert.is(ensure({ ethDevice: 'eth1' }, [read(group([13, 'eth1']))]).verdict.kind, 'done');
  const there = 'error: The host 13 with port eth1 is already part of group MgmtInterfaceGroup.\n';
  assert.is(ensure({ ethDevice: 'eth1' }, [read(group()), add(exit(1, there))]).verdict.kind, 'done');
});

test('spec 01 §23 #17: the cluster names another interface: the step runs again, the condition stays True since when it was', () => {
  const given = { status: { conditions: [condition(ETH1)] } };
  const cluster = clusterOf({ spec: { nfs: { interfaces: ['eth2'] } } });
  const { calls, verdict } = ensure({ ethDevice: 'eth1' }, [read(group([13, 'eth1'])), add(), remove()], {
    given,
    cluster,
  });
  assert.equal(changes(calls), ['add MgmtInterfaceGroup 13 eth2', 'delete -f MgmtInterfaceGroup 13 eth1']);
  const [set] = configured(verdict);
  assert.ok(set?.status === 'True' && set.lastTransitionTime === BORN && set.message !== ETH1);
});

test('spec 07 §23 #33, F28: where weka allows one interface per host the old one makes way first', () => {
  const { calls, verdict } = ensure({ ethDevice: 'eth2' }, [
    read(group([13, 'eth1'])),
    add(exit(1, CONSTRAINT)),
    remove(),
    add(),
  ]);
  assert.equal(changes(calls), [
    'add MgmtInterfaceGroup 13 eth2',
    'delete -f MgmtInterfaceGroup 13 eth1',
    'add MgmtInterfaceGroup 13 eth2',
  ]);
  assert.is(configured(verdict).length, 1);
});

for (const [name, ports, lines] of [
  ['the old port does not go', [[13, 'eth1']], [remove(exit(1, 'busy'))]],
  ['it is refused once more', [[13, 'eth1']], [remove(), add(exit(1, CONSTRAINT))]],
  ['the list shows no other port', [], []],
] as const) {
  test(`spec 07 §23 #33: the constraint error is kept where ${name}`, () => {
    const { verdict } = ensure({ ethDevice: 'eth2' }, [read(group(...ports)), add(exit(1, CONSTRAINT)), ...lines]);
    const text =
      `NFS interface group constraint violation: host 13 already has a different interface in group MgmtInterfaceGroup. Weka only allows one interface per host in an NFS interface group. Error: ${CONSTRAINT}: ` +
      'command Exec.AddNfsInterfaceGroupPort failed: command terminated with exit code 1';
    assert.equal(verdict, failed(text));
  });
}

test('spec 07 §21.5: added, but the old one does not go: no condition, and the next pass only deletes', () => {
  const { verdict } = ensure({ ethDevice: 'eth2' }, [read(group([13, 'eth1'])), add(), remove(exit(1, 'busy'))]);
  assert.is(verdict.kind, 'failed');
  const next = ensure({ ethDevice: 'eth2' }, [read(group([13, 'eth1'], [13, 'eth2'])), remove()]);
  assert.equal(changes(next.calls), ['delete -f MgmtInterfaceGroup 13 eth1']);
  assert.is(next.verdict.kind, 'done');
});

const SUBNETS =
  'NFS interface group configuration with DeviceSubnets is not supported; use EthDevice, EthDevices, or cluster-level NFSConfig.Interfaces instead';
const TWO =
  'NFS configuration validation failed: multiple interfaces specified (2). NFS supports only a single interface per host. Interfaces: [eth1 eth2]';
for (const [name, network, text] of [
  ['two ethDevices', { ethDevices: ['eth1', 'eth2'] }, TWO],
  ['only deviceSubnets', { deviceSubnets: ['10.0.0.0/24'] }, SUBNETS],
  ['only selectors', { selectors: [{ subnet: '10.0.0.0/24' }] }, SUBNETS.replace('DeviceSubnets', 'network Selectors')],
  [
    'nothing',
    undefined,
    'no network interfaces configured for NFS; configure EthDevice, EthDevices, or cluster-level NFSConfig.Interfaces',
  ],
] as const) {
  test(`spec 07 §23 #34: ${name}: the text, and nothing is run`, () => {
    assert.equal(ensure(network).verdict, failed(text));
  });
}

test('spec 07 §23 #68: a configuration that breaks later fails the step; the condition stays, nothing is run', () => {
  const given = { status: { conditions: [condition(ETH1)] } };
  assert.equal(ensure({ ethDevices: ['eth1', 'eth2'] }, [], { given }).verdict, failed(TWO));
});

test('one interface of a list is taken', () => {
  assert.is(configured(ensure({ ethDevices: ['eth1'] }, [read(group()), add()]).verdict)[0]?.message, ETH1);
});

test('the texts of an owner that cannot be told; a group that is not there yet; no answer; no word for a shell', () => {
  const owned = (ownerReferences: readonly ReturnType<typeof ownedBy>[]) =>
    ensure({ ethDevice: 'eth1' }, [], { given: { metadata: { ownerReferences } } }).verdict;
  assert.equal(owned([]), failed('no owner references found'));
  assert.equal(owned([ownedBy('A', 'a'), ownedBy('B', 'b')]), failed('more than one owner reference found'));
  assert.equal(owned([ownedBy('WekaCluster', 'gone')]), failed('Cluster not found'));
  const said = (...lines: readonly Line[]) => ensure({ ethDevice: 'eth1' }, lines).verdict;
  assert.equal(said(read(okJson([]))), failed('NFS interface group MgmtInterfaceGroup not found'));
  for (const answer of [exit(), lost, ok('{')]) assert.is(said(read(answer)).kind, 'failed');
  assert.is(said(read(group()), add(exit(1, 'error: busy'))).kind, 'failed');
  assert.is(ensure({ ethDevice: '--force' }, [read(group())]).verdict.kind, 'failed');
});

// Leaving. Spec 03, 4.7; spec 07, 9.3.

const SIBLING = memberOf('compute', 'k', 2);
const CHOSEN: Line = ['cluster member', { kind: 'member', uid: uidOf(SIBLING), namespace: 'weka', name: 'k' }];
const host = (name = 'w-nfs'): Line => [
  'exec GetWekaContainer',
  okJson([{ host_id: 'HostId<13>', container_name: name, status: 'UP' }]),
];
const leave = (lines: readonly Line[], { ready = true, phase = 'Running', leaving = false } = {}) => {
  const container = memberOf('nfs', 'nfs', 13, { spec: { state: 'deleting' } });
  const pod = podFor(container, { phase, ...(leaving ? { metadata: { deletionTimestamp: BORN } } : {}) });
  return playStep(
    leaveNfs(passFor(container, { world: [nodeOf(NODE, { ready }), pod, SIBLING, podFor(SIBLING)] })),
    lines,
  );
};
const podsOf = (calls: readonly Call[]): ReadonlySet<string> =>
  new Set(calls.flatMap((call) => (call.kind === 'exec' ? [call.target.pod] : [])));

test('spec 03 §17 #18: one delete per port of this host, in its own pod; one that is gone is accepted', () => {
  const { calls, verdict } = leave([
    read(group([13, 'eth1'], [7, 'eth1'], [13, 'eth2'])),
    host(),
    remove(),
    remove(exit(1, 'error: port eth2 is not part of group MgmtInterfaceGroup')),
  ]);
  assert.equal(changes(calls), ['delete -f MgmtInterfaceGroup 13 eth1', 'delete -f MgmtInterfaceGroup 13 eth2']);
  assert.equal([...podsOf(calls)], ['nfs']);
  assert.equal(verdict, done);
});

for (const [name, given] of [
  ['its node is not ready', { ready: false }],
  ['its pod does not run', { phase: 'Pending' }],
  ['its pod is on its way out', { leaving: true }],
] as const) {
  test(`spec 07 §23 #35: another member acts where ${name}`, () => {
    const { calls, verdict } = leave([CHOSEN, read(group([13, 'eth1'])), host(), remove()], given);
    assert.equal(changes(calls), ['delete -f MgmtInterfaceGroup 13 eth1']);
    assert.equal([...podsOf(calls)], ['k']);
    assert.equal(verdict, done);
  });
}

test('spec 07 §23 #35, F35: an own pod that cannot be reached is not insisted on; its answer counts, whatever it is', () => {
  const { calls } = leave([read(lost), CHOSEN, read(group([13, 'eth1'])), host(), remove()]);
  assert.equal([...podsOf(calls)], ['nfs', 'k']);
  assert.is(leave([read(exit(1, 'error: Failed connecting'))]).verdict.kind, 'failed');
});

test('F28: without a group, or without a port in it, there is nothing to leave', () => {
  assert.equal(leave([read(okJson([]))]).verdict, done);
  assert.equal(leave([read(group([7, 'eth1']))]).verdict, done);
});

test('a delete that fails stops there, the other ports wait; an unreadable group takes nothing away', () => {
  const { calls, verdict } = leave([read(group([13, 'eth1'], [13, 'eth2'])), host(), remove(exit(1, 'error: busy'))]);
  assert.equal(changes(calls), ['delete -f MgmtInterfaceGroup 13 eth1']);
  assert.equal(
    verdict,
    failed('command Exec.RemoveNfsInterfaceGroupPort failed: command terminated with exit code 1, error: busy'),
  );
  assert.is(leave([read(ok('{'))]).verdict.kind, 'failed');
});

test('F3: the ports of an id that is another container’s by now are left alone, with an event', () => {
  const { calls, verdict } = leave([read(group([13, 'eth1'])), host('w-other')]);
  assert.equal(changes(calls), []);
  assert.equal('events' in verdict && verdict.events?.map(({ reason }) => reason), ['ClusterIdMismatch']);
});

test.run();
