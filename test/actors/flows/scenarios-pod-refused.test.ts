/** Acceptance scenarios of pods that cannot be built, or that the API server refuses: told, tried again, no other harm. Source: spec 04, 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TOOLKIT_CONFIG_MAP } from '../../../actors/rules/node-info.ts';
import type { KubeOutcome } from '../../../messages/kube.ts';
import type { ConfigMap, Pod } from '../../../messages/resources.ts';
import type { ContainerMode, WekaContainer } from '../../../messages/weka-container.ts';
import {
  BOOT,
  bootScripts,
  containerOf,
  type Given,
  NODE,
  nodeOf,
  OPERATOR_NAMESPACE,
  podFor,
} from '../../support/containers.ts';
import { type Story, story } from '../../support/story.ts';

type Refusal = Extract<KubeOutcome, { kind: 'refused' }>;
const podOf = (s: Story, name: string): Pod | undefined => s.view.pod('weka', name);
const specBecomes = (s: Story, spec: Given['spec']): void => {
  const stored = s.container() as WekaContainer;
  const next: WekaContainer = { ...stored, spec: { ...stored.spec, ...spec } };
  s.view.put(next);
};
const invalid = (message: string): Refusal => ({ kind: 'refused', status: 422, reason: 'Invalid', message });
const noClass: Refusal = {
  kind: 'refused',
  status: 403,
  reason: 'Forbidden',
  message: 'no PriorityClass x was found',
};
for (const [name, mode, given, outcome, mended] of [
  [
    'spec 04 §17 #10: a memory request above its limit',
    'client',
    { resources: { requests: { memory: '6Gi' } } },
    invalid('requests: Invalid value: "6Gi": must be less than or equal to memory limit of 0'),
    { resources: { requests: { memory: '6Gi' }, limits: { memory: '6Gi' } } },
  ],
  [
    'spec 04 §17 #12: an odd number of pages',
    'compute',
    { hugepages: 1501 },
    invalid('limits[hugepages-2Mi]: Invalid value: "1501Mi": must be a multiple of 2Mi'),
    { hugepages: 1500 },
  ],
  ['spec 04 §17 #46: a PriorityClass that is not there', 'compute', {}, noClass, {}],
] as const satisfies readonly (readonly [string, ContainerMode, Given['spec'], Refusal, Given['spec']])[]) {
  test(`${name}: the refusal in the event and Error, every 10 s; then the pod comes`, () => {
    let refuses = true;
    const s = story(containerOf(mode, { spec: { nodeAffinity: NODE, ...given } }), {
      refuse: (call) => (refuses && call === `create pods/weka/${mode}` ? outcome : undefined),
    });
    s.until(() => s.status().status === 'Error');
    assert.ok(s.count(`Warning ensurePod-fmError: Failed to create pod: ${outcome.message}`) > 0, s.log.join('\n'));
    assert.is(s.rest(), 10_000);
    assert.is(podOf(s, mode), undefined);
    refuses = false;
    specBecomes(s, mended);
    s.until(() => podOf(s, mode) !== undefined);
    s.view.put(podFor(s.container() ?? containerOf(mode)));
    s.until(() => s.status().status !== 'Error');
  });
}

for (const [name, cpuPolicy, text] of [
  ['spec 04 §17 #7: manual without core ids', 'manual', 'CPU policy manual is not supported without coreIds'],
  ['spec 01 §23 #5: an unknown CPU policy', 'turbo', 'invalid CPU policy: turbo'],
] as const) {
  test(`${name}: no pod, the event, Error, 10 s; with another policy the pod comes`, () => {
    const s = story(containerOf('client', { spec: { nodeAffinity: NODE, cpuPolicy } }));
    s.until(() => s.status().status === 'Error');
    assert.ok(s.count(`Warning ensurePod-fmError: Failed to create pod spec: ${text}`) > 0, s.log.join('\n'));
    assert.is(s.rest(), 10_000);
    assert.is(s.count('create pods'), 0);
    specBecomes(s, { cpuPolicy: 'auto' });
    s.until(() => podOf(s, 'client') !== undefined);
  });
}

test('spec 04 §17 #32: a builder on an unknown OpenShift release: the event names it; once the map has it the pod comes', () => {
  const discovered = {
    is_ht: false,
    os: 'rhcos',
    os_build_id: '416.94',
    kubernetes_distro: 'openshift',
    boot_id: BOOT,
    schema: 3,
  };
  const node = nodeOf(NODE, { annotations: { 'weka.io/discovery.json': JSON.stringify(discovered) } });
  const toolkit = (data: Readonly<Record<string, string>>): ConfigMap => {
    const { metadata, ...rest } = bootScripts(OPERATOR_NAMESPACE, data);
    return { ...rest, metadata: { ...metadata, name: TOOLKIT_CONFIG_MAP } };
  };
  const s = story(containerOf('drivers-builder', { spec: { nodeAffinity: NODE } }), { world: [node, toolkit({})] });
  s.until(() => s.status().status === 'Error');
  assert.ok(
    s.log.some((line) => line.startsWith('Warning ensurePod-fmError') && line.includes('416.94')),
    s.log.join('\n'),
  );
  assert.is(s.count('create pods'), 0);
  s.view.put(toolkit({ '416.94': 'abc' }));
  s.until(() => podOf(s, 'drivers-builder') !== undefined);
  assert.ok(JSON.stringify(podOf(s, 'drivers-builder')).includes('@sha256:abc'));
  const other = story(containerOf('compute', { spec: { nodeAffinity: NODE } }), { world: [node, toolkit({})] });
  other.until(() => podOf(other, 'compute') !== undefined);
});

test.run();
