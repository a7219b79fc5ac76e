/** Acceptance scenarios of a container's pod while it lives: not scheduled, lost, restarted, kept up to date. Source: spec 04, 17; F4. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { untoleratedTaint } from '../../../actors/rules/tolerations.ts';
import type { Pod } from '../../../messages/resources.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import {
  BORN,
  bootScripts,
  containerOf,
  type Given,
  memberOf,
  NODE,
  nodeOf,
  OPERATOR_NAMESPACE,
  ownedBy,
  type PodGiven,
  podFor,
} from '../../support/containers.ts';
import { SETTINGS } from '../../support/pass.ts';
import { exit, okJson } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

const here: Given = { spec: { nodeAffinity: NODE } };
const podOf = (s: Story, name = 'compute'): Pod | undefined => s.view.pod('weka', name);
const envOf = (s: Story, variable: string): string | undefined =>
  podOf(s)?.spec?.containers?.[0]?.env?.find(({ name }) => name === variable)?.value;
/** The pod that is there comes to that, on its node unless given otherwise. */
const podBecomes = (s: Story, given: PodGiven = {}): void => {
  const container = s.container() as WekaContainer;
  const pod = podOf(s, container.metadata.name) as Pod;
  const { spec, status } = podFor(container, given);
  const next: Pod = { ...pod, spec: { ...pod.spec, ...spec }, ...(status === undefined ? {} : { status }) };
  s.view.put(next);
};
const ticks = (s: Story, count: number): void => {
  for (let round = 0; round < count; round += 1) s.tick();
};

// Boot scripts.

test('spec 04 §17 #36, 01 §23 #43: without the bundle an error and no pod; when it appears, its copy and then the pod', () => {
  const s = story(containerOf('compute', here), { without: [bootScripts(OPERATOR_NAMESPACE), bootScripts('weka')] });
  s.look();
  ticks(s, 5);
  assert.is(s.count('create '), 0);
  assert.is(s.rest(), 10_000);
  s.view.put(bootScripts(OPERATOR_NAMESPACE));
  s.until(() => podOf(s) !== undefined);
  const [copy, pod] = ['create configmaps/weka/weka-boot-scripts', 'create pods/weka/compute'];
  assert.equal(
    s.log.filter((line) => line.startsWith('create ')),
    [copy, pod],
  );
});

test('spec 04 §17 #37, 01 §23 #43: another bundle, or a copy changed by hand: the copy is mended, the running pod untouched', () => {
  const container = memberOf('compute', 'compute', 7);
  const s = story(container, { world: [podFor(container)], exec: serving('w-compute') });
  ticks(s, 5);
  const before = podOf(s);
  for (const changed of [bootScripts(OPERATOR_NAMESPACE, { run: 'new' }), bootScripts('weka', { run: 'by hand' })]) {
    s.view.put(changed);
    s.log.length = 0;
    s.look();
    assert.equal(s.view.configMap('weka', 'weka-boot-scripts')?.data, { run: 'new' });
    assert.equal(
      s.log.filter((line) => /^(create|delete|jsonPatch|mergePatch) /.test(line)),
      ['jsonPatch configmaps/weka/weka-boot-scripts'],
    );
  }
  assert.is(podOf(s), before);
});

// Its name, its place.

test('spec 04 §17 #45: the terminating pod of an earlier container is left alone, told, no Error; then the new one comes', () => {
  const container = containerOf('compute', here);
  const metadata = { ownerReferences: [ownedBy('WekaContainer', 'compute', 'earlier')], deletionTimestamp: BORN };
  const older = podFor(container, { metadata: { ...metadata, uid: 'older', labels: { 'weka.io/mode': 'compute' } } });
  const s = story(container, { world: [older], exec: serving('w-compute') });
  s.look();
  ticks(s, 10);
  assert.is(podOf(s), older, 'nothing changed it');
  assert.is(s.log.filter((line) => /pods\/weka\/compute| in compute$/.test(line)).length, 0, s.log.join('\n'));
  assert.ok(s.count('Warning PodNameConflict: pod compute exists and belongs to WekaContainer compute (earlier)') > 0);
  assert.is(s.count('Warning ensurePod'), 0);
  assert.is(s.known().status, 'Init');
  s.view.remove(older);
  s.look();
  assert.is(podOf(s)?.metadata.ownerReferences?.[0]?.uid, 'uid-compute');
});

