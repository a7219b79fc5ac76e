/** CPU, memory, hugepages and extended resources of a pod. Source: spec 04, 10 and 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MODES, type WekaContainerSpec } from '../../../../messages/weka-container.ts';
import { isAdhocOp } from '../../../../messages/weka-modes.ts';
import { container, env, HYPERTHREADED, limits, mounted, PLAIN, podOf, requests, volume } from '../given.ts';

/** What spec 04 §10.5 and §17 work out, as: name, container, node, CPU, memory request, memory limit, MEMORY. */
const EXAMPLES = [
  [
    'spec 04 §10.5: drive of one core',
    container('drive', { numDrives: 1, hugepages: 1600 }),
    HYPERTHREADED,
    '3',
    '11700Mi',
    '11700Mi',
    '1400MiB',
  ],
  [
    'spec 04 §10.5: drive of two cores',
    container('drive', { numCores: 2, numDrives: 4, hugepages: 3600 }),
    HYPERTHREADED,
    '5',
    '16800Mi',
    '16800Mi',
    '2800MiB',
  ],
  [
    'spec 04 §17 #4: the same without hyperthreading',
    container('drive', { numCores: 2, numDrives: 4, hugepages: 3600 }),
    PLAIN,
    '3',
    '16800Mi',
    '16800Mi',
    '2800MiB',
  ],
  [
    'spec 04 §10.5: compute with an extra core',
    container('compute', { extraCores: 1, hugepages: 3000 }),
    HYPERTHREADED,
    '4',
    '17100Mi',
    '17100Mi',
    '2800MiB',
  ],
  [
    'spec 04 §10.5: compute, dedicated',
    container('compute', { numCores: 2, cpuPolicy: 'dedicated' }),
    HYPERTHREADED,
    '3',
    '17100Mi',
    '17100Mi',
    '-200MiB',
  ],
  [
    'spec 04 §17 #5: s3 with an extra core',
    container('s3', { numCores: 2, extraCores: 1, hugepages: 2800 }),
    HYPERTHREADED,
    '6',
    '25000Mi',
    '25000Mi',
    '2600MiB',
  ],
  [
    'spec 04 §17 #5: the same without hyperthreading',
    container('s3', { numCores: 2, extraCores: 1 }),
    PLAIN,
    '4',
    '25000Mi',
    '25000Mi',
    '-200MiB',
  ],
  [
    'spec 04 §10.5: nfs, dedicated',
    container('nfs', { extraCores: 1, cpuPolicy: 'dedicated' }),
    PLAIN,
    '3',
    '21950Mi',
    '21950Mi',
    '-200MiB',
  ],
  [
    'spec 04 §10.5: client with more memory',
    container('client', { numCores: 2, additionalMemory: 500, hugepages: 3000, extraCores: 9 }),
    PLAIN,
    '3',
    '10565Mi',
    '10565Mi',
    '2800MiB',
  ],
  [
    'spec 04 §10.5: data services',
    container('data-services', { hugepages: 1536 }),
    HYPERTHREADED,
    '3',
    '6511Mi',
    '6511Mi',
    '1336MiB',
  ],
  ['spec 04 §10.5: envoy', container('envoy'), HYPERTHREADED, '1', '1024Mi', '9216Mi', '-200MiB'],
  ['spec 04 §10.5: smbw', container('smbw'), PLAIN, '2', '7000Mi', '7000Mi', '-200MiB'],
] as const;

for (const [name, given, info, cpu, memoryRequest, memoryLimit, memory] of EXAMPLES) {
  test(`${name}: CPU ${cpu}, memory ${memoryRequest} to ${memoryLimit}, MEMORY ${memory}`, () => {
    const pod = podOf(given, info);
    assert.equal([requests(pod).cpu, limits(pod)?.cpu], [cpu, cpu]);
    assert.equal([requests(pod).memory, limits(pod)?.memory], [memoryRequest, memoryLimit]);
    assert.is(env(pod, 'MEMORY'), memory);
  });
}

test('spec 04 §10.5: a proxy has fixed CPU and memory and gets its hugepages back without the offset', () => {
  const pod = podOf(container('ssdproxy', { hugepages: 2586 }));
  assert.equal(limits(pod), { cpu: '2000m', memory: '7500M', 'hugepages-2Mi': '2586Mi' });
  assert.equal([requests(pod).cpu, requests(pod).memory], ['500m', '2500M']);
  assert.is(env(pod, 'MEMORY'), '538MiB');
});

