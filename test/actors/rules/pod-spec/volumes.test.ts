/** Volumes, mounts and init containers. Source: spec 04, 8, 9 and 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ContainerMode, MODES } from '../../../../messages/weka-container.ts';
import { hasPersistentStorage } from '../../../../messages/weka-modes.ts';
import { CLUSTER, container, env, limits, mainOf, mounted, PLAIN, podOf, volume } from '../given.ts';

const COS = { ...PLAIN, os: 'cos' };
const RHCOS = { ...PLAIN, os: 'rhcos', init_container_image: 'toolkit@sha256:1' };
const pathOf = (pod: ReturnType<typeof podOf>, name: string) => volume(pod, name)?.hostPath?.path;

test('spec 04 §17 #19: the base directory goes by the system of the node', () => {
  const path = (os: string) => pathOf(podOf(container('drive'), { ...PLAIN, os }), 'weka-container-persistence-dir');
  assert.is(path('ubuntu'), '/opt/k8s-weka/containers/container-uid');
  assert.is(path('rhcos'), '/root/k8s-weka/containers/container-uid');
  assert.is(path('cos'), '/mnt/stateful_partition/k8s-weka/containers/container-uid');
});

test('spec 04 §17 #20: containers without a cluster share the directory of the cluster-less', () => {
  const path = (kind: string) =>
    pathOf(
      podOf(container('client', {}, { metadata: { ownerReferences: [{ ...CLUSTER, kind }] } })),
      'weka-cluster-persistence-dir',
    );
  assert.is(path('WekaClient'), '/opt/k8s-weka/clusters/cluster-less');
  assert.is(path('WekaCluster'), '/opt/k8s-weka/clusters/cluster-uid');
});

test('spec 04 §17 #21: a claim comes on top of the directories, and only where there are any', () => {
  for (const mode of MODES) {
    const pod = podOf(container(mode, { pvc: { name: 'p' } }));
    const persistent = hasPersistentStorage(mode);
    const claim = volume(pod, 'weka-container-global-persistence-dir')?.persistentVolumeClaim?.claimName;
    assert.is(claim, persistent ? 'p' : undefined, mode);
    assert.is(mounted(pod, '/opt/weka-global-persistence') !== undefined, persistent, mode);
    assert.is(mounted(pod, '/host-binds/opt-weka') !== undefined, persistent, mode);
    assert.is(env(pod, 'WEKA_PERSISTENCE_MODE'), persistent ? 'global' : undefined, mode);
  }
});

test('spec 04 §17 #22: the key of the reference names the Secret; additional ones are mounted by their keys, sorted', () => {
  const pod = podOf(
    container('compute', {
      wekaSecretRef: { secretKeyRef: { key: 's1', name: 'ignored' } },
      additionalSecrets: { 'wekahome-cacert': 'ca', a: 'b' },
      nodeInfoConfigMap: 'facts',
    }),
  );
  assert.is(volume(pod, 'weka-credentials')?.secret?.secretName, 's1');
  assert.is(volume(pod, 'wekahome-cacert-secret')?.secret?.secretName, 'ca');
  assert.is(mounted(pod, '/var/run/secrets/weka-operator/wekahome-cacert'), 'wekahome-cacert-secret');
  assert.is(mounted(pod, '/etc/wekaio/node-info'), 'node-info');
  const secrets = pod.spec.volumes.filter(({ name }) => name.endsWith('-secret')).map(({ name }) => name);
  assert.equal(secrets, ['a-secret', 'wekahome-cacert-secret']);
});

test('the proxy socket is for the proxy and for drives that share', () => {
  assert.is(pathOf(podOf(container('ssdproxy')), 'weka-proxy-socket-dir'), '/opt/k8s-weka/ssdproxy/');
  assert.is(mounted(podOf(container('drive', { driveCapacity: 1 })), '/host-binds/ssdproxy'), 'weka-proxy-socket-dir');
  assert.is(mounted(podOf(container('drive')), '/host-binds/ssdproxy'), undefined);
  assert.is(mounted(podOf(container('compute', { driveCapacity: 1 })), '/host-binds/ssdproxy'), undefined);
});

test('spec 04 §16 #12: signing mounts the socket of the proxy it names, and none without a name', () => {
  const socket = (payload: string, type = 'sign-drives', mode: ContainerMode = 'adhoc-op') =>
    pathOf(podOf(container(mode, { instructions: { type, payload } })), 'weka-ssdproxy-local-socket');
  const named = '{"ssd_proxy_container_uuid":"u1"}';
  assert.is(socket(named), '/opt/k8s-weka/shared/containers/u1/local-sockets/ssdproxy');
  for (const payload of [
    '{}',
    '',
    'not json',
    'null',
    '7',
    '{"ssd_proxy_container_uuid":""}',
    '{"ssd_proxy_container_uuid":7}',
  ]) {
    assert.is(socket(payload), undefined, payload);
  }
  assert.is(socket(named, 'discover-drives'), undefined);
  assert.is(socket(named, 'sign-drives', 'drive'), undefined);
});

test('telemetry sees the shared configuration at a second place', () => {
  assert.is(
    mounted(podOf(container('telemetry')), '/opt/weka/external_mounts/shared_boot_level'),
    'weka-cluster-persistence-dir',
  );
});

test('spec 04 §17 #34: on COS a loader works in the namespaces of the host and loads uio first', () => {
  const pod = podOf(container('drivers-loader'), COS);
  assert.equal([pod.spec.hostNetwork, pod.spec.hostPID], [true, true]);
  const [uio, ...others] = pod.spec.initContainers ?? [];
  assert.equal([uio?.name, uio?.image, others.length], ['uio-loader-init', 'busybox:latest', 0]);
  assert.equal(uio?.volumeMounts, [{ name: 'host-modules', mountPath: '/lib/modules', readOnly: true }]);
  assert.is(mounted(pod, '/usr/src'), undefined);
  assert.is(mounted(pod, '/lib/modules'), undefined);
  for (const file of ['sysrq-trigger', 'cmdline']) assert.ok(mounted(pod, `/hostside/proc/${file}`), file);
  assert.is(mounted(pod, '/devenv.sh'), 'weka-boot-scripts');
});

test('off COS the drivers set sees modules read-only and sources', () => {
  for (const mode of ['dist', 'drivers-dist', 'drivers-builder', 'drivers-loader'] as const) {
    const pod = podOf(container(mode), RHCOS);
    assert.is(mainOf(pod).volumeMounts.find(({ name }) => name === 'libmodules')?.readOnly, true, mode);
    assert.is(mounted(pod, '/usr/src'), 'usrsrc', mode);
    assert.equal([pod.spec.hostNetwork, pod.spec.hostPID], [undefined, undefined], mode);
  }
});

test('spec 04 §17 #33: the toolkit is shared from an init container that has the environment', () => {
  const pod = podOf(container('dist', { dropAffinityConstraints: true }), RHCOS);
  const mount = mainOf(pod).volumeMounts.find(({ name }) => name === 'driver-toolkit-shared');
  assert.is(mount?.mountPropagation, 'HostToContainer');
  const [init] = pod.spec.initContainers ?? [];
  assert.is(init?.volumeMounts[0]?.mountPropagation, 'Bidirectional');
  assert.equal(
    init?.env,
    mainOf(pod).env?.filter(({ name }) => name !== 'MACHINE_IDENTIFIER'),
  );
});

test('a builder on COS has the credentials of its service account', () => {
  const settings = { cosServiceAccountSecret: 'gcp' };
  const secret = (mode: ContainerMode) =>
    volume(podOf(container(mode), COS, { settings }), 'gcloud-credentials')?.secret?.secretName;
  assert.equal([secret('drivers-builder'), secret('dist'), secret('drivers-loader')], ['gcp', 'gcp', undefined]);
});

test('init containers run in a fixed order, and without resources unless V10 is on', () => {
  const instructions = { type: 'copy-weka-files-to-driver-loader', payload: 'b:1' };
  const settings = { otelPackagesInstallerImage: 'python:3', uioLoaderImage: 'mirror/busybox:1' };
  const init = podOf(container('drivers-builder', { instructions }), COS, { settings }).spec.initContainers ?? [];
  assert.equal(
    init.map(({ name }) => name),
    ['init-setup', 'uio-loader-init', 'otel-packages-installer'],
  );
  assert.is(init[1]?.image, 'mirror/busybox:1');
  assert.equal(
    init.map(({ resources }) => resources),
    [undefined, undefined, undefined],
  );
  const sized = podOf(container('drive'), PLAIN, { settings: { ...settings, initContainerResources: true } });
  const { cpu = '', memory = '' } = limits(sized) ?? {};
  assert.equal(sized.spec.initContainers?.[0]?.resources, { requests: { cpu, memory }, limits: { cpu, memory } });
});

test.run();
