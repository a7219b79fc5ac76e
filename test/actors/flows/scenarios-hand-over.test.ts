/** What the existing operator has left half done, or may still write: taken up where it stands. Source: spec 08, 8.7, 9 and 11. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONDITIONS, type Condition, type ConditionType } from '../../../messages/condition.ts';
import type { NodeName } from '../../../messages/ids.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { WekaContainer, WekaContainerStatus } from '../../../messages/weka-container.ts';
import {
  bootScripts,
  containerOf,
  jobOf,
  memberOf,
  NODE,
  nodeOf,
  OPERATOR_NAMESPACE,
  ownedBy,
  podFor,
} from '../../support/containers.ts';
import { ok, okJson } from '../../support/play.ts';
import { SIM_START_WALL_MS } from '../../support/sim-clock.ts';
import { type Story, serving, story } from '../../support/story.ts';

const MINUTE_MS = 60_000;
/** As the reference writes a step that is done. Source: spec 08, 9.1. */
const isDone = (type: ConditionType, reason = 'Success', agoMs = MINUTE_MS): Condition => ({
  type,
  status: 'True',
  reason,
  message: 'Completed successfully',
  lastTransitionTime: new Date(SIM_START_WALL_MS - agoMs).toISOString(),
});
const signing = { signDrivesImage: 'sign:1', maintenanceServiceAccount: 'm' };

/** Drive d1, host 7 of drives A and B, which leaves; another member acts for it. */
function leaving(conditions: readonly Condition[], world: readonly WekaContainer[] = []) {
  const cluster = { host: 'INACTIVE', drives: ['A', 'B'] };
  const d1 = memberOf('drive', 'd1', 7, {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { state: 'deleting' },
    status: {
      status: 'Deleting',
      allocations: { drives: ['A', 'B'], wekaPort: 35000, agentPort: 35303 },
      conditions: [isDone('JoinedCluster'), ...conditions],
    },
  });
  const sibling = memberOf('drive', 'sibling', 2, { status: { nodeAffinity: 'node-2' as NodeName } });
  const exec = serving('w-d1', ({ command }): ExecOutcome | undefined => {
    switch (command.name) {
      case 'GetWekaContainer':
        return okJson(cluster.host === 'gone' ? [] : [{ container_name: 'w-d1', status: cluster.host }]);
      case 'ListContainerDrives':
        return okJson(cluster.drives.map((uuid) => ({ uuid, serial_number: uuid, status: 'INACTIVE' })));
      case 'RemoveDrive':
        cluster.drives = cluster.drives.filter((uuid) => uuid !== command.argv.at(-2));
        return ok();
      case 'RemoveContainer':
        cluster.host = 'gone';
        return ok();
      default:
        return undefined;
    }
  });
  return { d1, cluster, s: story(d1, { exec, settings: signing, world: [sibling, podFor(sibling), ...world] }) };
}
const condition = (s: Story, type: ConditionType): string | undefined => s.condition(type)?.split(' ')[0];
const lines = (s: Story, ...prefixes: readonly string[]): readonly string[] =>
  s.log.filter((line) => prefixes.some((prefix) => line.startsWith(prefix)));

test('spec 08 §11 #42: deactivated and not yet removed: its drives, its process, its host, and no second deactivation', () => {
  const { s, d1, cluster } = leaving([isDone(CONDITIONS.deactivated, 'Deletion')]);
  s.view.put(podFor(d1));
  s.look();
  assert.equal(cluster.drives, []);
  assert.is(s.count('delete pods/weka/d1'), 1);
  s.view.remove(podFor(d1));
  s.look();
  assert.is(condition(s, CONDITIONS.removed), 'True');
  assert.equal(lines(s, 'exec Deactivate', 'exec Remove', 'exec AllowForceStop', 'delete pods'), [
    'exec RemoveDrive in sibling',
    'exec RemoveDrive in sibling',
    'delete pods/weka/d1',
    'exec AllowForceStop in d1',
    'exec RemoveContainer in sibling',
  ]);
});

const RESIGN = 'weka-force-resign-drives-uid-d1';
const OUT = [CONDITIONS.deactivated, CONDITIONS.drivesRemoved, CONDITIONS.removed].map((type) =>
  isDone(type, 'Deletion'),
);
test('spec 08 §11 #43: a resign that the reference has left with its result is taken for done, and collected', () => {
  const left = containerOf('adhoc-op', {
    name: RESIGN,
    metadata: { finalizers: [], ownerReferences: [ownedBy('WekaContainer', 'd1', 'uid-d1')], labels: { app: 'weka' } },
    status: {
      status: 'PodRunning',
      result: '{"err":null,"drives":["/dev/nvme0n1","/dev/nvme1n1"]}',
      conditions: [isDone(CONDITIONS.resultsReceived), isDone(CONDITIONS.resultsProcessed)],
    },
  });
  const { s, cluster } = leaving(OUT, [left]);
  cluster.host = 'gone';
  s.look();
  assert.is(condition(s, CONDITIONS.drivesResigned), 'True');
  assert.is(s.count(`delete wekacontainers/weka/${RESIGN}`), 1);
  assert.is(s.count('create wekacontainers'), 0);
  s.view.put(jobOf('weka-cleanup-container-uid-d1', { succeeded: 1 }));
  s.look();
  assert.is(s.container(), undefined);
});

