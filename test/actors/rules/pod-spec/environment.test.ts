/** Environment of the main container. Source: spec 04, 6.2, 7 and 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NodeInfo } from '../../../../messages/node-info.ts';
import type { Network, WekaContainerSpec } from '../../../../messages/weka-container.ts';
import { container, env, mainOf, PLAIN, podOf } from '../given.ts';

const COS: NodeInfo = { ...PLAIN, os: 'cos' };
const names = (pod: ReturnType<typeof podOf>) => mainOf(pod).env?.map(({ name }) => name) ?? [];

test('spec 01 §23 #11: allocated ports win over those of the spec; 0 is none', () => {
  const spec = { port: 14000, agentPort: 14300 };
  const given = podOf(container('drive', spec, { status: { allocations: { wekaPort: 35000, agentPort: 0 } } }));
  assert.equal(
    ['PORT', 'WEKA_PORT', 'AGENT_PORT'].map((name) => env(given, name)),
    ['35000', '35000', '14300'],
  );
  const unallocated = podOf(container('drive', spec, { status: { allocations: { wekaPort: 0, agentPort: 35303 } } }));
  assert.equal(
    ['PORT', 'WEKA_PORT', 'AGENT_PORT'].map((name) => env(unallocated, name)),
    ['14000', '14000', '35303'],
  );
  assert.equal(
    ['PORT', 'AGENT_PORT'].map((name) => env(podOf(container('drive')), name)),
    ['0', '0'],
  );
});

test('the network device is the list, else the one, else empty with subnets or selectors, else udp', () => {
  const device = (network: Network) => env(podOf(container('drive', { network })), 'NETWORK_DEVICE');
  const selectors = [{ subnet: '10.0.0.0/8' }];
  assert.is(device({ ethDevice: 'a', ethDevices: ['b', 'c'], selectors }), 'b,c');
  assert.is(device({ ethDevice: 'a', ethDevices: [], deviceSubnets: ['10.0.0.0/8'] }), 'a');
  assert.is(device({ deviceSubnets: ['10.0.0.0/8'] }), '');
  assert.is(device({ selectors }), '');
  assert.is(device({ udpMode: true }), 'udp');
  assert.is(device({}), 'udp');
});

test('selectors are JSON in a fixed order without zero values, with members of later revisions', () => {
  const network: Network = {
    selectors: [{ deviceNames: ['ib<0>'], max: 2, min: 0, subnet: '' }, {}, { rdmaOnly: true, subnet: 's' }],
    deviceSubnets: ['10.0.0.0/8', '10.1.0.0/16'],
  };
  const pod = podOf(container('drive', { network }));
  assert.is(
    env(pod, 'NETWORK_SELECTORS'),
    '[{"max":2,"deviceNames":["ib\\u003c0\\u003e"]},{},{"subnet":"s","rdmaOnly":true}]',
  );
  assert.is(env(pod, 'MANAGEMENT_IPS_SELECTORS'), '');
  assert.is(env(pod, 'SUBNETS'), '10.0.0.0/8,10.1.0.0/16');
});

test('instructions go to the ad-hoc set only, as JSON, or as null', () => {
  const instructions = { type: 'sign-drives', payload: '{"a":"<&>"}' };
  assert.is(
    env(podOf(container('adhoc-op', { instructions })), 'INSTRUCTIONS'),
    '{"type":"sign-drives","payload":"{\\"a\\":\\"\\u003c\\u0026\\u003e\\"}"}',
  );
  assert.is(
    env(podOf(container('drivers-loader', { instructions: { type: 'x', payload: '' } })), 'INSTRUCTIONS'),
    '{"type":"x"}',
  );
  assert.is(env(podOf(container('drivers-loader')), 'INSTRUCTIONS'), 'null');
  assert.is(env(podOf(container('drivers-builder', { instructions })), 'INSTRUCTIONS'), undefined);
});

test('spec 04 §17 #35: a loader that copies files runs its own image and names the cluster image', () => {
  const instructions = { type: 'copy-weka-files-to-driver-loader', payload: 'b:1' };
  const pod = podOf(container('drivers-loader', { image: 'a:1', instructions }));
  assert.equal([env(pod, 'IMAGE_NAME'), env(pod, 'CLUSTER_IMAGE_NAME'), mainOf(pod).image], ['a:1', 'b:1', 'a:1']);
  assert.equal(
    pod.spec.initContainers?.map(({ name, image }) => [name, image]),
    [['init-setup', 'b:1']],
  );
  assert.is(env(podOf(container('adhoc-op', { instructions })), 'CLUSTER_IMAGE_NAME'), undefined);
});

test('spec 04 §17 #44: fresh addresses replace those of the spec, an empty list does not', () => {
  const given = container('drive', { joinIpPorts: ['10.0.0.1:1', '10.0.0.2:2'] });
  assert.is(env(podOf(given, PLAIN, { joinIps: ['10.0.0.9:9'] }), 'JOIN_IPS'), '10.0.0.9:9');
  assert.is(env(podOf(given, PLAIN, { joinIps: [] }), 'JOIN_IPS'), '10.0.0.1:1,10.0.0.2:2');
  assert.is(env(podOf(container('drive')), 'JOIN_IPS'), undefined);
});

test('spec 04 §17 #24: with dropped constraints the machine identifier comes last, in any mode', () => {
  const settings = { otelPackagesInstallerImage: 'python:3' };
  for (const mode of ['client', 'discovery'] as const) {
    const pod = podOf(container(mode, { dropAffinityConstraints: true }), PLAIN, { settings });
    assert.equal(names(pod).slice(-2), ['PYTHONPATH', 'MACHINE_IDENTIFIER']);
    assert.is(env(pod, 'MACHINE_IDENTIFIER'), 'container-uid');
  }
});

test('durations are cut to whole seconds', () => {
  const seconds = (autoRemoveTimeout: string) =>
    env(podOf(container('client', { autoRemoveTimeout })), 'AUTO_REMOVE_TIMEOUT');
  const given = ['0s', '24h0m0s', '1m30.9s', '.5h', '1500ms', '-90.5s', '2µs', '', 'soon', '5', '1h x'];
  assert.equal(given.map(seconds), ['0', '86400', '90', '1800', '1', '-90', '0', '0', '0', '0', '0']);
});

test('a script runs before start as base64 of its UTF-8 text', () => {
  const pod = podOf(container('dist', { overrides: { preRunScript: 'echo "ü"', debugSleepOnTerminate: 9 } }));
  assert.is(Buffer.from(env(pod, 'PRE_RUN_SCRIPT') ?? '', 'base64').toString('utf8'), 'echo "ü"');
  assert.is(env(pod, 'WEKA_OPERATOR_DEBUG_SLEEP'), '9');
  assert.is(env(podOf(container('dist')), 'WEKA_OPERATOR_DEBUG_SLEEP'), '3');
});

test('traces are for one process more than cores', () => {
  const tracesConfiguration = { maxCapacityPerIoNode: 7, ensureFreeSpace: 8, dumperConfigMode: 'cluster' };
  const pod = podOf(container('drive', { numCores: 3, tracesConfiguration }));
  const values = (given: typeof pod) =>
    ['MAX_TRACE_CAPACITY_GB', 'ENSURE_FREE_SPACE_GB', 'DUMPER_CONFIG_MODE'].map((name) => env(given, name));
  assert.equal(values(pod), ['28', '8', 'cluster']);
  assert.equal(values(podOf(container('drive'))), ['20', '20', 'auto']);
});

test('variables of one system or mode stay there', () => {
  const settings = { cosAllowHugepageConfig: true, cosAllowDisableDriverSigning: true, proxy: 'http://p' };
  const present = (
    mode: 'discovery' | 'drive' | 'drivers-loader' | 'drivers-builder',
    info = COS,
    spec: Partial<WekaContainerSpec> = {},
  ) =>
    names(podOf(container(mode, spec), info, { settings })).filter((name) =>
      /^(WEKA_COS|GOOGLE|HTTPS|BASE_PORT|WEKA_PERS|NVIDIA)/.test(name),
    );
  assert.equal(present('discovery'), [
    'WEKA_COS_ALLOW_HUGEPAGE_CONFIG',
    'WEKA_COS_GLOBAL_HUGEPAGE_SIZE',
    'WEKA_COS_GLOBAL_HUGEPAGE_COUNT',
  ]);
  assert.equal(present('drivers-loader'), ['HTTPS_PROXY', 'WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING']);
  assert.equal(present('drivers-builder'), ['WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING', 'GOOGLE_APPLICATION_CREDENTIALS']);
  assert.equal(present('drivers-builder', PLAIN, { pvc: { name: 'p' } }), []);
  const spec = {
    pvc: { name: 'p' },
    portRange: { basePort: 45000, portRange: 0 },
    network: { nvidiaVfSingleIp: false },
  };
  assert.equal(present('drive', COS, spec), ['BASE_PORT', 'WEKA_PERSISTENCE_MODE', 'NVIDIA_VF_SINGLE_IP']);
});

test.run();
