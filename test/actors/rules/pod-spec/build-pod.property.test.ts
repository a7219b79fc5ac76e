/**
 * For odd containers of every mode, on odd nodes, under any settings:
 * 1. the builder does not throw; 2. the same input gives the same answer, and stays as it was; 3. names of variables, volumes
 * and init containers are unique, mount paths too; 4. every mount shows a volume of the pod; 5. no text of the object is part
 * of a shell text; 6. the mode label and the one owner are ours; 7. the answer is plain JSON.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildPod } from '../../../../actors/rules/pod-spec/build-pod.ts';
import * as scripts from '../../../../actors/rules/pod-spec/init-scripts.ts';
import type { PodDraft } from '../../../../actors/rules/pod-spec/pod-draft.ts';
import type { PodSettings } from '../../../../actors/rules/pod-spec/settings.ts';
import type { NodeName } from '../../../../messages/ids.ts';
import type { NodeInfo } from '../../../../messages/node-info.ts';
import {
  CPU_POLICIES,
  MODES,
  type WekaContainer,
  type WekaContainerSpec,
} from '../../../../messages/weka-container.ts';
import { CLUSTER, SETTINGS } from '../given.ts';

const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '',
      'a',
      'n1',
      'x"; reboot; "',
      '$(touch /tmp/owned)',
      "'`id`'",
      '__proto__',
      'ü\u2028<&>',
    ),
  },
  fc.string({ maxLength: 12, unit: 'binary' }),
);
const count = fc.oneof(fc.integer({ min: -3, max: 64 }), fc.integer());
const texts = fc.array(text, { maxLength: 3 });
const byText = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true });
const quantity = fc.oneof(fc.constantFrom('0', '0.0', '1500m', '4Gi', '1e3', ''), count);
const requirement = fc.record(
  { key: text, operator: text, values: texts },
  { noNullPrototype: true, requiredKeys: ['key', 'operator'] },
);
const term = fc.record(
  { matchExpressions: fc.array(requirement, { maxLength: 2 }) },
  { noNullPrototype: true, requiredKeys: [] },
);
const podTerms = fc.record(
  { requiredDuringSchedulingIgnoredDuringExecution: fc.array(fc.record({ topologyKey: text }), { maxLength: 2 }) },
  { noNullPrototype: true, requiredKeys: [] },
);
const affinity = fc.record(
  {
    nodeAffinity: fc.record(
      {
        requiredDuringSchedulingIgnoredDuringExecution: fc.record({
          nodeSelectorTerms: fc.array(term, { maxLength: 3 }),
        }),
        preferredDuringSchedulingIgnoredDuringExecution: fc.array(fc.record({ weight: count, preference: term }), {
          maxLength: 1,
        }),
      },
      { noNullPrototype: true, requiredKeys: [] },
    ),
    podAffinity: podTerms,
    podAntiAffinity: podTerms,
  },
  { noNullPrototype: true, requiredKeys: [] },
);
const amounts = fc.record({ cpu: quantity, memory: quantity }, { noNullPrototype: true, requiredKeys: [] });
const selector = fc.record(
  { subnet: text, min: count, max: count, deviceNames: texts },
  { noNullPrototype: true, requiredKeys: [] },
);
const selectors = fc.array(selector, { maxLength: 2 });
const instructions = fc.record(
  {
    type: fc.constantFrom('sign-drives', 'copy-weka-files-to-driver-loader', 'ensure-nics', ''),
    payload: fc.oneof(
      text,
      fc.json(),
      text.map((uuid) => JSON.stringify({ ssd_proxy_container_uuid: uuid })),
    ),
  },
  { noNullPrototype: true, requiredKeys: ['type'] },
);

const spec: fc.Arbitrary<WekaContainerSpec> = fc.record(
  {
    mode: fc.constantFrom(...MODES),
    image: text,
    name: text,
    numCores: count,
    cpuPolicy: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...CPU_POLICIES) }, text),
    upgradePolicyType: fc.constant('manual'),
    state: fc.constant('active' as const),
    autoRemoveTimeout: fc.oneof(text, fc.constantFrom('0s', '1h2m3.5s', '-1h')),
    nodeAffinity: text.map((name) => name as NodeName),
    nodeSelector: byText,
    affinity,
    tolerations: fc.array(
      fc.record({ key: text, operator: text, tolerationSeconds: count }, { noNullPrototype: true, requiredKeys: [] }),
      {
        maxLength: 2,
      },
    ),
    topologySpreadConstraints: fc.constant([]),
    port: count,
    agentPort: count,
    portRange: fc.record({ basePort: count, portRange: count }),
    exposePorts: fc.array(count, { maxLength: 2 }),
    imagePullSecret: text,
    extraCores: count,
    coreIds: fc.array(count, { maxLength: 3 }),
    network: fc.record(
      {
        ethDevice: text,
        ethDevices: texts,
        udpMode: fc.boolean(),
        deviceSubnets: texts,
        selectors,
        managementIpsSelectors: selectors,
        gateway: text,
        nvidiaVfSingleIp: fc.boolean(),
      },
      { noNullPrototype: true, requiredKeys: [] },
    ),
    hugepages: count,
    hugepagesOffset: count,
    hugepagesSize: fc.constantFrom('1Gi', '2Mi', '', '4Ki'),
    hugepagesSizeOverride: text,
    numDrives: count,
    driveCapacity: count,
    containerCapacity: count,
    driveTypesRatio: fc.record({ tlc: fc.nat(9), qlc: fc.nat(9) }),
    driversDistService: text,
    driversBuildId: text,
    wekaSecretRef: fc.oneof(fc.constant({}), fc.record({ secretKeyRef: fc.record({ key: text, name: text }) })),
    joinIpPorts: texts,
    nodeInfoConfigMap: text,
    ipv6: fc.boolean(),
    additionalMemory: count,
    serviceAccountName: text,
    additionalSecrets: byText,
    instructions,
    dropAffinityConstraints: fc.boolean(),
    hostPID: fc.boolean(),
    overrides: fc.record(
      { preRunScript: text, debugSleepOnTerminate: count },
      { noNullPrototype: true, requiredKeys: [] },
    ),
    resources: fc.record({ requests: amounts, limits: amounts }, { noNullPrototype: true, requiredKeys: [] }),
    pvc: fc.record({ name: text }),
  },
  {
    requiredKeys: ['mode', 'image', 'name', 'numCores', 'cpuPolicy', 'upgradePolicyType', 'state', 'autoRemoveTimeout'],
  },
);
const container: fc.Arbitrary<WekaContainer> = fc.record({
  apiVersion: fc.constant('weka.weka.io/v1alpha1'),
  kind: fc.constant('WekaContainer'),
  metadata: fc.record(
    {
      name: text,
      uid: text,
      resourceVersion: fc.constant('1'),
      creationTimestamp: fc.constant('2026-01-01T00:00:00Z'),
      namespace: text,
      labels: byText,
      annotations: byText,
      ownerReferences: fc.array(fc.constantFrom(CLUSTER, { ...CLUSTER, kind: 'WekaClient' }), { maxLength: 2 }),
    },
    { noNullPrototype: true, requiredKeys: ['name', 'uid', 'resourceVersion', 'creationTimestamp'] },
  ),
  spec,
  status: fc.record(
    {
      status: fc.constant(''),
      nodeAffinity: text.map((name) => name as NodeName),
      allocations: fc.record({ wekaPort: count, agentPort: count }, { noNullPrototype: true, requiredKeys: [] }),
    },
    { noNullPrototype: true, requiredKeys: ['status'] },
  ),
});
const info: fc.Arbitrary<NodeInfo> = fc.record(
  {
    is_ht: fc.boolean(),
    os: fc.constantFrom('', 'ubuntu', 'rhcos', 'cos', '$(id)'),
    provider: fc.constantFrom('', 'aws', 'oci'),
    init_container_image: text,
  },
  { noNullPrototype: true, requiredKeys: [] },
);
const settings: fc.Arbitrary<PodSettings> = fc
  .record(
    {
      otelPackagesInstallerImage: text,
      proxy: text,
      okeEnableNicsAllocation: fc.boolean(),
      cosAllowHugepageConfig: fc.boolean(),
      cosAllowDisableDriverSigning: fc.boolean(),
      hugepages1GiExact: fc.boolean(),
      cpuAutoHonoursCoreIds: fc.boolean(),
      podKeepForeignLabels: fc.boolean(),
      podSpecDriftReport: fc.boolean(),
      initContainerResources: fc.boolean(),
      skipUnhealthyToleration: fc.boolean(),
    },
    { noNullPrototype: true, requiredKeys: [] },
  )
  .map((given) => ({ ...SETTINGS, ...given }));

const SCRIPTS: ReadonlySet<string> = new Set(Object.values(scripts));
const unique = (names: readonly (string | undefined)[], of: string) =>
  assert.is(new Set(names).size, names.length, `${of} repeat: ${names}`);

function checkPod(pod: PodDraft, given: WekaContainer): void {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const volumes = new Set(pod.spec.volumes.map(({ name }) => name));
  unique(
    all.map(({ name }) => name),
    'containers',
  );
  unique(
    pod.spec.volumes.map(({ name }) => name),
    'volumes',
  );
  for (const one of all) {
    unique(one.env?.map(({ name }) => name) ?? [], 'variables');
    unique(
      one.volumeMounts.map(({ mountPath }) => mountPath),
      'mount paths',
    );
    for (const { name } of one.volumeMounts) assert.ok(volumes.has(name), `no volume ${name}`);
  }
  for (const init of pod.spec.initContainers ?? []) {
    const shell = [...init.command, ...(init.args ?? [])];
    assert.ok(
      shell.every((word) => SCRIPTS.has(word) || ['sh', '/bin/sh', '-c'].includes(word)),
      `${shell}`,
    );
  }
  assert.equal(pod.spec.containers[0]?.command, ['python3', '/opt/weka_runtime.py']);
  assert.is(pod.metadata.labels?.['weka.io/mode'], given.spec.mode);
  assert.equal(
    pod.metadata.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
    [[given.metadata.uid, true]],
  );
}

test('odd containers give a sound pod or a text, and the same one each time', () => {
  let pods = 0;
  fc.assert(
    fc.property(container, info, settings, (odd, node, config) => {
      // As JSON: what comes from the API server has no other prototypes than its parser's.
      const given: WekaContainer = JSON.parse(JSON.stringify(odd));
      const before = structuredClone({ given, node, config });
      const built = buildPod(given, node, { settings: config });
      assert.equal({ given, node, config }, before);
      const again = buildPod(structuredClone(given), structuredClone(node), { settings: structuredClone(config) });
      assert.equal(again, built);
      assert.equal(JSON.parse(JSON.stringify(built)), built);
      if (built.kind === 'failed') {
        assert.is.not(built.error, '');
        return;
      }
      pods++;
      checkPod(built.pod, given);
    }),
    { numRuns: 300 },
  );
  assert.ok(pods > 100, `only ${pods} pods were built`);
});

test.run();