const LOADER = 'weka-drivers-loader-uid-node-2';
test('spec 08 §11 #44: a loader whose result was processed six minutes ago goes; after four it stays until the five are over', () => {
  const loader = (agoMs: number): Story => {
    const made = containerOf('drivers-loader', {
      name: LOADER,
      metadata: { namespace: OPERATOR_NAMESPACE, ownerReferences: [] },
      // Of a node where nobody asks for drivers any more.
      spec: { nodeAffinity: 'node-2' as NodeName },
      status: {
        status: 'PodRunning',
        result: '{"err":null,"drivers_loaded":true}',
        conditions: [
          isDone(CONDITIONS.resultsReceived, 'Success', agoMs),
          isDone(CONDITIONS.resultsProcessed, 'Success', agoMs),
        ],
      },
    });
    return story(made, { world: [podFor(made, { node: 'node-2' }), nodeOf('node-2')] });
  };
  const gone = `delete wekacontainers/${OPERATOR_NAMESPACE}/${LOADER}`;
  const late = loader(6 * MINUTE_MS);
  late.look();
  assert.is(late.count(gone), 1);
  const early = loader(4 * MINUTE_MS);
  early.look();
  assert.is(early.count(gone), 0);
  early.pass(MINUTE_MS + 1);
  early.look();
  assert.is(early.count(gone), 1);
});

// No label of a container says whose it is here: what is left of the scenario is that a map replaced by the parent is followed.
test('spec 08 §11 #46: the parent replaces the labels of a container: its pod follows with one update, nothing else is done', () => {
  const parents = { 'weka.io/mode': 'compute', 'weka.io/cluster-name': 'c', team: 'storage' };
  const compute = memberOf('compute', 'compute', 7, {
    metadata: { labels: { ...parents, 'example.com/handed-over': 'yes' } },
    spec: { nodeAffinity: NODE },
  });
  const s = story(compute, { exec: serving('w-compute'), world: [podFor(compute)] });
  s.look();
  for (let round = 0; round < 5; round += 1) s.tick();
  const labels = () => s.view.pod('weka', 'compute')?.metadata.labels ?? {};
  assert.is(labels()['example.com/handed-over'], 'yes');
  const stored = s.container() as WekaContainer; // It is there: it was looked at.
  s.log.length = 0;
  s.view.put({ ...stored, metadata: { ...stored.metadata, labels: { ...parents, team: 'other' }, generation: 2 } });
  s.look();
  s.tick();
  assert.equal([labels()['example.com/handed-over'], labels().team], [undefined, 'other']);
  assert.equal(lines(s, 'create', 'delete', 'jsonPatch', 'mergePatch', 'Warning'), ['jsonPatch pods/weka/compute']);
  assert.equal(new Set(lines(s, 'exec')), new Set(['exec WekaLocalPs in compute']));
  assert.is(s.status().status, 'Running');
});

test('spec 08 §11 #48: boot scripts that differ are overwritten before the pod is made; without the operator’s there is no pod', () => {
  const fresh = () => containerOf('compute', { spec: { nodeAffinity: NODE } });
  const s = story(fresh(), { world: [bootScripts('weka', { run: 'another revision' })] });
  s.look();
  assert.equal(s.view.configMap('weka', 'weka-boot-scripts')?.data, { run: 'x' });
  assert.equal(lines(s, 'jsonPatch configmaps', 'create pods'), [
    'jsonPatch configmaps/weka/weka-boot-scripts',
    'create pods/weka/compute',
  ]);
  const without = story(fresh(), { without: [bootScripts(OPERATOR_NAMESPACE)], world: [bootScripts('weka')] });
  without.look();
  for (let round = 0; round < 5; round += 1) without.tick();
  assert.is(without.count('create pods'), 0);
  assert.is(without.rest(), 10_000, 'the pass fails');
});

test('spec 08 §11 #37: commands that this account may not run: it says so, and nothing is done as if the pod were gone', () => {
  const cause =
    '403 pods "compute" is forbidden: User "system:serviceaccount:weka-operator-system:weka" cannot get resource "pods/exec" in API group "" in the namespace "weka"';
  const run = (status: Partial<WekaContainerStatus>): Story => {
    const compute = memberOf('compute', 'compute', 7, { spec: { nodeAffinity: NODE }, status });
    return story(compute, { exec: () => ({ kind: 'forbidden', cause }), world: [podFor(compute)] });
  };
  const text = `No permission to run commands in pods: ${cause}`;
  const running = run({ conditions: [isDone(CONDITIONS.resourcesWritten)] });
  running.until(() => running.status().status === 'Error');
  const events = lines(running, 'Warning ReconcileWekaLocalStatusError');
  assert.ok(events.length > 0);
  assert.ok(
    events.every((line) => line.includes(text)),
    events.join('\n'),
  );
  // One that begins has no file yet: that is told too, and not taken for a pod that is not ready.
  const starting = run({});
  starting.until(() => starting.condition(CONDITIONS.resourcesWritten) !== undefined);
  assert.is(starting.condition(CONDITIONS.resourcesWritten), `False ${text}`);
  for (const s of [running, starting]) {
    assert.not(s.log.some((line) => line.includes('container not found')));
    assert.equal(lines(s, 'delete', 'create', 'abort'), []);
  }
});

test.run();
