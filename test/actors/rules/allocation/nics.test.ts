/** Cloud NICs, and the devices that a pod is told of. Spec 05, 10 and 9.1. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectedResources } from '../../../../actors/rules/allocation/expected-resources.ts';
import { allocateNics, needsNics, releaseNics } from '../../../../actors/rules/allocation/nics.ts';
import { resourcesText } from '../../../../actors/rules/allocation/resources-json.ts';
import type { Node } from '../../../../messages/resources.ts';
import type { ContainerMode, Network, WekaContainer } from '../../../../messages/weka-container.ts';
import { containerOf, NODE, nodeOf } from '../../../support/containers.ts';
import { SETTINGS } from '../../../support/pass.ts';

const AWS = 'aws:///us-east-1a/i-0abc';
const nic = (mac: string, index: number) => ({
  mac_address: mac,
  primary_ip: `10.0.1.${11 + index}`,
  subnet_cidr_block: '10.0.1.0/24',
});
/** `nics` as MACs or as the annotation's text. */
function cloudNode(nics: readonly string[] | string | undefined, allocations?: string, providerID = AWS): Node {
  const node = nodeOf(NODE, {
    annotations: {
      'weka.io/weka-nics': typeof nics === 'object' ? JSON.stringify(nics.map(nic)) : nics,
      'weka.io/allocations': allocations,
    },
  });
  return { ...node, spec: { providerID } };
}
const asking = (
  numCores = 1,
  given: { mode?: ContainerMode; network?: Network; leaving?: boolean } = {},
): WekaContainer =>
  containerOf(given.mode ?? 'compute', {
    name: 'b',
    metadata: { namespace: 'ns', ...(given.leaving === true ? { deletionTimestamp: 'x' } : {}) },
    spec: { numCores, ...(given.network === undefined ? {} : { network: given.network }) },
    status: { allocations: { wekaPort: 35100, agentPort: 35304 } },
  });
const nobody = (): boolean => false;

for (const [name, node, container, expected] of [
  ['a backend on AWS', cloudNode(['m1']), asking(), true],
  ['a client on AWS', cloudNode(['m1']), asking(1, { mode: 'client' }), true],
  ['envoy', cloudNode(['m1']), asking(1, { mode: 'envoy' }), false],
  ['UDP mode', cloudNode(['m1']), asking(1, { network: { udpMode: true } }), false],
  ['a given device', cloudNode(['m1']), asking(1, { network: { ethDevice: 'eth1' } }), false],
  ['given devices', cloudNode(['m1']), asking(1, { network: { ethDevices: ['eth1'] } }), false],
  ['subnets', cloudNode(['m1']), asking(1, { network: { deviceSubnets: ['10.0.0.0/8'] } }), false],
  ['selectors', cloudNode(['m1']), asking(1, { network: { selectors: [{ min: 1 }] } }), false],
  ['a container that leaves', cloudNode(['m1']), asking(1, { leaving: true }), false],
  ['OCI without the setting', cloudNode(['m1'], undefined, 'ocid1.instance.x'), asking(), false],
  ['no cloud', cloudNode(['m1'], undefined, ''), asking(), false],
  ['enough', cloudNode(['m1'], '{"ns/b":{"nics":["m1"]}}'), asking(), false],
  ['one too few', cloudNode(['m1'], '{"ns/b":{"nics":["m1"]}}'), asking(2), true],
  ['an unreadable record', cloudNode(['m1'], 'x'), asking(), true],
] as const) {
  test(`spec 05 §10.2: ${name} ${expected ? 'needs' : 'needs no'} NICs`, () => {
    assert.is(needsNics(container, node, SETTINGS), expected);
  });
}
test('spec 05 §10.2: OCI with the setting needs NICs', () => {
  const node = cloudNode(['m1'], undefined, 'ocid1.instance.x');
  assert.is(needsNics(asking(), node, { okeEnableNicsAllocation: true }), true);
});

