/**
 * What commands and node agents print, read. Every parser takes any text without a throw and in bounded time; what it takes
 * as good is what the reference takes as good. Samples: spec 07, 4.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseActiveMounts, parseFindDrives } from '../../io/weka-parsers/agent-answers.ts';
import { parseClusterContainer, parseClusterContainers } from '../../io/weka-parsers/cluster-container.ts';
import { parseContainerInfo } from '../../io/weka-parsers/container-info.ts';
import { bySerial, parseClusterDrive, parseContainerDrives, parseKernelDrives } from '../../io/weka-parsers/drives.ts';
import { parseFeatureFlags, parseFeatureFlagsResult } from '../../io/weka-parsers/feature-flags.ts';
import { parseHostId } from '../../io/weka-parsers/host-id.ts';
import { parseIdentity } from '../../io/weka-parsers/identity.ts';
import { type Parsed, TEXT_MAX } from '../../io/weka-parsers/json.ts';
import { parseLocalPs } from '../../io/weka-parsers/local-ps.ts';
import { parseManagementIps } from '../../io/weka-parsers/management-ips.ts';
import { parseNfsInterfaceGroup, portsOf } from '../../io/weka-parsers/nfs.ts';
import * as results from '../../io/weka-parsers/results.ts';
import { parseS3Cluster, parseS3Containers } from '../../io/weka-parsers/s3.ts';
import { parsePhysicalDrives, parseProxyDone, parseVirtualDrives } from '../../io/weka-parsers/ssd-proxy.ts';
import { garbageText, HUGE_TEXTS } from '../support/garbage-text.ts';

type Parse = (text: string) => Parsed<unknown>;
/** A good text each, from the spec. */
const LOCAL_PS =
  '[{"name":"drivex1","type":"weka","runStatus":"Running","isRunning":true,"lastFailure":"","lastFailureTime":"","internalStatus":{"action":"NONE","display_status":"READY","message":"Ready","state":"READY"}}]';
const IDENTITY = '{"value":{"cluster_guid":"550c68b6-8f64-4073-8086-efc3ba69207e","host_id":4},"has_value":true}';
const CONTAINER =
  '[{"host_id":"HostId<4>","host_ip":"10.100.5.49","hostname":"node-4","container_name":"drivex1","uid":"acc0","state":"ACTIVE","status":"UP","mode":"backend","cores":1}]';
const DRIVES =
  '[{"uuid":"44ac","added_time":"2026-02-12T08:11:12.000000Z","device_path":"0000:03:00.0","serial_number":" S5 ","status":"ACTIVE"}]';
const KERNEL = '[{"serial_id":"S5","block_device":"/dev/nvme0n1","partition":"/dev/nvme0n1p1","is_signed":false}]';
const NFS =
  '[{"name":"MgmtInterfaceGroup","ips":["10.0.7.10"],"ports":[{"host_id":"HostId<13>","port":"eth1","status":"OK"},{"host_id":"HostId<1>","port":"eth2"}]}]';
const INFO =
  '{"container_metrics":{"processes":{"active":4,"created":4},"cpuUtilization":"43.86","drives":{"counters":{"active":1,"created":2},"failures":[{"serialId":"S5","wekaDriveId":"44ac"}]},"lastUpdate":null}}';
const SIGN =
  '{"err":null,"drives":[{"serial_id":"S5"}],"raw_drives":[{"path":"/dev/nvme0n1","is_mounted":true,"serial_id":"S5"}]}';

