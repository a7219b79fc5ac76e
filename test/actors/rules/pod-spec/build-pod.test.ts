/** Whole pods and what of them does not belong to one part: accounts, host access, ports, errors. Source: spec 04, 14 and 17. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildPod, SPEC_HASH, specHash } from '../../../../actors/rules/pod-spec/build-pod.ts';
import type { NodeName } from '../../../../messages/ids.ts';
import type { NodeInfo } from '../../../../messages/node-info.ts';
import type { WekaContainer } from '../../../../messages/weka-container.ts';
import { comparablePod } from '../../../conformance/comparable-pod.ts';
import { jsonDiff } from '../../../conformance/json-diff.ts';
import { CLUSTER, container, env, errorOf, HYPERTHREADED, mainOf, PLAIN, podOf, SETTINGS, volume } from '../given.ts';

const IMAGE = 'registry.example/weka-in-container:4.4.5.118-k8s.4';
const DIST = 'https://weka-drivers-dist.weka-operator-system.svc.cluster.local:60002';

function equalsExample(name: string, given: WekaContainer, info: NodeInfo): void {
  const example = load(readFileSync(new URL(`examples/${name}.yaml`, import.meta.url), 'utf8'));
  assert.equal(jsonDiff(comparablePod(example), comparablePod(JSON.parse(JSON.stringify(podOf(given, info))))), []);
}

test('spec 04 §17 #1: a drive container on a hyperthreaded node becomes the pod of §14.1', () => {
  const uid = 'b5a0c2de-91f4-4d0c-8a77-52f0c1d2e3f4';
  const given = container(
    'drive',
    {
      image: IMAGE,
      imagePullSecret: 'weka-pull',
      name: 'drivex7f3a',
      numCores: 2,
      numDrives: 4,
      hugepages: 3600,
      hugepagesOffset: 800,
      network: { ethDevice: 'ens5' },
      driversDistService: DIST,
      nodeSelector: { 'weka.io/supports-backends': 'true' },
      wekaSecretRef: { secretKeyRef: { key: `weka-operator-${uid}`, name: '' } },
    },
    {
      metadata: {
        name: 'c1-drive-7f3a',
        uid: '3c1f7d52-6a0e-4e0b-9a54-0b7d5a3e1f01',
        labels: { app: 'weka', 'weka.io/mode': 'drive', 'weka.io/cluster-id': uid, 'weka.io/cluster-name': 'c1' },
        annotations: { 'example.com/team': 'storage' },
        ownerReferences: [{ ...CLUSTER, uid }],
      },
    },
  );
  equalsExample('drive', given, HYPERTHREADED);
});

test('spec 04 §17 #2: a client with UDP becomes the pod of §14.2', () => {
  const given = container(
    'client',
    {
      image: IMAGE,
      imagePullSecret: 'weka-pull',
      name: '0f1e2d3c4b5aclient',
      nodeAffinity: 'node-7' as NodeName,
      hugepages: 1500,
      hugepagesOffset: 200,
      network: { udpMode: true },
      portRange: { basePort: 45000, portRange: 0 },
      driversDistService: DIST,
      nodeSelector: { 'weka.io/role': 'client' },
      tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'gpu', effect: 'NoExecute' }],
      joinIpPorts: ['10.20.0.11:35000', '10.20.0.12:35000'],
      wekaSecretRef: { secretKeyRef: { key: 'weka-client-c1', name: '' } },
    },
    {
      metadata: {
        name: 'c1-clients-node-7',
        uid: '90d2a7b1-55c3-4f2a-b7d0-1e2f3a4b5c6d',
        labels: { app: 'weka', 'weka.io/client-name': 'c1-clients', 'weka.io/target-cluster-name': 'c1' },
        ownerReferences: [{ ...CLUSTER, kind: 'WekaClient', name: 'c1-clients' }],
      },
    },
  );
  equalsExample('client', given, PLAIN);
});

test('spec 04 §17 #3: a drivers builder becomes the pod of §14.3, without its instructions', () => {
  const given = container(
    'drivers-builder',
    {
      image: IMAGE,
      imagePullSecret: 'weka-pull',
      name: 'dist',
      port: 60002,
      agentPort: 60001,
      nodeSelector: { 'weka.io/architecture': 'amd64' },
      overrides: { preRunScript: 'apt-get update && apt-get install -y gcc-12' },
      instructions: { type: 'build-drivers', payload: '{"kernel":"6.1","arch":"amd64"}' },
    },
    {
      metadata: {
        name: 'weka-drivers-builder-118',
        namespace: 'weka-operator-system',
        uid: '77aa1b2c-0d3e-4f50-8162-738495a6b7c8',
      },
    },
  );
  equalsExample('drivers-builder', given, PLAIN);
});

test('spec 04 §17 #7: manual without core ids is an error with its own text', () => {
  assert.is(
    errorOf(container('client', { cpuPolicy: 'manual' })),
    'CPU policy manual is not supported without coreIds',
  );
});

test('an unknown CPU policy, also an empty one, is an error for every mode', () => {
  assert.is(errorOf(container('drive', { cpuPolicy: 'turbo' })), 'invalid CPU policy: turbo');
  assert.is(errorOf(container('telemetry', { cpuPolicy: '' })), 'invalid CPU policy: ');
});

test('without an image there is no pod, with a chosen one there is', () => {
  const given = container('client', { image: '' });
  assert.is(errorOf(given), 'image is required');
  assert.is(mainOf(podOf(given, PLAIN, { image: 'fallback:1' })).image, 'fallback:1');
});

test('spec 04 §17 #42: the chosen image is the image and IMAGE_NAME', () => {
  const pod = podOf(container('client', { image: 'b:2' }), PLAIN, { image: 'a:1' });
  assert.is(mainOf(pod).image, 'a:1');
  assert.is(env(pod, 'IMAGE_NAME'), 'a:1');
});

test('spec 04 §17 #26: a bound container gets the targeted class, any other the initial one', () => {
  const bound = container('compute', {}, { status: { nodeAffinity: 'n1' as NodeName } });
  assert.is(podOf(container('compute')).spec.priorityClassName, 'weka-initial-no-evict');
  assert.is(podOf(bound).spec.priorityClassName, 'weka-targeted-no-evict');
  const none = podOf(container('compute'), PLAIN, { settings: { priorityClassInitial: '' } });
  assert.not.ok('priorityClassName' in none.spec);
});

test('spec 04 §17 #32: a builder on OpenShift without a toolkit image is an error, other modes are built', () => {
  const openShift = { ...PLAIN, os: 'rhcos' };
  for (const mode of ['drivers-builder', 'dist'] as const) {
    assert.is(errorOf(container(mode), openShift), 'cannot create build container for OCP without Toolkit image');
  }
  for (const mode of ['drivers-dist', 'drivers-loader', 'drive'] as const) podOf(container(mode), openShift);
});

test('spec 04 §17 #33: a builder on OpenShift pulls with the extra secret, from the digest image', () => {
  const info = { ...PLAIN, os: 'rhcos', init_container_image: 'toolkit@sha256:1' };
  const pod = podOf(container('drivers-builder', { imagePullSecret: 'own' }), info, {
    settings: { ocpPullSecret: 'ocp' },
  });
  assert.equal(pod.spec.imagePullSecrets, [{ name: 'own' }, { name: 'ocp' }]);
  assert.equal(
    pod.spec.initContainers?.map(({ name, image }) => [name, image]),
    [['driver-toolkit-init', 'toolkit@sha256:1']],
  );
  assert.equal(volume(pod, 'driver-toolkit-shared')?.emptyDir, {});
});

test('DNS policy goes by the network of the mode, also where COS forces the host network', () => {
  const settings = { dnsPolicyK8sNetwork: 'ClusterFirst', dnsPolicyHostNetwork: 'ClusterFirstWithHostNet' };
  assert.is(podOf(container('drive'), PLAIN, { settings }).spec.dnsPolicy, 'ClusterFirstWithHostNet');
  const loader = podOf(container('drivers-loader'), { ...PLAIN, os: 'cos' }, { settings }).spec;
  assert.equal([loader.dnsPolicy, loader.hostNetwork], ['ClusterFirst', true]);
});

test('spec/README V3: exposed ports are declared only when asked for', () => {
  const given = container('envoy', {
    exposePorts: [80],
    exposedPorts: [{ name: 'envoy-admin', containerPort: 81, hostPort: 81, protocol: 'TCP' }],
  });
  assert.equal(mainOf(podOf(given)).ports, [{ containerPort: 80, protocol: 'TCP' }]);
  const declared = mainOf(podOf(given, PLAIN, { settings: { podDeclareExposedPorts: true } })).ports;
  assert.equal(
    declared?.map((port) => [port.name, port.containerPort]),
    [
      [undefined, 80],
      ['envoy-admin', 81],
    ],
  );
});

test('spec/README V10: the drift hash follows the spec, not binding, image, addresses or tolerations', () => {
  const settings = { ...SETTINGS, podSpecDriftReport: true };
  const before = container('drive', { numCores: 2 });
  const bound: WekaContainer = {
    ...before,
    spec: { ...before.spec, image: 'next:2', joinIpPorts: ['10.0.0.1:1'], tolerations: [{ operator: 'Exists' }] },
    status: { status: 'Running', nodeAffinity: 'n1' as NodeName, allocations: { wekaPort: 35000 } },
  };
  const hash = specHash(before, PLAIN, settings);
  assert.match(hash ?? '', /^[0-9a-f]{64}$/);
  assert.is(podOf(before, PLAIN, { settings }).metadata.annotations?.[SPEC_HASH], hash);
  assert.is(specHash(bound, PLAIN, settings), hash);
  assert.is.not(specHash({ ...bound, spec: { ...bound.spec, numCores: 3 } }, PLAIN, settings), hash);
  assert.not.ok(SPEC_HASH in (podOf(before).metadata.annotations ?? {}));
});

test('the arguments stay as they were', () => {
  const given = container('s3', { affinity: { nodeAffinity: {} }, tolerations: [], joinIpPorts: ['10.0.0.1:1'] });
  const copy = structuredClone(given);
  buildPod(given, HYPERTHREADED, { settings: SETTINGS, joinIps: ['10.0.0.2:1'] });
  assert.equal(given, copy);
});

test.run();
