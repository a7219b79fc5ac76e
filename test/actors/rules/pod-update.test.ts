/** What changes on a pod that lives. Source: spec 04, 4.2 and 17; spec/README I2, V3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  metadataChange,
  metadataPatch,
  tolerationsChange,
  tolerationsPatch,
} from '../../../actors/rules/pod-update.ts';
import { mergePatch } from '../../../messages/merge-patch.ts';
import type { Pod } from '../../../messages/resources.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { container, livePod, PLAIN, podOf } from './given.ts';

const REFERENCE = { podKeepForeignLabels: false };
const KEEP = { podKeepForeignLabels: true };
const LIST = 'weka.io/applied-annotations';

const created = (given: WekaContainer, settings = {}): Pod => {
  const { labels, annotations } = podOf(given, PLAIN, { settings }).metadata;
  return livePod({ labels: labels ?? {}, ...(annotations === undefined ? {} : { annotations }) });
};
const withMeta = (metadata: WekaContainer['metadata'] extends infer M ? Partial<M> : never) =>
  container('drive', {}, { metadata });
/** The pod after the patch, as the API server would leave it. */
const patched = (pod: Pod, given: WekaContainer, settings = REFERENCE): Pod => {
  const due = metadataChange(given, pod, settings);
  return due === undefined ? pod : (mergePatch(pod, metadataPatch(pod, due)) as Pod);
};

test('spec 04 §17 #38: a label follows the container onto the pod and off again, the pod stays the same', () => {
  const pod = created(withMeta({}));
  const added = patched(pod, withMeta({ labels: { team: 'a' } }));
  assert.is(added.metadata.labels?.team, 'a');
  const removed = patched(added, withMeta({}));
  assert.equal(removed.metadata.labels, pod.metadata.labels);
  assert.is(removed.metadata.uid, pod.metadata.uid);
});

test('spec 04 §17 #39: three unchanged annotations mean no update, in whatever order they were listed', () => {
  const given = withMeta({ annotations: { a: '1', b: '2', c: '3' } });
  const pod = created(given);
  assert.is(metadataChange(given, pod, REFERENCE), undefined);
  const shuffled = livePod({ ...pod.metadata, annotations: { ...pod.metadata.annotations, [LIST]: 'c,a,b' } });
  assert.is(metadataChange(given, shuffled, REFERENCE), undefined);
});

test('spec 04 §17 #39: an annotation removed from the container goes, a foreign one stays, the list only grows', () => {
  const pod = created(withMeta({ annotations: { a: '1', b: '2' } }));
  const seen = livePod({ ...pod.metadata, annotations: { ...pod.metadata.annotations, cni: 'x' } });
  const after = patched(seen, withMeta({ annotations: { a: '1' } }));
  assert.equal(after.metadata.annotations, { a: '1', cni: 'x', [LIST]: 'a,b' });
  const taken = livePod({ ...after.metadata, annotations: { ...after.metadata.annotations, b: 'of another' } });
  assert.equal(patched(taken, withMeta({ annotations: { a: '1' } })).metadata.annotations, after.metadata.annotations);
});

test('labels of others go, unless V3 keeps them and removes only its own', () => {
  const given = withMeta({ labels: { team: 'a', tier: 'b' } });
  const pod = created(given);
  const labelled = livePod({ ...pod.metadata, labels: { ...pod.metadata.labels, foreign: 'x' } });
  assert.is(patched(labelled, given).metadata.labels?.foreign, undefined);
  const kept = created(given, KEEP);
  assert.is(metadataChange(given, kept, KEEP), undefined);
  const keptLabelled = livePod({ ...kept.metadata, labels: { ...kept.metadata.labels, foreign: 'x' } });
  assert.is(metadataChange(given, keptLabelled, KEEP), undefined);
  const { labels } = patched(keptLabelled, withMeta({ labels: { team: 'a' } }), KEEP).metadata;
  assert.equal([labels?.foreign, labels?.team, labels?.tier], ['x', 'a', undefined]);
});

test('spec/README I2: the mode label of the pod is the mode, whatever the container is labelled', () => {
  assert.is(created(withMeta({ labels: { 'weka.io/mode': 'bogus' } })).metadata.labels?.['weka.io/mode'], 'drive');
});

test('a patch names the pod it is for and touches nothing that is in order', () => {
  const pod = created(withMeta({ labels: { team: 'a' } }));
  const due = metadataChange(withMeta({}), pod, REFERENCE);
  if (due === undefined) throw new Error('nothing to change');
  assert.equal(metadataPatch(pod, due), { metadata: { uid: 'pod-uid', labels: { team: null } } });
  assert.equal(tolerationsPatch(pod, []), { metadata: { uid: 'pod-uid' }, spec: { tolerations: [] } });
});

test('spec 04 §17 #40: new tolerations are appended, none is removed, other seconds replace in place', () => {
  const [one, two] = [
    { key: 'a', operator: 'Exists' },
    { key: 'b', operator: 'Exists', tolerationSeconds: 5 },
  ];
  const pod = livePod({}, { tolerations: [two, one] });
  const change = (...tolerations: readonly { key: string; operator: string; tolerationSeconds?: number }[]) =>
    tolerationsChange(container('drive', { tolerations }), pod);
  assert.is(change(), undefined);
  assert.is(change(one), undefined);
  const three = { key: 'c', operator: 'Exists' };
  assert.equal(change(three, one), [two, one, three]);
  assert.equal(change({ ...two, tolerationSeconds: 9 }), [{ ...two, tolerationSeconds: 9 }, one]);
  assert.equal(change({ key: 'b', operator: 'Exists' }), [{ key: 'b', operator: 'Exists' }, one]);
  assert.equal(pod.spec?.tolerations, [two, one]);
});

test('spec 04 §17 #41: nothing else of the container changes a pod', () => {
  const before = container('drive', { numCores: 1 });
  const pod = created(before);
  const after = container('drive', { numCores: 9, network: { udpMode: true }, hugepages: 5000 });
  assert.is(metadataChange(after, pod, REFERENCE), undefined);
  assert.is(tolerationsChange(after, pod), undefined);
});

test.run();