test('spec 04 §17 #6: manual without resources counts cores in thousandths', () => {
  const pod = podOf(container('client', { cpuPolicy: 'manual', coreIds: [3, 4] }));
  assert.equal([requests(pod).cpu, limits(pod)?.cpu, env(pod, 'CORE_IDS')], ['1100m', '2000m', '3,4']);
});

test('manual with a CPU limit takes both numbers of the spec', () => {
  const resources = { requests: { cpu: '1' }, limits: { cpu: '1500m' } };
  const pod = podOf(container('compute', { cpuPolicy: 'manual', coreIds: [1], resources }));
  assert.equal([requests(pod).cpu, limits(pod)?.cpu], ['1', '1500m']);
});

test('spec 04 §17 #8: auto with core ids stays auto, unless V3 is on', () => {
  const given = container('client', { coreIds: [3, 4] });
  assert.equal([env(podOf(given), 'CORE_IDS'), limits(podOf(given))?.cpu], ['auto', '3']);
  const honoured = podOf(given, HYPERTHREADED, { settings: { cpuAutoHonoursCoreIds: true } });
  assert.equal([env(honoured, 'CORE_IDS'), limits(honoured)?.cpu], ['3,4', '2000m']);
});

test('spec 04 §17 #9: shared takes CPU and memory of the spec and sets no CORE_IDS', () => {
  const resources = { requests: { cpu: '1', memory: '6Gi' }, limits: { cpu: '2', memory: '8Gi' } };
  const pod = podOf(container('client', { cpuPolicy: 'shared', resources }));
  assert.equal([requests(pod).cpu, requests(pod).memory], ['1', '6Gi']);
  assert.equal([limits(pod)?.cpu, limits(pod)?.memory], ['2', '8Gi']);
  assert.is(env(pod, 'CORE_IDS'), undefined);
});

test('spec 04 §17 #10: a client with a memory request and no limit gets the limit 0 that the API server rejects', () => {
  const pod = podOf(container('client', { resources: { requests: { memory: '6Gi' } } }));
  assert.equal([requests(pod).memory, limits(pod)?.memory], ['6Gi', '0']);
});

test('memory of the spec counts for clients only, and a zero is none', () => {
  const resources = { requests: { memory: '1Gi' }, limits: { memory: '1Gi' } };
  assert.is(limits(podOf(container('compute', { resources })))?.memory, '11900Mi');
  assert.is(limits(podOf(container('client', { resources: { requests: { memory: '0' } } })))?.memory, '7015Mi');
});

test('spec 01 §23 #56: a zero quantity is one that is not given', () => {
  const zeros = { requests: { cpu: '2', memory: '0' }, limits: { cpu: '0', memory: '0' } };
  for (const mode of MODES) {
    for (const cpuPolicy of ['auto', 'shared', 'manual'] as const) {
      const podWith = (resources: NonNullable<WekaContainerSpec['resources']>) =>
        podOf(container(mode, { cpuPolicy, coreIds: [1], resources }));
      assert.equal(podWith(zeros), podWith({ requests: { cpu: '2' } }), `${mode} ${cpuPolicy}`);
    }
  }
});

test('spec 04 §17 #11: pages of 1Gi are counted by the thousand and have no offset', () => {
  const pod = podOf(container('compute', { hugepagesSize: '1Gi', hugepages: 4000, hugepagesOffset: 900 }));
  assert.is(limits(pod)?.['hugepages-1Gi'], '4Gi');
  assert.is(env(pod, 'MEMORY'), '4GiB');
  assert.is(volume(pod, 'hugepages')?.emptyDir?.medium, 'HugePages-1Gi');
});

test('spec/README V10: exact pages of 1Gi are counted in 1024 MiB, less the offset, never below zero', () => {
  const settings = { hugepages1GiExact: true };
  const size = { hugepagesSize: '1Gi' } as const;
  const pod = podOf(container('compute', { ...size, hugepages: 4096 }), PLAIN, { settings });
  assert.equal([limits(pod)?.['hugepages-1Gi'], env(pod, 'MEMORY')], ['4Gi', '3896MiB']);
  assert.is(env(podOf(container('envoy', size), PLAIN, { settings }), 'MEMORY'), '0MiB');
});