test('F4: one that leaves does not wait for the pod of an earlier container', () => {
  const container = memberOf('compute', 'compute', 7, {
    spec: { state: 'deleting' },
    metadata: { deletionTimestamp: BORN },
  });
  const older = podFor(container, {
    metadata: { ownerReferences: [ownedBy('WekaContainer', 'compute', 'earlier')], deletionTimestamp: BORN },
  });
  const sibling = memberOf('compute', 'sibling', 2);
  const s = story(container, {
    world: [older, sibling, podFor(sibling)],
    exec: serving('w-compute', ({ command }) =>
      command.name === 'GetWekaContainer' ? okJson([{ container_name: 'w-compute', status: 'UP' }]) : undefined,
    ),
  });
  s.look();
  assert.is(s.count('exec DeactivateContainer in sibling'), 1, s.log.join('\n'));
  assert.is(podOf(s), older);
});

const unscheduled: PodGiven = {
  phase: 'Pending',
  node: '',
  status: {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime: BORN }],
  },
};
test('spec 04 §17 #47: unschedulable for more than a minute: told, deleted, built anew', () => {
  const container = containerOf('compute');
  const s = story(container, { world: [podFor(container, unscheduled)] });
  s.pass(50_000);
  s.look();
  assert.is(s.count('delete pods'), 0);
  s.pass(11_000);
  s.look();
  assert.is(s.count('delete pods/weka/compute'), 1);
  assert.is(s.count('Warning UnschedulablePod: Pod is unschedulable since 2026-01-01 00:00:00 +0000 UTC'), 1);
  s.view.remove(podOf(s) as Pod);
  s.until(() => s.count('create pods/weka/compute') === 1);
});

test('spec 04 §17 #47: pinned by its spec it stays Pending, PodNotRunning', () => {
  const pinned = containerOf('compute', here);
  const s = story(pinned, { world: [podFor(pinned, unscheduled)] });
  s.pass(3_600_000);
  ticks(s, 20);
  assert.is(s.count('delete pods'), 0);
  assert.is(s.status().status, 'PodNotRunning');
});

// Its process and its node.

const crashed = (ready: string): PodGiven => ({
  status: {
    phase: 'Running',
    podIP: '10.1.0.1',
    conditions: [{ type: 'ContainersReady', status: ready }],
    containerStatuses: [{ name: 'weka-container', restartCount: 1 }],
  },
});
test('spec 04 §17 #48: one restart and not ready: Unhealthy, a look each 15 s; once it is ready the flow goes on', () => {
  const container = containerOf('compute', here);
  const s = story(container, { world: [podFor(container, crashed('False'))], exec: serving('w-compute') });
  s.until(() => s.status().status === 'Unhealthy');
  podBecomes(s, crashed('True'));
  s.until(() => s.status().status === 'Running' && s.status().containerID === 7);
});

test('spec 04 §17 #49: a lost node: told, one delete, 15 s; it stays; then a new pod, Pending until the node is ready', () => {
  const container = memberOf('compute', 'compute', 7);
  const notReady = nodeOf(NODE, { ready: false, readySince: '2025-12-31T23:00:00Z' });
  const s = story(container, { world: [notReady, podFor(container)], exec: serving('w-compute') });
  s.look();
  assert.ok(s.count('Warning NodeNotReady') > 0);
  assert.ok(s.rest() <= 15_000);
  for (let round = 0; round < 20; round += 1) assert.ok(s.tick() <= 15_000);
  assert.is(s.count('delete pods/weka/compute'), 1);
  assert.ok(podOf(s)?.metadata.deletionTimestamp, 'it stays Terminating');
  s.view.remove(podOf(s) as Pod);
  s.until(() => podOf(s) !== undefined);
  const pod = podOf(s) as Pod;
  assert.ok(JSON.stringify(pod.spec).includes(NODE), 'for the same node');
  const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const { tolerations = [] } = pod.spec ?? {};
  assert.equal(untoleratedTaint({ ...container.spec, tolerations }, [taint], SETTINGS), taint);
  podBecomes(s, { phase: 'Pending', node: '' });
  ticks(s, 5);
  assert.is(s.known().status, 'PodNotRunning');
  s.view.put(nodeOf());
  podBecomes(s);
  s.until(() => s.known().status === 'Running');
});