for (const [number, macs, before, cores, after, events] of [
  [
    1,
    ['m1', 'm2', 'm3', 'm4'],
    '{"ns/a":{"nics":["m1"]}}',
    2,
    '{"ns/a":{"nics":["m1"]},"ns/b":{"nics":["m2","m3"]}}',
    0,
  ],
  [2, ['m1', 'm2', 'm3'], '{"ns/b":{"nics":["m3"]}}', 2, '{"ns/b":{"nics":["m3","m1"]}}', 0],
  [3, ['m1', 'm2'], '{"ns/a":{"nics":["m1"]}}', 2, '{"ns/a":{"nics":["m1"]},"ns/b":{"nics":["m2"]}}', 1],
  [4, ['m1', 'm2'], '{"ns/b":{"nics":["m1","m2"]}}', 2, undefined, 0],
  [5, ['m1'], '{"ns/a":{"nics":["m1"]}}', 1, '{"ns/a":{"nics":["m1"]},"ns/b":{}}', 1],
  [6, ['m1'], '{"ns/a":{"nics":["m1"]},"ns/b":{}}', 1, undefined, 1],
  [7, 'null', undefined, 1, '{"ns/b":{}}', 1],
] as const) {
  test(`spec 05 §17 #43, §10.3: row ${number}`, () => {
    const allocation = allocateNics(asking(cores), cloudNode(macs, before), nobody);
    if (allocation.kind === 'failed') throw new Error(allocation.reason);
    assert.is(allocation.annotation, after);
    assert.is(allocation.events.length, events);
    for (const event of allocation.events) assert.equal([event.reason, event.perMinute], ['InsufficientNICs', true]);
  });
}
test('spec 05 §17 #43: NICs of gone containers are taken where others do not suffice, and only then', () => {
  const before = '{"ns/a":{"nics":["m1"]},"ns/old":{"nics":["m2"]}}';
  const isGone = (key: string): boolean => key === 'ns/old';
  const of = (macs: readonly string[]): string | undefined => {
    const allocation = allocateNics(asking(1), cloudNode(macs, before), isGone);
    return allocation.kind === 'allocated' ? allocation.annotation : allocation.reason;
  };
  assert.is(of(['m1', 'm2']), '{"ns/a":{"nics":["m1"]},"ns/b":{"nics":["m2"]}}');
  assert.is(of(['m1', 'm2', 'm3']), '{"ns/a":{"nics":["m1"]},"ns/b":{"nics":["m3"]},"ns/old":{"nics":["m2"]}}');
});
test('spec 05 §17 #43: a container that is deleted takes its entry along', () => {
  const node = cloudNode(['m1'], '{"ns/a":{"nics":["m1"]},"ns/b":{}}');
  assert.is(releaseNics(node, 'ns/a'), '{"ns/b":{}}');
  assert.is(releaseNics(node, 'ns/c'), undefined);
  assert.is(releaseNics(cloudNode(['m1'], 'x'), 'ns/a'), undefined);
});
for (const [node, reason] of [
  [cloudNode(undefined), `node ${NODE} does not have weka-nics annotation, but dpdk is enabled`],
  [cloudNode('no'), 'failed to unmarshal weka-nics: '],
  [cloudNode(['m1'], '[]'), 'failed to unmarshal weka-allocations: '],
] as const) {
  test(`spec 05 §17 #44, §10.3: ${reason}`, () => {
    const allocation = allocateNics(asking(), node, nobody);
    assert.is(allocation.kind, 'failed');
    if (allocation.kind === 'failed') assert.match(allocation.reason, reason);
  });
}

test('no MAC ever has two owners, and no owner loses one', () => {
  const macs = fc.uniqueArray(fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5', 'm6'), { maxLength: 6 });
  fc.assert(
    fc.property(macs, fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 }), (all, cores) => {
      let annotation: string | undefined;
      for (const [index, numCores] of cores.entries()) {
        const container = containerOf('drive', { name: `c${index}`, spec: { numCores } });
        const allocation = allocateNics(container, cloudNode(all, annotation), nobody);
        if (allocation.kind === 'failed') throw new Error(allocation.reason);
        annotation = allocation.annotation ?? annotation;
      }
      const entries = Object.values(JSON.parse(annotation ?? '{}') as Record<string, { nics?: readonly string[] }>);
      const owned = entries.flatMap(({ nics = [] }) => nics);
      assert.is(new Set(owned).size, owned.length);
      const asked = cores.reduce((sum, count) => sum + count, 0);
      assert.is(owned.length, Math.min(asked, all.length));
    }),
    { seed: 20260101, numRuns: 200 },
  );
});

