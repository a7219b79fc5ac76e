/** Acceptance scenarios about operations on the real tables: builders, signing, drivers containers. Each named by its number. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NodeName } from '../../../messages/ids.ts';
import type { KubeObject } from '../../../messages/kube.ts';
import { BORN, containerOf, IMAGE, NODE, nodeOf, OPERATOR_NAMESPACE, podFor } from '../../support/containers.ts';
import { exit, ok } from '../../support/play.ts';
import { type StoryOptions, story } from '../../support/story.ts';

type Exec = Parameters<NonNullable<StoryOptions['exec']>>[0];
const NO_GRACE = { nodeGoneGraceMs: 0, nodeConditionGraceMs: 0 };
const SIGNED = JSON.stringify({ err: null, drives: [{ serial_id: 'A' }], raw_drives: [] });
const RESULT = JSON.stringify({ weka_version: '4.4.5', kernel_signature: 'sig' });
const dist = containerOf('drivers-dist', { name: 'dist' });
const builder = containerOf('drivers-builder', {
  metadata: { ownerReferences: [] },
  spec: { uploadResultsTo: 'dist', port: 60_002 },
});
const builds =
  (check = () => ok()) =>
  ({ command }: Exec) => {
    if (command.name === 'FetchResults') return ok(RESULT);
    if (command.name === 'WekaLocalPs')
      return ok(JSON.stringify([{ name: 'w-drivers-builder', runStatus: 'Running' }]));
    if (command.name === 'DownloadDrivers' && !command.argv.at(-1)?.includes('--from')) return check();
    return command.name.startsWith('Download') ? ok() : undefined;
  };
const world = [podFor(builder), dist, podFor(dist)];

test('spec 06 §10 #47, #75: a signing: its node says so, Completed, no applied image, the pod goes within 15 s', () => {
  const container = containerOf('adhoc-op', { spec: { nodeAffinity: NODE, instructions: { type: 'sign-drives' } } });
  const exec = ({ command }: Exec) => (command.name === 'FetchResults' ? ok(SIGNED) : undefined);
  const s = story(container, { world: [podFor(container)], exec });
  s.until(() => s.count('delete pods/weka/adhoc-op') > 0);
  const node = s.view.node(NODE);
  assert.is(node?.metadata.annotations?.['weka.io/weka-drives'], '["A"]');
  assert.is(node?.status?.capacity?.['weka.io/drives'], '1');
  assert.is(s.status().status, 'Completed');
  assert.is(s.status().lastAppliedImage, undefined);
  // Durable before use: Completed is written before the pod goes.
  assert.ok(s.log.indexOf('status Completed') < s.log.indexOf('delete pods/weka/adhoc-op'));
});

test('spec 06 §10 #41, #75: a builder: Building, its drivers uploaded once, Completed, its pod gone, its result kept', () => {
  const s = story(builder, { world, exec: builds() });
  s.until(() => s.count('delete pods/weka/drivers-builder') > 0);
  assert.is(s.status().status, 'Completed');
  assert.is(s.status().result, RESULT);
  assert.is(s.status().lastAppliedImage, undefined);
  assert.equal([s.count('exec DownloadVersion in dist'), s.count('exec DownloadDrivers in dist')], [1, 1]);
});

test('spec 06 §10 #43, 01 §23 #38: without its target a builder stays Building, the condition says why; once it is there: Completed', () => {
  const s = story(builder, { world: [podFor(builder)], exec: builds() });
  s.until(() => s.condition('CondResultsProcessed') !== undefined);
  assert.is(s.known().status, 'Building');
  assert.is(
    s.condition('CondResultsProcessed'),
    'False error getting target dist container: wekacontainers.weka.weka.io "dist" not found',
  );
  s.view.put(dist, podFor(dist));
  s.until(() => s.count('delete pods/weka/drivers-builder') > 0);
  assert.is(s.status().status, 'Completed');
  s.view.remove(podFor(builder));
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.is(s.count('create pods'), 0);
});

test('spec 06 §10 #74, F32: a result that cannot be read is fetched again and then used', () => {
  let reads = 0;
  const exec = (call: Exec) =>
    call.command.name === 'FetchResults' ? ok(reads++ === 0 ? '[{"name":' : RESULT) : builds()(call);
  const s = story(builder, { world, exec });
  s.until(() => s.known().status === 'Completed');
  assert.is(reads, 2);
  assert.is(s.count('Warning OperationResultError'), 1);
});

const finished = containerOf('drivers-builder', {
  metadata: { ownerReferences: [] },
  spec: { uploadResultsTo: 'dist', nodeAffinity: NODE },
  status: {
    status: 'Completed',
    result: RESULT,
    printer: { nodeAffinity: NODE as NodeName },
    conditions: ['CondResultsReceived', 'CondResultsProcessed'].map((type) => ({
      type,
      status: 'True' as const,
      reason: 'Success',
      message: 'Completed successfully',
      lastTransitionTime: BORN,
    })),
  },
});
test('spec 02 §12 #53: a finished builder whose check is not due: no command, no write, 30 s', () => {
  const s = story(finished, { world: [dist, podFor(dist)], exec: builds() });
  s.look();
  s.log.length = 0;
  assert.is(s.rest(), 30_000);
  assert.equal(s.log, []);
});

test('spec 04 §17 #55: a finished builder without its pod never gets another one', () => {
  const s = story(finished, { world: [dist, podFor(dist)], exec: builds() });
  s.look();
  for (let round = 0; round < 200; round += 1) s.tick();
  assert.ok(s.count('exec DownloadDrivers') > 3, 'hours have passed');
  assert.is(s.count('create '), 0);
});

// I6 stands above the chapter's "given 24 fails, 25 does not run": that holds for lost drivers alone.
test('spec 02 §12 #53, I6: a check that says nothing of the drivers comes again in its own time, empties nothing, holds up nothing', () => {
  const s = story(finished, { world: [dist, podFor(dist)], exec: builds(() => exit(1, 'connection refused')) });
  s.until(() => s.count('exec DownloadDrivers') > 0);
  s.view.put(podFor(finished));
  s.look();
  assert.is(s.count('delete pods/weka/drivers-builder'), 1);
  s.view.remove(podFor(finished));
  for (let pastMs = 0; pastMs < 600_000; ) pastMs += s.tick();
  const checks = s.count('exec DownloadDrivers');
  assert.ok(checks >= 5 && checks <= 11, `${checks}`);
  assert.is(s.known().status, 'Completed');
});
test('spec 02 §12 #53: a check that finds the drivers lost ends the pass: 25 does not run, 10 s', () => {
  const s = story(finished, { world: [dist, podFor(dist)], exec: builds(() => exit(1, 'Version missing')) });
  while (s.count('exec DownloadDrivers') === 0) s.tick();
  assert.is(s.known().result, undefined);
  let pastMs = 0;
  while (s.count('create pods') === 0) pastMs += s.tick();
  assert.is(pastMs, 10_000);
});

test('spec 06 §10 #44: lost drivers: the event, an empty status, a new pod', () => {
  const s = story(finished, { world: [dist, podFor(dist)], exec: builds(() => exit(1, 'Version missing')) });
  s.until(() => s.count('create pods/weka/drivers-builder') > 0);
  assert.is(s.count('Normal DriversRebuild'), 1);
  assert.is(s.known().result, undefined);
  assert.is(s.condition('CondResultsProcessed'), undefined);
});

test('spec 02 §12 #9, 06 §10 #73: the node is gone, nobody owns it: the status is emptied, after 3 s it begins again', () => {
  const container = containerOf('drivers-dist', {
    metadata: { ownerReferences: [] },
    status: { status: 'Running', nodeAffinity: NODE, lastAppliedImage: IMAGE },
  });
  const s = story(container, { without: [nodeOf()], settings: NO_GRACE });
  s.look();
  assert.is(s.known().nodeAffinity, undefined);
  assert.is(s.known().status, '');
  assert.is(s.count('delete wekacontainers'), 0);
  s.until(() => s.known().status === 'Init' || s.known().status === 'Error');
  assert.is(s.known().lastAppliedImage, undefined);
});

test('spec 06 §10 #73: the node of a builder that nobody owns is gone: with another one a new pod, and its drivers uploaded anew', () => {
  const s = story(
    { ...builder, status: { status: 'Completed', result: RESULT, nodeAffinity: NODE, lastAppliedImage: IMAGE } },
    { world: [dist, podFor(dist)], without: [nodeOf()], exec: builds(), settings: { nodeGoneGraceMs: 30_000 } },
  );
  s.look();
  assert.equal(s.known(), { status: '' });
  assert.is(s.count('delete wekacontainers'), 0);
  s.view.put(nodeOf());
  s.until(() => s.count('create pods/weka/drivers-builder') === 1);
  s.view.put(podFor(builder));
  s.until(() => s.known().status === 'Completed');
  assert.is(s.count('exec DownloadDrivers in dist'), 1);
  assert.is(s.known().nodeAffinity, NODE);
});

test('spec 06 §10 #73: one that somebody owns is deleted instead, its status as it was', () => {
  const owned = containerOf('drivers-builder', { status: { status: 'Completed', result: RESULT, nodeAffinity: NODE } });
  const s = story(owned, { without: [nodeOf()] });
  s.look();
  assert.is(s.count('delete wekacontainers/weka/drivers-builder'), 1);
  assert.is(s.status().result, RESULT);
  s.until(() => s.container() === undefined);
});

for (const [what, mode, spec] of [
  ['a discovery', 'discovery', {}],
  ['a signing', 'adhoc-op', { instructions: { type: 'sign-drives' } }],
] as const) {
  test(`spec 06 §10 #54: ${what} that waits for its result goes when its node is gone, finalizer and all`, () => {
    const child = containerOf(mode, { spec: { nodeAffinity: NODE, ...spec }, status: { nodeAffinity: NODE } });
    const exec = ({ command }: Exec) => (command.name === 'FetchResults' ? exit(1, 'No such file') : undefined);
    const s = story(child, { world: [podFor(child)], exec, settings: { nodeGoneGraceMs: 30_000 } });
    s.until(() => s.condition('CondResultsReceived') !== undefined);
    s.view.remove(nodeOf());
    s.view.remove(podFor(child));
    s.until(() => s.count(`delete wekacontainers/weka/${mode}`) > 0);
    s.until(() => s.container() === undefined);
    assert.is(s.log.filter((line) => line.startsWith('create ')).length, 0, s.log.join());
  });
}

// F27 stands above the chapter: discovery itself does not ask for the toolkit image, builders alone do.
test('spec 06 §10 #70, F27: an OpenShift release without a toolkit image stops a builder, not the discovery; then its pod has that image', () => {
  const helper = `weka-dsc-${NODE}`;
  const own = { ...builder, spec: { ...builder.spec, nodeAffinity: NODE } };
  const bare = nodeOf(NODE, { annotations: { 'weka.io/discovery.json': undefined } });
  const s = story(own, { world: [bare, dist, podFor(dist)], settings: { ocpToolkitImageBaseUrl: 'mirror/ocp' } });
  const toolkit = (data: Readonly<Record<string, string>>) =>
    s.view.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...bare.metadata, name: 'ocp-driver-toolkit-images', namespace: OPERATOR_NAMESPACE },
      data,
    } as KubeObject);
  toolkit({ '416.9': 'other' });
  s.until(() => s.count(`create wekacontainers/weka/${helper}`) > 0);
  const made = s.view.containerByName('weka', helper);
  assert.ok(made);
  const result = JSON.stringify({
    is_ht: false,
    kubernetes_distro: 'openshift',
    os: 'rhcos',
    os_build_id: '417.1',
    schema: 1,
  });
  s.view.put({ ...made, status: { status: 'PodRunning', result } } as KubeObject);
  s.look();
  const record = () => JSON.parse(s.view.node(NODE)?.metadata.annotations?.['weka.io/discovery.json'] ?? '{}');
  assert.equal([record().os_build_id, record().init_container_image], ['417.1', undefined]);
  assert.is(s.count(`delete wekacontainers/weka/${helper}`), 1);
  s.until(() => s.count('Warning ensurePod-fmError') > 0);
  assert.match(
    s.log.find((line) => line.startsWith('Warning ensurePod-fmError')) ?? '',
    /OCP toolkit image for version 417\.1/,
  );
  assert.is(s.count('create pods/weka/drivers-builder'), 0);
  toolkit({ '417.1': 'abc' });
  s.until(() => s.count('create pods/weka/drivers-builder') > 0);
  const spec = s.view.pod('weka', 'drivers-builder')?.spec as { initContainers?: { image: string }[] } | undefined; // As it was sent.
  const [init] = spec?.initContainers ?? [];
  assert.is(init?.image, 'mirror/ocp@sha256:abc');
});

test('spec 02 §12 #27: an unschedulable drivers container: its status is emptied and written before the pod goes', () => {
  const container = containerOf('drivers-dist', { status: { status: 'PodNotRunning', nodeAffinity: NODE } });
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime: BORN }];
  const pod = podFor(container, { phase: 'Pending', node: '', status: { phase: 'Pending', conditions } });
  const s = story(container, { world: [pod] });
  s.until(() => s.count('delete pods/weka/drivers-dist') > 0);
  assert.is(s.status().nodeAffinity, undefined);
  const [first = ''] = s.log.filter((line) => line.startsWith('status ') || line.startsWith('delete pods'));
  assert.ok(first.startsWith('status '), first);
});

test.run();
