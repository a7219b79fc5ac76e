/** Lives of what serves S3 and NFS, on the real tables: joining, a change of interface, a pod that is deleted, both ways out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../actors/calls.ts';
import { type Condition, conditionOf } from '../../../messages/condition.ts';
import type { NodeName } from '../../../messages/ids.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { ContainerMode, WekaContainer } from '../../../messages/weka-container.ts';
import {
  BORN,
  clusterOf,
  containerOf,
  type Given,
  jobOf,
  memberOf,
  NODE,
  nodeOf,
  podFor,
} from '../../support/containers.ts';
import { exit, ok, okJson } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

type Exec = Extract<Call, { kind: 'exec' }>;
const formed: Condition = {
  type: 'CondS3ClusterCreated',
  status: 'True',
  reason: 'Success',
  message: 'Completed successfully',
  lastTransitionTime: BORN,
};
/** What the weka cluster answers about both protocols: host 7 is the one that the story is about. */
function weka() {
  const state = { s3: true, host: 'UP', ports: [] as string[], refuses: '' };
  const refusal = (text: string): ExecOutcome => exit(1, `error: ${text}\n`);
  const answer = ({ command: { name, argv } }: Exec): ExecOutcome | undefined => {
    const port = argv.at(-1) ?? '';
    switch (name) {
      case 'RemoveFromS3Cluster':
        if (state.refuses !== '') return refusal(state.refuses);
        state.s3 = false;
        return ok();
      case 'ListS3ClusterContainers':
        return okJson(state.s3 ? ['HostId<7>'] : []);
      case 'JoinS3Cluster':
        return ok();
      case 'GetNfsInterfaceGroup':
        return okJson([{ ips: [], ports: state.ports.map((each) => ({ host_id: 'HostId<7>', port: each })) }]);
      case 'AddNfsInterfaceGroupPort':
        if (state.ports.length > 0) return refusal("A host can't be added more than once to the same interface group.");
        state.ports.push(port);
        return ok();
      case 'RemoveNfsInterfaceGroupPort':
        if (!state.ports.includes(port)) return refusal(`port ${port} is not part of group MgmtInterfaceGroup`);
        state.ports = state.ports.filter((each) => each !== port);
        return ok();
      case 'DeactivateContainer':
        state.host = 'INACTIVE';
        return ok();
      case 'RemoveContainer':
        state.host = 'gone';
        return ok();
      default:
        return undefined;
    }
  };
  return { state, answer };
}

/** A protocol container on its node, its pod running, its process serving. */
function protocol(of: ContainerMode, given: Given = {}, options: StoryOptions = {}) {
  const { state, answer } = weka();
  const spec = { nodeAffinity: NODE, joinIpPorts: ['10.0.0.2:35000'], ...given.spec };
  const container = containerOf(of, { ...given, spec });
  const exec = serving(`w-${of}`, answer);
  return { state, s: story(container, { ...options, exec, world: [podFor(container), ...(options.world ?? [])] }) };
}
const CONFIGURED = 'NfsInterfaceGroupsConfigured';
const changesOfNfs = (s: Story): number =>
  s.count('exec AddNfsInterfaceGroupPort') + s.count('exec RemoveNfsInterfaceGroupPort');

test('spec 07 §23 #28: without an S3 cluster the container waits, looks again after 3 s, and joins once there is one', () => {
  const { s } = protocol('s3');
  s.until(() => s.condition('JoinedS3Cluster') !== undefined);
  const waiting = 'False wait-error:S3 cluster is not formed yet, waiting for it to be formed';
  assert.is(s.condition('JoinedS3Cluster'), waiting);
  assert.is(s.rest(), 3_000);
  assert.is(s.status().status, 'Running');
  assert.is(s.count('exec JoinS3Cluster'), 0);
  const { status } = clusterOf();
  s.view.put(clusterOf({ status: { ...status, conditions: [...(status?.conditions ?? []), formed] } }));
  s.until(() => s.condition('JoinedS3Cluster') === 'True Joined s3 cluster');
  assert.is(s.count('exec JoinS3Cluster in s3'), 1);
  for (let round = 0; round < 20; round += 1) s.tick();
  assert.is(s.count('exec JoinS3Cluster'), 1, 'done once, never looked at again');
});

test('spec 07 §23 #32: nfs: its port is added once, its hash stays in the condition, then nothing is run', () => {
  const { s, state } = protocol('nfs', { spec: { network: { ethDevice: 'eth1' } } });
  s.until(() => s.condition(CONFIGURED) === 'True 980816f36b77e58d');
  assert.equal(state.ports, ['eth1']);
  assert.equal([s.count('exec GetNfsInterfaceGroup'), changesOfNfs(s)], [1, 1]);
  for (let round = 0; round < 20; round += 1) s.tick();
  assert.equal([s.count('exec GetNfsInterfaceGroup'), changesOfNfs(s)], [1, 1]);
});