// What the pod is told.

const told = (container: WekaContainer, node: Node, settings = SETTINGS): string => {
  const expected = expectedResources(container, node, settings);
  return expected.kind === 'known' ? resourcesText(expected.resources) : expected.reason;
};
const owned = (nics: string): string => `{"ns/b":{"nics":${nics}}}`;
const ports = '"wekaPort":35100,"agentPort":35304';

for (const [name, container, node, expected] of [
  [
    'NICs in the order of their allocation',
    asking(2),
    cloudNode(['m1', 'm2'], owned('["m2","m1"]')),
    `{${ports},"netDevices":["aws_m2/10.0.1.12/24/10.0.1.1","aws_m1/10.0.1.11/24/10.0.1.1"]}`,
  ],
  ['UDP mode', asking(1, { network: { udpMode: true } }), cloudNode(['m1']), `{${ports},"netDevices":["udp"]}`],
  ['no cloud', asking(), nodeOf(), `{${ports},"netDevices":["udp"]}`],
  [
    'a device on AWS',
    asking(1, { network: { ethDevice: 'eth1' } }),
    cloudNode(['m1']),
    `{${ports},"netDevices":["eth1"]}`,
  ],
  ['devices', asking(1, { network: { ethDevices: ['a', 'b'] } }), nodeOf(), `{${ports},"netDevices":["a","b"]}`],
  [
    'selectors beside a device',
    asking(1, { network: { ethDevice: 'eth1', selectors: [{ min: 1 }] } }),
    cloudNode(['m1']),
    `{${ports}}`,
  ],
  ['subnets', asking(1, { network: { deviceSubnets: ['10.0.0.0/8'] } }), nodeOf(), `{${ports}}`],
  [
    'characters that Go escapes',
    asking(1, { network: { ethDevice: 'a<b' } }),
    nodeOf(),
    `{${ports},"netDevices":["a\\u003cb"]}`,
  ],
  [
    'no list of NICs',
    asking(),
    cloudNode(undefined, owned('["m1"]')),
    `failed to get net devices: node ${NODE} does not have weka-nics annotation`,
  ],
  [
    'no allocations',
    asking(),
    cloudNode(['m1']),
    `failed to get net devices: node ${NODE} does not have allocations annotation`,
  ],
  [
    'no NIC of its own',
    asking(),
    cloudNode(['m1'], '{}'),
    'failed to get net devices: no NICs found in allocations for container ns/b',
  ],
  [
    'a NIC that is gone',
    asking(),
    cloudNode(['m1'], owned('["m9"]')),
    `failed to get net devices: NIC m9 not found in WEKA NICs on node: ${NODE}`,
  ],
] as const) {
  test(`spec 05 §10.4: ${name}`, () => assert.is(told(container, node), expected));
}
test('spec 02 §12 #50: a NIC on AWS is told with its network; without one an error; a device of the spec as it is', () => {
  const nic = asking();
  assert.match(told(nic, cloudNode(['m1'], owned('["m1"]'))), '"netDevices":["aws_m1/10.0.1.11/24/10.0.1.1"]');
  assert.match(told(nic, cloudNode(['m1'], '{}')), 'no NICs found in allocations for container ns/b');
  const device = asking(1, { network: { ethDevice: 'eth1' } });
  assert.match(told(device, cloudNode(['m1'], owned('["m1"]'))), '"netDevices":["eth1"]');
});
test('spec 05 §17 #45: envoy and telemetry on AWS get their file, with UDP', () => {
  for (const mode of ['envoy', 'telemetry'] as const) {
    const container = containerOf(mode, { status: { allocations: { agentPort: 35303 } } });
    assert.is(told(container, cloudNode(['m1'])), '{"agentPort":35303,"netDevices":["udp"]}');
  }
});
for (const [cidr, expected] of [
  ['10.0.1.0/24', '"oci_m/1.2.3.4/24/10.0.1.1"'],
  ['10.0.1.77/26', '"oci_m/1.2.3.4/26/10.0.1.65"'],
  ['10.0.1.255/32', '"oci_m/1.2.3.4/32/10.0.1.0"'],
  ['192.168.3.7/0', '"oci_m/1.2.3.4/0/0.0.0.1"'],
  ['nonsense/24', 'invalid CIDR: '],
  ['10.0.1.0', 'invalid CIDR: '],
  ['10.0.1.0/33', 'invalid CIDR: '],
  ['10.0.01.0/24', 'invalid CIDR: '],
  ['256.0.1.0/24', 'invalid CIDR: '],
  ['', 'invalid CIDR: '],
  ['fd00::/64', 'not a valid IPv4 CIDR'],
] as const) {
  test(`spec 05 §10.4: gateway of ${cidr || 'no subnet'}`, () => {
    const nics = JSON.stringify([
      { mac_address: 'm', primary_ip: '1.2.3.4', ...(cidr && { subnet_cidr_block: cidr }) },
    ]);
    const node = cloudNode(nics, owned('["m"]'), 'ocid1.x');
    assert.match(told(asking(), node, { ...SETTINGS, okeEnableNicsAllocation: true }), expected);
  });
}