test('the offset of a drive grows with its drives, of a sharing one with its cores; an override wins over all', () => {
  const spec = { numCores: 3, hugepages: 4800 };
  assert.is(env(podOf(container('drive', { ...spec, numDrives: 2 })), 'MEMORY'), '4400MiB');
  assert.is(env(podOf(container('drive', { ...spec, containerCapacity: 11000 })), 'MEMORY'), '4200MiB');
  assert.is(env(podOf(container('drive', { ...spec, hugepagesSizeOverride: '7GiB' })), 'MEMORY'), '7GiB');
});

test('spec 04 §17 #13: without pages the resource is there with 0 and so is the directory', () => {
  const pod = podOf(container('envoy'));
  assert.is(limits(pod)?.['hugepages-2Mi'], '0Mi');
  assert.is(mounted(pod, '/dev/hugepages'), 'hugepages');
});

test('spec 04 §17 #14: sharing by capacity asks for each type of drive, and for no drives', () => {
  const pod = podOf(container('drive', { containerCapacity: 11000, driveTypesRatio: { tlc: 1, qlc: 10 } }));
  assert.is(limits(pod)?.['weka.io/shared-drives-capacity'], '1000');
  assert.is(requests(pod)['weka.io/shared-drives-capacity-qlc'], '10000');
  assert.is(limits(pod)?.['weka.io/drives'], undefined);
  assert.is(mounted(pod, '/host-binds/ssdproxy'), 'weka-proxy-socket-dir');
  const one = podOf(container('drive', { containerCapacity: 11000, driveTypesRatio: { tlc: 1, qlc: 0 } }));
  assert.is(limits(one)?.['weka.io/shared-drives-capacity'], '11000');
  assert.is(limits(one)?.['weka.io/shared-drives-capacity-qlc'], undefined);
});

test('spec 04 §17 #15: sharing by drive capacity multiplies', () => {
  const pod = podOf(container('drive', { numDrives: 4, driveCapacity: 2000 }));
  assert.is(limits(pod)?.['weka.io/shared-drives-capacity'], '8000');
});

test('spec 04 §17 #16 and #18: NICs are asked for where the node hands them out and the pod uses them', () => {
  const nics = (
    mode: 'compute' | 'drivers-dist',
    udpMode: boolean,
    provider: string,
    okeEnableNicsAllocation = false,
  ) =>
    limits(
      podOf(
        container(mode, { numCores: 2, network: { udpMode } }),
        { ...PLAIN, provider },
        { settings: { okeEnableNicsAllocation } },
      ),
    )?.['weka.io/nics'];
  assert.is(nics('compute', false, 'aws'), '2');
  assert.is(nics('compute', true, 'aws'), undefined);
  assert.is(nics('drivers-dist', false, 'aws'), undefined);
  assert.is(nics('compute', false, 'oci'), undefined);
  assert.is(nics('compute', false, 'oci', true), '2');
  assert.is(nics('compute', false, ''), undefined);
});

test('spec 04 §17 #17: a pod of the ad-hoc set asks for little, limits nothing, and wants no NICs', () => {
  for (const mode of MODES.filter(isAdhocOp)) {
    const pod = podOf(container(mode, { hugepages: 1000 }), { ...PLAIN, provider: 'aws' });
    const storage = mode === 'adhoc-op-with-container' ? '2Gi' : '100Mi';
    assert.equal(requests(pod), { cpu: '100m', memory: '128Mi', 'ephemeral-storage': storage });
    assert.is(limits(pod), undefined);
  }
});

test('what is limited is requested too, and ephemeral storage is never limited', () => {
  for (const mode of MODES) {
    const pod = podOf(container(mode, { numDrives: 2, hugepages: 400 }), { ...PLAIN, provider: 'aws' });
    const requested = Object.keys(requests(pod)).filter((name) => name !== 'ephemeral-storage');
    if (limits(pod) !== undefined) assert.equal(Object.keys(limits(pod) ?? {}).sort(), requested.sort(), mode);
  }
});

test.run();