/** The stored object with another network. */
const withNetwork = (s: Story, network: WekaContainer['spec']['network'] & object): void => {
  const container = s.container();
  assert.ok(container);
  s.view.put({ ...container, spec: { ...container.spec, network } } as WekaContainer);
};

test('spec 07 §23 #33, 01 §23 #17: another interface: one port at the end, a new hash, True since when it was', () => {
  const { s, state } = protocol('nfs', { spec: { network: { ethDevice: 'eth1' } } });
  s.until(() => s.condition(CONFIGURED)?.startsWith('True') === true);
  const since = () => conditionOf(s.known().conditions, CONFIGURED)?.lastTransitionTime;
  const [before, sinceBefore] = [s.condition(CONFIGURED), since()];
  s.pass(60_000);
  withNetwork(s, { ethDevice: 'eth2' });
  s.until(() => s.condition(CONFIGURED) !== before);
  assert.equal(state.ports, ['eth2']);
  assert.match(s.condition(CONFIGURED) ?? '', /^True [0-9a-f]{16}$/);
  assert.is(since(), sinceBefore);
  const done = changesOfNfs(s);
  for (let round = 0; round < 20; round += 1) s.tick();
  assert.is(changesOfNfs(s), done, 'it does not loop');
});

test('spec 07 §23 #68: a second ethDevice later: the text, the condition as it was, nothing run', () => {
  const { s } = protocol('nfs', { spec: { network: { ethDevice: 'eth1' } } });
  s.until(() => s.condition(CONFIGURED)?.startsWith('True') === true);
  const [before, reads] = [s.condition(CONFIGURED), s.count('exec GetNfsInterfaceGroup')];
  withNetwork(s, { ethDevices: ['eth1', 'eth2'] });
  s.look();
  assert.is(s.rest(), 10_000);
  assert.is(s.condition(CONFIGURED), before);
  assert.equal([s.count('exec GetNfsInterfaceGroup'), changesOfNfs(s)], [reads, 1]);
  withNetwork(s, { ethDevice: 'eth1' });
  s.look();
  assert.is(s.rest(), 30_000);
});

// Leaving. Spec 03, 3.1 and 17.

const DONE = 'True Completed successfully';
function leaving(of: 's3' | 'nfs', given: Given = {}, options: StoryOptions = {}) {
  const { state, answer } = weka();
  state.ports = of === 'nfs' ? ['eth1', 'eth2'] : [];
  const sibling = memberOf('compute', 'sibling', 2, { status: { nodeAffinity: 'node-2' as NodeName } });
  const container = memberOf(of, of, 7, {
    ...given,
    metadata: { deletionTimestamp: BORN, ...given.metadata },
    spec: { state: 'deleting', ...given.spec },
  });
  const exec = serving(`w-${of}`, (call) =>
    call.command.name === 'GetWekaContainer'
      ? okJson(state.host === 'gone' ? [] : [{ container_name: `w-${of}`, status: state.host }])
      : answer(call),
  );
  const world = [podFor(container), sibling, podFor(sibling), ...(options.world ?? [])];
  const s = story(container, { ...options, exec, world });
  return {
    s,
    state,
    podEnds: () => s.view.remove(podFor(container)),
    emptied: () => s.view.put(jobOf(`weka-cleanup-container-uid-${of}`, { succeeded: 1 })),
  };
}
const inOrder = (s: Story, ...prefixes: readonly string[]): void => {
  const places = prefixes.map((prefix) => s.log.findIndex((line) => line.startsWith(prefix)));
  assert.ok(!places.includes(-1), `${prefixes.join(', ')}:\n${s.log.join('\n')}`);
  assert.equal(
    places,
    places.toSorted((a, b) => a - b),
  );
};

test('spec 03 §17 #17, 07 §23 #31: s3: graceful instruction, pod gone, out of the S3 cluster, deactivated, removed, gone', () => {
  const { s, podEnds, emptied } = leaving('s3');
  s.look();
  assert.is(s.condition('RemovedFromS3Cluster'), 'False wait-error:Pod deleted, reconciling for retry');
  assert.equal([s.count('exec AllowStop in s3'), s.count('exec AllowForceStop')], [1, 0]);
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.is(s.count('exec RemoveFromS3Cluster') + s.count('exec DeactivateContainer'), 0, 'while the pod is there');
  podEnds();
  s.look();
  assert.is(s.condition('RemovedFromS3Cluster'), DONE);
  s.until(() => s.condition('ContainerRemoved') === DONE);
  emptied();
  s.until(() => s.container() === undefined);
  inOrder(
    s,
    'delete pods/weka/s3',
    'exec RemoveFromS3Cluster in sibling',
    'exec DeactivateContainer in sibling',
    'exec RemoveContainer in sibling',
    'jsonPatch wekacontainers/weka/s3',
  );
  assert.equal([s.count('exec RemoveFromS3Cluster'), s.count('exec DeactivateContainer')], [1, 1]);
  assert.is(s.count('create pods'), 0, 'it is not made again to be deactivated');
});

