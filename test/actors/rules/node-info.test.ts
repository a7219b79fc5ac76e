/** Node info, the representative node, the host directory. Source: spec 04, 2 and 17; spec 06, 6.7; spec/README F27, F32. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DISCOVERY_ANNOTATION,
  nicsRequested,
  nodeInfoOf,
  nodeInfoOfResult,
  podWouldDiffer,
  recordText,
  representativeNode,
} from '../../../actors/rules/node-info.ts';
import type { Node } from '../../../messages/resources.ts';
import { container, HYPERTHREADED, node, PLAIN, SETTINGS } from './given.ts';

const TOOLKIT = { digests: { '417.1': 'abc' }, imageBaseUrl: 'mirror/ocp', required: false };
const recorded = (record: object | string, more: Parameters<typeof node>[1] = {}): Node =>
  node('n1', {
    ...more,
    metadata: {
      annotations: { [DISCOVERY_ANNOTATION]: typeof record === 'string' ? record : JSON.stringify(record) },
      ...more.metadata,
    },
  });
const valid = { is_ht: true, os: 'ubuntu', boot_id: 'boot', schema: 3 };

test('spec 04 §17 #31: a record is trusted only when it parses, is of this boot, and of the schema', () => {
  assert.is(nodeInfoOf(recorded(valid), TOOLKIT).kind, 'known');
  for (const bad of [
    { ...valid, boot_id: 'before' },
    { ...valid, schema: 2 },
    { ...valid, is_ht: 'yes' },
    { ...valid, schema: '3' },
    '',
    'null',
    '[]',
    '{',
  ]) {
    assert.is(nodeInfoOf(recorded(bad), TOOLKIT).kind, 'discover', JSON.stringify(bad));
  }
});

test('CPU count and provider are those of the node now, not of the record', () => {
  const given = recorded(
    { ...valid, num_cpus: 1, provider: 'oci' },
    { spec: { providerID: 'aws:///z/i' }, cpu: '7500m' },
  );
  assert.equal(nodeInfoOf(given, TOOLKIT), {
    kind: 'known',
    info: { is_ht: true, os: 'ubuntu', boot_id: 'boot', schema: 3, num_cpus: 8, provider: 'aws' },
  });
});

test('spec 04 §17 #32: an unknown OpenShift release stops builders only', () => {
  const release = (os_build_id: string, required: boolean) =>
    nodeInfoOf(recorded({ ...valid, os: 'rhcos', os_build_id }), { ...TOOLKIT, required });
  const known = release('417.1', true);
  assert.is(known.kind === 'known' && known.info.init_container_image, 'mirror/ocp@sha256:abc');
  assert.equal(release('9', true), {
    kind: 'failed',
    error:
      'Failed to get OCP toolkit image for version 9: Failed to fetch image tag 9 from configmap ocp-driver-toolkit-images',
  });
  assert.equal(release('', true), { kind: 'failed', error: 'Failed to get OCP version from node' });
  for (const id of ['9', '', 'constructor']) {
    const unknown = release(id, false);
    assert.ok(unknown.kind === 'known' && !('init_container_image' in unknown.info), id);
  }
});

test('a result becomes a record of this schema and boot, in the order of the contract', () => {
  const given = node('n1', { bootID: 'b7' });
  const result = nodeInfoOfResult('{"os":"cos","is_ht":false,"schema":1,"os_build_id":"17","extra":1}', given, TOOLKIT);
  if (result.kind !== 'known') throw new Error(result.kind);
  assert.is(
    recordText(result.info, given),
    '{"is_ht":false,"os":"cos","os_build_id":"17","boot_id":"b7","schema":3,"num_cpus":8}',
  );
  const again = nodeInfoOf(recorded(recordText(result.info, given), { bootID: 'b7' }), TOOLKIT);
  assert.ok(again.kind === 'known' && !podWouldDiffer(result.info, again.info));
});

test('spec/README F32: a result that is none is an error with its own text', () => {
  for (const text of ['', 'Traceback', '[]', '"x"', '{"is_ht":1}']) {
    const expected = { kind: 'failed', error: 'Failed to unmarshal discovery.json' };
    assert.equal(nodeInfoOfResult(text, node('n1'), TOOLKIT), expected, text);
  }
});

test('NICs are for aws, and for oci when allowed', () => {
  const asked = (provider: string, oci: boolean) => nicsRequested({ provider }, oci);
  assert.equal(
    [asked('aws', false), asked('oci', false), asked('oci', true), asked('', true)],
    [true, false, true, false],
  );
});

test('spec/README F27: the representative node matches, is ready, takes pods, is tolerated; a recorded one first', () => {
  const ok = { 'weka.io/backend': 'true' };
  const labels = { metadata: { labels: ok } };
  const notReady = node('a', { ...labels, ready: false });
  const cordoned = node('b', { ...labels, spec: { unschedulable: true } });
  const tainted = node('c', { ...labels, spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } });
  const foreign = node('d');
  const [one, two] = [node('f', labels), node('e', labels)];
  const known = recorded(valid, {
    metadata: { name: 'z', labels: ok, annotations: { [DISCOVERY_ANNOTATION]: JSON.stringify(valid) } },
  });
  const { spec } = container('drive', { nodeSelector: ok });
  const chosen = (...nodes: readonly Node[]) => representativeNode(spec, nodes, SETTINGS)?.metadata.name;
  assert.is(chosen(notReady, cordoned, tainted, foreign), undefined);
  assert.is(chosen(), undefined);
  assert.is(chosen(notReady, one, cordoned, two, tainted), 'e');
  assert.is(chosen(known, one, two), 'z');
  assert.is(chosen(one, two, known), 'z');
  const affine = container('drive', {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'rack', operator: 'Exists' }] }],
        },
      },
    },
  });
  assert.is(representativeNode(affine.spec, [one, two], SETTINGS), undefined);
});

test('spec/README F27: a pod is wrong on a node of another system, hyperthreading or provider', () => {
  assert.ok(podWouldDiffer(PLAIN, HYPERTHREADED));
  assert.ok(podWouldDiffer(PLAIN, { ...PLAIN, os: 'cos' }));
  assert.ok(podWouldDiffer(PLAIN, { ...PLAIN, provider: 'aws' }));
  assert.not.ok(podWouldDiffer(PLAIN, { ...PLAIN, boot_id: 'other', num_cpus: 2, os_build_id: '9' }));
});

test.run();