test('spec 04 §17 #50: a new pod on the same node: its allocated port, and the file that is there is not written again', () => {
  const container = containerOf('compute', here);
  const s = story(container, { world: [podFor(container)], exec: serving('w-compute') });
  s.until(() => s.status().status === 'Running' && s.status().containerID === 7);
  assert.is(s.count('exec WriteResources'), 1);
  s.view.remove(podOf(s) as Pod);
  s.until(() => podOf(s) !== undefined);
  assert.equal([envOf(s, 'PORT'), envOf(s, 'AGENT_PORT')], ['35000', '35303']);
  podBecomes(s);
  s.until(() => s.known().status === 'Running');
  ticks(s, 10);
  assert.is(s.count('exec WriteResources'), 1);
  assert.equal([s.status().containerID, s.status().allocations?.wekaPort], [7, 35_000]);
});

test('spec 04 §17 #51: until persistency is configured nothing is written, a look each 3 s, the status stays', () => {
  let configured = false;
  const container = containerOf('compute', here);
  const unconfigured: StoryOptions['exec'] = serving('w-compute', ({ command }) =>
    command.name === 'CheckPersistencyConfigured' && !configured ? exit() : undefined,
  );
  const s = story(container, { world: [podFor(container)], exec: unconfigured });
  s.until(() => s.condition('ContainerResourcesWritten') !== undefined);
  assert.match(s.condition('ContainerResourcesWritten') ?? '', /^False wait-error:/);
  for (let round = 0; round < 20; round += 1) assert.ok(s.tick() <= 3_000);
  assert.is(s.count('exec WriteResources'), 0);
  assert.is(s.count('Warning'), 0);
  assert.is(s.known().status, 'Init');
  configured = true;
  s.until(() => s.known().status === 'Running');
  assert.is(s.count('exec WriteResources'), 1);
});

// What changes on it while it runs.

test('spec 01 §23 #23 to #25, 04 §17 #38 to #40: labels, annotations and tolerations reach the pod in one look; it stays the same', () => {
  const container = memberOf('compute', 'compute', 7);
  const s = story(container, { world: [podFor(container)], exec: serving('w-compute') });
  ticks(s, 5);
  const uid = podOf(s)?.metadata.uid;
  const change = (metadata: Given['metadata'], spec: Given['spec'] = {}): void => {
    const stored = s.container() as WekaContainer;
    s.view.put({
      ...stored,
      metadata: { ...stored.metadata, ...metadata },
      spec: { ...stored.spec, ...spec },
    } as WekaContainer);
    s.look();
    assert.is(podOf(s)?.metadata.uid, uid);
  };
  const own = { 'weka.io/mode': 'compute' };
  change({ labels: { ...own, team: 'a' }, annotations: { x: '1' } });
  assert.is(podOf(s)?.metadata.labels?.team, 'a');
  assert.is(podOf(s)?.metadata.annotations?.x, '1');
  const pod = podOf(s) as Pod;
  s.view.put({ ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, cni: 'y' } } });
  change({ labels: own, annotations: {} });
  assert.is(podOf(s)?.metadata.labels?.team, undefined);
  assert.equal(podOf(s)?.metadata.annotations, { cni: 'y', 'weka.io/applied-annotations': 'x' });

  const tolerated = () => (podOf(s)?.spec?.tolerations ?? []).filter(({ key }) => key === 'dedicated');
  const dedicated = { key: 'dedicated', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 } as const;
  change({}, { tolerations: [dedicated] });
  assert.equal(tolerated(), [dedicated]);
  change({}, { tolerations: [{ ...dedicated, tolerationSeconds: 90 }] });
  assert.equal(tolerated(), [{ ...dedicated, tolerationSeconds: 90 }], 'replaced');
  change({}, { tolerations: [] });
  assert.equal(tolerated(), [{ ...dedicated, tolerationSeconds: 90 }], 'kept');
  assert.is(s.count('delete pods') + s.count('create pods'), 0);
});

test.run();
