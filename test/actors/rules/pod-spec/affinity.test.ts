/** Where a pod may run. Source: spec 04, 5.2, 5.3 and 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Affinity } from '../../../../messages/core-types.ts';
import type { NodeName } from '../../../../messages/ids.ts';
import type { ContainerMode } from '../../../../messages/weka-container.ts';
import { CLUSTER, container, PLAIN, podOf } from '../given.ts';

const owned = { metadata: { ownerReferences: [CLUSTER] } };
const affinityOf = (mode: ContainerMode, spec = {}, settings = {}): Affinity =>
  podOf(container(mode, spec, owned), PLAIN, { settings }).spec.affinity;
const terms = (affinity: Affinity) =>
  affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
const apart = (affinity: Affinity) => affinity.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
const near = (affinity: Affinity) => affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
const sameCluster = (mode: string) => ({
  labelSelector: { matchLabels: { 'weka.io/cluster-id': 'cluster-uid', 'weka.io/mode': mode } },
  topologyKey: 'kubernetes.io/hostname',
});
const frontends = {
  labelSelector: { matchExpressions: [{ key: 'weka.io/mode', operator: 'In', values: ['nfs', 's3', 'client'] }] },
  topologyKey: 'kubernetes.io/hostname',
};
const linux = { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] };
const host = { key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] };

test('spec 04 §17 #23: compute stays apart from its own kind, frontends from each other', () => {
  assert.equal(apart(affinityOf('compute')), [sameCluster('compute')]);
  for (const mode of ['s3', 'nfs', 'smbw', 'client'] as const) assert.equal(apart(affinityOf(mode)), [frontends], mode);
  assert.equal(apart(affinityOf('s3', {}, { allowMultipleProtocolsPerNode: true })), [sameCluster('s3')]);
});

test('modes that take no resources of a node keep apart from nobody', () => {
  for (const mode of [
    'ssdproxy',
    'dist',
    'drivers-dist',
    'drivers-builder',
    'drivers-loader',
    'discovery',
    'adhoc-op',
  ] as const) {
    assert.is(affinityOf(mode).podAntiAffinity, undefined, mode);
  }
});

test('spec 04 §17 #24: dropped constraints mean no term about pods', () => {
  for (const mode of ['drive', 'client', 'envoy', 'telemetry'] as const) {
    assert.equal(Object.keys(affinityOf(mode, { dropAffinityConstraints: true })), ['nodeAffinity'], mode);
  }
});

test('spec 04 §17 #25: envoy goes where s3 is, telemetry where compute is', () => {
  assert.equal(near(affinityOf('envoy')), [sameCluster('s3')]);
  assert.equal(near(affinityOf('telemetry')), [sameCluster('compute')]);
});

test('terms of the user are kept in front', () => {
  const own = { topologyKey: 'zone', labelSelector: {} };
  const given = { requiredDuringSchedulingIgnoredDuringExecution: [own] };
  const affinity = affinityOf('envoy', { affinity: { podAffinity: given, podAntiAffinity: given } });
  assert.equal(near(affinity), [own, sameCluster('s3')]);
  assert.equal(apart(affinity), [own, sameCluster('envoy')]);
});

test('a bound container is held to its node, the spec before the status, and to its selector in order of keys', () => {
  const spec = { nodeAffinity: 'n1' as NodeName, nodeSelector: { zone: 'z', rack: 'r' } };
  const pod = podOf(container('client', spec, { status: { nodeAffinity: 'n2' as NodeName } }));
  assert.equal(terms(pod.spec.affinity), [
    {
      matchExpressions: [
        linux,
        host,
        { key: 'rack', operator: 'In', values: ['r'] },
        { key: 'zone', operator: 'In', values: ['z'] },
      ],
    },
  ]);
});

test('spec 04 §17 #27: node affinity with preferred terms only gets a required one', () => {
  const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } }];
  for (const nodeAffinity of [
    { preferredDuringSchedulingIgnoredDuringExecution: preferred },
    {
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] },
    },
  ]) {
    const affinity = affinityOf('drive', { affinity: { nodeAffinity } });
    assert.equal(terms(affinity), [{ matchExpressions: [linux] }]);
    assert.equal(affinity.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution, preferred);
  }
});

test('spec 04 §17 #28: every required term holds the pod to the node', () => {
  const [one, two] = [
    { key: 'a', operator: 'Exists' },
    { key: 'b', operator: 'Exists' },
  ];
  const nodeSelectorTerms = [{ matchExpressions: [one] }, { matchExpressions: [two] }];
  const affinity = affinityOf('drive', {
    nodeAffinity: 'n1' as NodeName,
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  });
  assert.equal(terms(affinity), [{ matchExpressions: [one, linux, host] }, { matchExpressions: [two, linux, host] }]);
});

test.run();