// Clients. Spec 05, 11.

const client = (machineIdentifierNodeRef?: string): WekaContainer =>
  containerOf('client', {
    spec: machineIdentifierNodeRef === undefined ? {} : { overrides: { machineIdentifierNodeRef } },
  });
const FAILED = 'failed to get machine identifier from node: ';
for (const [path, annotation, expected] of [
  [undefined, undefined, '{"netDevices":["udp"]}'],
  ['.metadata.uid', undefined, `{"machineIdentifier":"uid-${NODE}","netDevices":["udp"]}`],
  ['metadata.uid', 'metadata.name', `{"machineIdentifier":"uid-${NODE}","netDevices":["udp"]}`],
  [undefined, 'metadata.name', `{"machineIdentifier":"${NODE}","netDevices":["udp"]}`],
  ['', 'metadata.name', `{"machineIdentifier":"${NODE}","netDevices":["udp"]}`],
  [
    'status.allocatable',
    undefined,
    `${FAILED}field status.allocatable is not of expected type and path status.allocatable`,
  ],
  ['metadata.nothing', undefined, `${FAILED}field metadata.nothing not found and path metadata.nothing`],
  ['metadata.uid.length', undefined, `${FAILED}field metadata.uid.length not found and path metadata.uid.length`],
  ['metadata.constructor', undefined, `${FAILED}field metadata.constructor not found and path metadata.constructor`],
] as const) {
  test(`spec 05 §17 #9, #46, §11: a client with path ${path ?? 'none'}, annotation ${annotation ?? 'none'}`, () => {
    const node = nodeOf(NODE, { annotations: { 'weka.io/machine-identifier-ref': annotation } });
    assert.is(told(client(path), node), expected);
  });
}
test('spec 05 §11: an allocatable container has no machine identifier, and nothing to be told before its allocation', () => {
  const overrides = { machineIdentifierNodeRef: 'metadata.uid' };
  const spec = { overrides };
  const container = containerOf('compute', { spec, status: { allocations: { wekaPort: 1, agentPort: 2 } } });
  assert.is(told(container, nodeOf()), '{"wekaPort":1,"agentPort":2,"netDevices":["udp"]}');
  assert.is(told(containerOf('compute', { spec }), nodeOf()), 'no allocations');
});
test('spec 05 §17 #25, #34: a failure domain is told as it is stored, also an empty or a quoted one', () => {
  const at = (failureDomain: string): string =>
    told(containerOf('compute', { status: { allocations: { agentPort: 2, failureDomain } } }), nodeOf());
  assert.is(at(''), '{"agentPort":2,"failureDomain":"","netDevices":["udp"]}');
  assert.is(at("o'hare"), '{"agentPort":2,"failureDomain":"o\'hare","netDevices":["udp"]}');
});

test.run();