const PARSERS: Readonly<Record<string, readonly [Parse, string]>> = {
  parseLocalPs: [parseLocalPs, LOCAL_PS],
  parseIdentity: [parseIdentity, IDENTITY],
  parseClusterContainer: [parseClusterContainer, CONTAINER],
  parseClusterContainers: [parseClusterContainers, CONTAINER],
  parseContainerDrives: [parseContainerDrives, DRIVES],
  parseClusterDrive: [parseClusterDrive, DRIVES],
  parseKernelDrives: [parseKernelDrives, KERNEL],
  parseFindDrives: [parseFindDrives, `{"drives":${KERNEL}}`],
  parseNfsInterfaceGroup: [parseNfsInterfaceGroup, NFS],
  parseFeatureFlags: [parseFeatureFlags, '{"driver_supports_auto_drain":true}'],
  parseFeatureFlagsResult: [parseFeatureFlagsResult, '{"feature_flags":{"ssd_proxy_iommu_support":true}}'],
  parseS3Cluster: [parseS3Cluster, '{"active":true,"s3_hosts":["HostId<10>"],"port":"9000"}'],
  parseS3Containers: [parseS3Containers, '["HostId<0>"]'],
  parseHostId: [parseHostId, 'HostId<4>'],
  parseManagementIps: [parseManagementIps, '10.0.0.1\nfd00::1\n'],
  parseActiveMounts: [parseActiveMounts, '{"active_mounts":3}'],
  parseContainerInfo: [parseContainerInfo, INFO],
  parsePhysicalDrives: [parsePhysicalDrives, '{"message":"x","result":[{"physicalUuid":"p","sizeGB":7000}]}'],
  parseVirtualDrives: [parseVirtualDrives, '{"result":[{"uuid":"v","clusterGuid":"g","sizeGB":1024}]}'],
  parseProxyDone: [parseProxyDone, '{"message":"JSONRPC call succeeded","result":{"any":1}}'],
  parseBuilderResult: [results.parseBuilderResult, '{"driver_built":true,"err":"","weka_version":"4.4.2.157"}'],
  parseSignResult: [results.parseSignResult, SIGN],
  parseLoaderResult: [results.parseLoaderResult, '{"err":null,"drivers_loaded":true}'],
  parseResignResult: [results.parseResignResult, '{"err":null,"drives":["/dev/nvme0n1"]}'],
  parseUmountResult: [results.parseUmountResult, '{"error":[],"umounted_paths":["/mnt/weka"]}'],
  parseNicsResult: [results.parseNicsResult, '{"err":null,"ensured":true,"nics":[{"mac_address":"m"}]}'],
};
const taken = <T>(parsed: Parsed<T>): T => {
  if (parsed.kind === 'bad') throw new Error(parsed.why);
  return parsed.value;
};
const isJson = (name: string): boolean => !['parseHostId', 'parseManagementIps'].includes(name);