test('spec 03 §17 #17: an S3 cluster that is not configured is left already', () => {
  const { s, state, podEnds } = leaving('s3');
  state.refuses = 'S3 cluster is not configured';
  podEnds();
  s.look();
  assert.is(s.condition('RemovedFromS3Cluster'), DONE);
});

test('a refusal of weka keeps the s3 container: its text, 10 s, nothing is deactivated', () => {
  const { s, state, podEnds } = leaving('s3');
  state.refuses = 'busy';
  podEnds();
  s.look();
  assert.match(s.condition('RemovedFromS3Cluster') ?? '', /^False .*error: busy/);
  assert.is(s.rest(), 10_000);
  assert.is(s.count('exec DeactivateContainer'), 0);
});

test('spec 03 §17 #18: nfs: its ports go first, the pod runs meanwhile; then stopped gracefully, deactivated, removed', () => {
  const { s, state, podEnds, emptied } = leaving('nfs');
  s.look();
  assert.is(s.condition('RemovedFromNFS'), DONE);
  assert.equal(state.ports, []);
  assert.is(s.count('exec RemoveNfsInterfaceGroupPort in nfs'), 2);
  assert.is(s.count('exec DeactivateContainer'), 0, 'while the pod is there');
  assert.is(s.condition('ContainerDeactivated'), 'False wait-error:Pod deleted, reconciling for retry');
  podEnds();
  s.look();
  s.until(() => s.condition('ContainerRemoved') === DONE);
  emptied();
  s.until(() => s.container() === undefined);
  inOrder(
    s,
    'exec RemoveNfsInterfaceGroupPort in nfs',
    'delete pods/weka/nfs',
    'exec DeactivateContainer in sibling',
    'exec RemoveContainer in sibling',
    'jsonPatch wekacontainers/weka/nfs',
  );
  assert.is(s.count('exec AllowForceStop'), 0);
});

test('spec 07 §23 #35: the node of an nfs container is not ready: its ports go through another member', () => {
  const { s, state } = leaving('nfs', {}, { world: [nodeOf(NODE, { ready: false })] });
  s.look();
  assert.equal(state.ports, []);
  assert.is(s.count('exec RemoveNfsInterfaceGroupPort in sibling'), 2);
  assert.is(s.count('exec') - s.log.filter((line) => line.startsWith('exec') && line.endsWith('in sibling')).length, 0);
});

for (const role of ['s3', 'nfs'] as const) {
  test(`spec 03 §17 #35: ${role}, destroying: no command in the cluster, forced stop, gone`, () => {
    const { s, podEnds, emptied } = leaving(role, { spec: { state: 'destroying' } });
    s.look();
    assert.is(s.count(`exec AllowForceStop in ${role}`), 1);
    podEnds();
    emptied();
    s.until(() => s.container() === undefined);
    assert.equal(
      s.log.filter((line) => /S3Cluster|Nfs|Deactivate|RemoveContainer|in sibling/.test(line)),
      [],
    );
  });

  test(`spec 03 §17 #11: ${role}, skipDeactivate: no command in a sibling, forced stop, gone`, () => {
    const { s, podEnds, emptied } = leaving(role, { spec: { overrides: { skipDeactivate: true } } });
    s.look();
    assert.is(s.count(`exec AllowForceStop in ${role}`), 1);
    podEnds();
    emptied();
    s.until(() => s.container() === undefined);
    assert.is(s.log.filter((line) => /S3Cluster|Nfs|in sibling/.test(line)).length, 0);
  });

  test(`spec 03 §17 #45: the pod of an ${role} container is deleted: it may stop gracefully, has all the time, and stays`, () => {
    const container = memberOf(role, role, 7, { spec: { nodeAffinity: NODE } });
    const pod = podFor(container, { metadata: { deletionTimestamp: BORN } });
    const exec = serving(`w-${role}`, () => undefined);
    const s = story(container, { exec, world: [pod], settings: { evictContainerOnDeletion: true } });
    s.until(() => s.status().status === 'PodTerminating');
    assert.ok(s.count(`exec AllowStop in ${role}`) >= 1);
    for (let round = 0; round < 40; round += 1) s.tick();
    assert.equal([s.container()?.spec.state, s.count('exec AllowForceStop')], ['active', 0]);
    assert.is(s.status().timestamps?.StoppingAttempt, undefined);
  });
}

test.run();