for (const [name, [parse, good]] of Object.entries(PARSERS)) {
  test(`${name}: takes the sample, with anything more in it`, () => {
    assert.is(parse(good).kind, 'ok');
    if (!isJson(name)) return;
    assert.is(parse(` \n${good}\n `).kind, 'ok');
    assert.is(parse(good.replace('{', '{"zzz":{"a":[1]},')).kind, 'ok');
    assert.equal(parse(good.replaceAll(/"([a-z])/g, (_, letter: string) => `"${letter}`)), parse(good));
  });
  test(`${name}: any text, cut, coloured, huge or binary, is an answer and never a throw`, () => {
    fc.assert(
      fc.property(garbageText(good), (text) => {
        const parsed = parse(text);
        assert.ok(parsed.kind === 'ok' || (typeof parsed.why === 'string' && parsed.why.length <= 1_300));
      }),
      { numRuns: 400 },
    );
    for (const huge of Object.values(HUGE_TEXTS)) parse(huge);
    assert.is(parse(`${good}${' '.repeat(TEXT_MAX)}`).kind, 'bad');
    if (name === 'parseManagementIps') return; // Its lines are not looked into.
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    for (const text of [deep, '\0'.repeat(1_000), '"'.repeat(10_000)]) assert.is(parse(text).kind, 'bad');
  });
  test(`${name}: empty, HTML, and a banner or colours before the JSON are bad`, () => {
    if (!isJson(name)) return;
    for (const text of ['', '<html>502</html>', `WARNING: x\n${good}`, `\u001b[31m${good}\u001b[0m`, '7', '"text"'])
      assert.is(parse(text).kind, 'bad', text);
  });
}

test('J2: missing and null members are empty; null is an empty list', () => {
  assert.equal(taken(parseLocalPs('[{"name":"a","lastFailure":null,"internalStatus":null}]')), [
    { name: 'a', runStatus: '', lastFailure: '', lastFailureTime: '', internalStatus: '' },
  ]);
  assert.equal(taken(parseLocalPs('null')), []);
  assert.equal(taken(parseLocalPs('[{"NAME":"a","RunStatus":"Running"}]'))[0]?.runStatus, 'Running');
  assert.equal(taken(parseLocalPs(LOCAL_PS))[0]?.internalStatus, 'READY');
});

test('spec 07 §23 #10: malformed JSON says so in the words of the reference', () => {
  const parsed = parseLocalPs('[{"name":');
  assert.ok(parsed.kind === 'bad' && parsed.why.startsWith('failed to unmarshal json: '));
});

test('spec 07 §23 #21: an identity of the wrong type is bad, and a guid without an id is no identity', () => {
  for (const host of ['"4"', '4.5', '-1', 'true', '1e400'])
    assert.is(parseIdentity(`{"value":{"cluster_guid":"g","host_id":${host}},"has_value":true}`).kind, 'bad', host);
  assert.is(parseIdentity('{"value":{"cluster_guid":"g"},"has_value":true}').kind, 'bad');
});

test('J3: member, not a member, and nothing at all', () => {
  const guid = '550c68b6-8f64-4073-8086-efc3ba69207e';
  assert.equal(taken(parseIdentity(IDENTITY)), { hasValue: true, value: { clusterGuid: guid, hostId: 4 } });
  const none = '{"value":null,"has_value":false,"exception":"Container is not part of a cluster"}';
  assert.equal(taken(parseIdentity(none)), { hasValue: false, exception: 'Container is not part of a cluster' });
  const zero = '{"value":{"cluster_guid":"00000000-0000-0000-0000-000000000000"},"has_value":true}';
  assert.is(taken(parseIdentity(zero)).value?.hostId, 0);
  assert.equal(taken(parseIdentity('{}')), { hasValue: false });
});

test('J4, E14: an empty list is an answer: there is none', () => {
  for (const text of ['[]', 'null']) {
    assert.equal(parseClusterContainer(text), { kind: 'ok', value: undefined });
    assert.equal(parseClusterDrive(text), { kind: 'ok', value: undefined });
    assert.equal(parseNfsInterfaceGroup(text), { kind: 'ok', value: undefined });
  }
  assert.is(parseClusterContainer('{}').kind, 'bad');
});

test('J5, J6: serial numbers are trimmed in the list of a container alone; of two equal ones the later counts', () => {
  assert.is(taken(parseContainerDrives(DRIVES))[0]?.serial_number, 'S5');
  assert.is(taken(parseClusterDrive(DRIVES))?.serial_number, ' S5 ');
  const drives = bySerial(
    taken(parseKernelDrives('[{"serial_id":"S1","partition":"a"},{"serial_id":"S1","is_signed":true}]')),
  );
  assert.equal([drives.size, drives.get('S1')?.is_signed, drives.get('S1')?.partition], [1, true, '']);
});

test('J7: the interfaces of one host, by its whole id', () => {
  const group = taken(parseNfsInterfaceGroup(NFS));
  assert.ok(group !== undefined);
  assert.equal([portsOf(group, 13), portsOf(group, 1), portsOf(group, 3)], [['eth1'], ['eth2'], []]);
});

test('spec 07 §23 #18: an empty file of management IPs is a failure, empty lines are none', () => {
  for (const text of ['', '\n', ' \r\n\n']) assert.is(parseManagementIps(text).kind, 'bad');
  assert.equal(taken(parseManagementIps('\n10.0.0.1\n\n10.0.0.2\n')), ['10.0.0.1', '10.0.0.2']);
});

test('J8: all eight flags, false where not named; a flag that is no flag is bad', () => {
  const flags = taken(parseFeatureFlags('{"agent_validate_60_ports_per_container":true}'));
  assert.is(Object.keys(flags).length, 8);
  assert.equal(Object.values(flags).filter(Boolean).length, 1);
  assert.is(parseFeatureFlags('{"agent_validate_60_ports_per_container":"true"}').kind, 'bad');
  assert.is(parseFeatureFlagsResult('{}').kind, 'bad');
});

test('ids: prefix and bracket may be missing, anything but a number is bad', () => {
  assert.equal([taken(parseHostId('HostId<12>')), taken(parseHostId('7'))], [12, 7]);
  for (const text of ['', 'NodeId<3>', ' HostId<3>', 'HostId<x>', '1.5', '9'.repeat(400), '9007199254740993'])
    assert.is(parseHostId(text).kind, 'bad', text);
});

test('mounts: a wrong or missing count is bad, never zero; what follows the first value does not matter', () => {
  assert.is(taken(parseActiveMounts('{"active_mounts":0}\n')), 0);
  assert.is(taken(parseActiveMounts('{"active_mounts":2}{"active_mounts":0}')), 2);
  assert.is(taken(parseActiveMounts('{"x":"}\\"","active_mounts":2} trailing')), 2);
  for (const text of ['{}', '{"active_mounts":null}', '{"active_mounts":"3"}', '{"active_mounts":-1}', 'null', '[]'])
    assert.is(parseActiveMounts(text).kind, 'bad', text);
});

test('I7: figures without a process are no figures; zeros are left out', () => {
  assert.equal(taken(parseContainerInfo(INFO)), {
    processes: { active: 4, created: 4 },
    cpuUtilization: '43.86',
    drives: { counters: { active: 1, created: 2 }, failures: [{ serialId: 'S5', wekaDriveId: '44ac' }] },
  });
  assert.is(parseContainerInfo('{"container_metrics":{"processes":{},"cpuUtilization":"0.00"}}').kind, 'bad');
  assert.is(parseContainerInfo('{}').kind, 'bad');
});

test('node agent: null is an empty list of drives, an error beside it is an error', () => {
  assert.equal(taken(parseFindDrives('{"drives":null}')), []);
  assert.equal(parseFindDrives('{"drives":[],"error":"no /dev"}'), { kind: 'bad', why: 'no /dev' });
  assert.equal(parseProxyDone('{"error":{"code":-32000}}'), { kind: 'bad', why: '{"code":-32000}' });
});

test('F32: the error of a result is read whatever its type, and is a failure', () => {
  for (const err of ['"disk gone"', '["disk gone"]', '{"text":"disk gone"}'])
    for (const parse of [results.parseSignResult, results.parseLoaderResult, results.parseResignResult]) {
      const parsed = parse(`{"err":${err}}`);
      assert.ok(parsed.kind === 'bad' && parsed.why.includes('disk gone'), err);
    }
  assert.is(results.parseLoaderResult('{"err":null}').kind, 'bad', 'nobody says that they were loaded');
  assert.equal(taken(results.parseSignResult(SIGN)), {
    serials: ['S5'],
    rawDrives: [{ path: '/dev/nvme0n1', isMounted: true, serial: 'S5' }],
    proxyDrives: [],
  });
  assert.is(results.parseUmountResult('{"error":[{"path":"/a","text":"busy"}],"umounted_paths":[]}').kind, 'bad');
});

test('names that differ in case only: the later counts, and a null for nothing', () => {
  assert.is(taken(parseLocalPs('[{"name":"a","Name":"b"}]'))[0]?.name, 'b');
  assert.is(taken(parseLocalPs('[{"name":"a","NAME":null}]'))[0]?.name, 'a');
});

test.run();
