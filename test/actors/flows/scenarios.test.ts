/**
 * Acceptance scenarios of the specification on the real tables, machine and shared actors, at the level of decisions.
 * Differences that are meant: the error hook tells only what has lasted 15 s (run.ts), status is written some seconds
 * after it is known (telling.ts), a stopped pod is told again every 30 s (stop-pod.ts).
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../actors/calls.ts';
import type { NodeName } from '../../../messages/ids.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import {
  bootScripts,
  clusterOf,
  containerOf,
  type Given,
  IMAGE,
  jobOf,
  memberOf,
  NODE,
  nodeOf,
  OPERATOR_NAMESPACE,
  podFor,
} from '../../support/containers.ts';
import { conflict, exit, ok, okJson, refused } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

type Exec = Extract<Call, { kind: 'exec' }>;
const running = (s: Story, name: string): void => {
  const container = s.view.containerByName('weka', name);
  if (container !== undefined) s.view.put(podFor(container));
};
const drivesNode = () => nodeOf(NODE, { annotations: { 'weka.io/weka-drives': '["S1","S2"]' } });
const HOST = [
  { serial_id: 'S1', block_device: '/dev/nvme0n1', partition: 'p', is_signed: false, weka_guid: '' },
  { serial_id: 'S2', block_device: '/dev/nvme1n1', partition: 'p', is_signed: false, weka_guid: '' },
];
/** A drive container on its node, its pod running, its process serving. */
function driveStory(
  options: StoryOptions & { readonly own?: (call: Exec) => ExecOutcome | undefined; readonly given?: Given } = {},
): Story {
  const container = containerOf('drive', { spec: { numDrives: 2, nodeAffinity: NODE }, ...options.given });
  const drives: string[] = [];
  const exec = serving('w-drive', (call) => {
    const own = options.own?.(call);
    if (own !== undefined) return own;
    if (call.command.name === 'AddDrive') drives.push(call.command.argv.at(-1) === '/dev/nvme0n1' ? 'S1' : 'S2');
    if (call.command.name === 'ListContainerDrives')
      return okJson(drives.map((serial) => ({ uuid: serial, serial_number: serial, status: 'ACTIVE' })));
    return call.command.name === 'FetchKernelDrives' ? okJson(HOST) : undefined;
  });
  return story(container, { ...options, exec, world: [drivesNode(), podFor(container), ...(options.world ?? [])] });
}

test('a drive container on its way: allocated, written, joined, both drives added, Running', () => {
  const s = driveStory({ given: { status: null } });
  s.until(() => s.status().addedDrives?.length === 2);
  const { status, containerID, clusterID, allocations, managementIPs, lastAppliedImage, nodeAffinity } = s.status();
  assert.equal(
    { status, containerID, clusterID, allocations, managementIPs, lastAppliedImage, nodeAffinity },
    {
      status: 'Running',
      containerID: 7,
      clusterID: 'guid-c',
      allocations: { drives: ['S1', 'S2'], wekaPort: 35000, agentPort: 35303 },
      managementIPs: ['10.0.0.7'],
      lastAppliedImage: IMAGE,
      nodeAffinity: NODE,
    },
  );
  assert.is(s.count('exec AddDrive'), 2);
  assert.is(s.count('Normal ResourcesAllocated'), 1);
  const allocated = s.log.findIndex((line) => line.startsWith('status'));
  assert.ok(
    allocated >= 0 && allocated < s.log.indexOf('exec WriteResources in drive'),
    'the allocation is durable before its file',
  );
});

test('spec 02 §12 #39, I9: at rest one local status per 30 s, no write and nothing else', () => {
  const s = driveStory();
  s.until(() => s.status().addedDrives?.length === 2);
  for (let round = 0; round < 10; round += 1) s.tick();
  s.log.length = 0;
  let timeMs = 0;
  for (let round = 0; round < 20; round += 1) timeMs += s.tick();
  assert.is(timeMs, 600_000);
  assert.is(s.count('exec WekaLocalPs'), 20);
  assert.ok(s.count('exec GetManagementIps') <= 4);
  assert.is(s.count('status'), 0);
  assert.is(
    s.count('exec WekaLocalContainerGetIdentity') + s.count('exec ListContainerDrives') + s.count('exec AddDrive'),
    0,
  );
});

test('spec 02 §12 #2: a fresh client: Init, its node’s column, finalizer, boot scripts in its namespace', () => {
  const client = containerOf('client', { status: null, spec: { nodeAffinity: NODE }, metadata: { finalizers: [] } });
  const s = story(client, { without: [bootScripts('weka')] });
  s.until(() => s.status().status !== '');
  assert.ok(s.container()?.metadata.finalizers?.includes('weka.weka.io/finalizer'));
  assert.is(s.status().printer?.nodeAffinity, NODE);
  assert.equal(s.view.configMap('weka', 'weka-boot-scripts')?.data, { run: 'x' });
  assert.ok(s.view.pod('weka', 'client'));
});

test('spec 02 §12 #3: without the boot scripts nothing after step 16 happens, next look 10 s', () => {
  const s = story(containerOf('compute', { spec: { nodeAffinity: NODE } }), {
    without: [bootScripts(OPERATOR_NAMESPACE)],
  });
  s.look();
  assert.is(s.view.pod('weka', 'compute'), undefined);
  assert.is(s.rest(), 10_000);
});

test('spec 02 §12 #5, #6, 01 §23 #45: a deleted container leaves; a conflict of that patch is tried again', () => {
  let conflicts = 1;
  const container = containerOf('compute', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  const s = story(container, {
    refuse: (name) => (name.startsWith('mergePatch') && conflicts-- > 0 ? conflict : undefined),
  });
  s.look();
  assert.is(s.container()?.spec.state, 'active');
  assert.ok(s.count('Warning') === 0 && s.tick() <= 10_000);
  assert.is(s.count('mergePatch wekacontainers/weka/compute'), 2);
  assert.is(s.state().flow, 'deleting'); // One that never had a pod or a node is gone in the same turn.
  assert.is(s.container(), undefined);
});

test('spec 02 §12 #23, 04 §17 #30: a cordoned node gets no pod; the event, Error and its own event only when it lasts; uncordoned it comes', () => {
  const s = story(containerOf('compute', { spec: { nodeAffinity: NODE } }), {
    world: [nodeOf(NODE, { unschedulable: true })],
  });
  s.look();
  assert.is(s.view.pod('weka', 'compute'), undefined);
  assert.ok(s.count('Warning NodeUnschedulable: node node-1 is unschedulable') >= 1);
  assert.is(s.count('Warning ensurePod-fmError'), 0);
  s.until(() => s.status().status === 'Error');
  assert.ok(s.count('Warning ensurePod-fmError: wait-error:node node-1 is unschedulable, cannot create pod') >= 1);
  s.view.put(nodeOf());
  s.look();
  assert.ok(s.view.pod('weka', 'compute'));
});

test('spec 02 §12 #24, 01 §23 #27: an undiscovered node gets a helper, then the pod comes', () => {
  const bare = nodeOf(NODE, { annotations: { 'weka.io/discovery.json': undefined } });
  const s = story(containerOf('compute', { spec: { nodeAffinity: NODE } }), { world: [bare] });
  s.look();
  const helper = s.view.containerByName('weka', 'weka-dsc-node-1');
  assert.is(helper?.spec.mode, 'discovery');
  assert.is(s.view.pod('weka', 'compute'), undefined);
  assert.ok(s.tick() <= 3_000);
  const result = '{"is_ht":false,"kubernetes_distro":"k8s","os":"ubuntu","schema":1}';
  s.view.put({
    ...(helper as WekaContainer),
    metadata: { ...(helper as WekaContainer).metadata, finalizers: [] },
    status: { status: 'PodRunning', result },
  } as WekaContainer);
  s.until(() => s.view.pod('weka', 'compute') !== undefined);
  assert.is(s.view.containerByName('weka', 'weka-dsc-node-1'), undefined);
});

test('spec 02 §12 #25: no node matches: the text, 10 s, Error only when it lasts', () => {
  const s = story(containerOf('compute', { spec: { nodeSelector: { no: 'node' } } }));
  s.look();
  assert.is(s.rest(), 10_000);
  s.until(() => s.status().status === 'Error');
  assert.ok(s.count('Warning ensurePod-fmError: no matching nodes found') >= 1);
});

test('spec 02 §12 #29: an unbound backend is bound where its pod lands, and goes on in the same life', () => {
  const s = story(containerOf('compute'), { exec: serving('w-compute') });
  s.look();
  assert.is(s.condition('ContainerAffinitySet'), 'False wait-error:pod is not assigned to node');
  running(s, 'compute');
  s.until(() => s.status().status === 'Running' && s.status().containerID === 7);
  assert.is(s.status().nodeAffinity, NODE);
  assert.is(s.status().printer?.nodeAffinity, NODE);
  assert.is(s.condition('ContainerAffinitySet'), 'True Completed successfully');
});

test('spec 02 §12 #30: the one that comes second leaves', () => {
  const other = memberOf('compute', 'other', 3);
  const late = containerOf('compute');
  const s = story(late, { world: [other, podFor(late)] });
  s.look();
  assert.is(s.container()?.spec.state, 'deleting');
  assert.is(s.status().nodeAffinity, undefined);
});

test('spec 02 §12 #32: bound to nobody while the pod’s node is unknown; the state stays', () => {
  const container = containerOf('compute');
  const s = story(container, { world: [podFor(container, { node: 'gone' })] });
  s.look();
  assert.is(s.condition('ContainerAffinitySet'), 'False node not found: gone');
  assert.is(s.container()?.spec.state, 'active');
  assert.is(s.rest(), 10_000);
});

test('spec 02 §12 #33: a node that stays not ready loses its running pod once; a look every 15 s', () => {
  const container = memberOf('compute', 'compute', 7);
  const notReady = nodeOf(NODE, { ready: false, readySince: '2025-12-31T23:00:00Z' });
  const s = story(container, { world: [notReady, podFor(container)] });
  s.look();
  // Or a little earlier, to write what is known.
  assert.ok(s.rest() <= 15_000 && s.rest() > 10_000);
  s.tick();
  assert.is(s.count('delete pods/weka/compute'), 1);
  assert.is(s.count('exec'), 0);
});

test('spec 02 §12 #34: a pending pod: PodNotRunning, a look every 10 s', () => {
  const container = containerOf('compute', { status: { nodeAffinity: NODE } });
  const s = story(container, { world: [podFor(container, { phase: 'Pending' })] });
  s.until(() => s.status().status === 'PodNotRunning');
  assert.is(s.rest(), 10_000);
});

test('spec 02 §12 #35: while it only starts the image is not recorded and joining is not attempted', () => {
  const container = containerOf('compute', { spec: { nodeAffinity: NODE } });
  const starting = okJson([{ name: 'w-compute', runStatus: 'Starting', internalStatus: { display_status: 'STEM' } }]);
  const exec = serving('w-compute', ({ command }) => (command.name === 'WekaLocalPs' ? starting : undefined));
  const s = story(container, { world: [podFor(container)], exec });
  s.until(() => s.status().status === 'Starting');
  assert.is(s.status().lastAppliedImage, undefined);
  assert.is(s.count('exec WekaLocalContainerGetIdentity'), 0);
});

test('spec 02 §12 #36: an ad-hoc operation: PodRunning, its result, then a look every 30 s without a command', () => {
  const container = containerOf('adhoc-op', { spec: { nodeAffinity: NODE, instructions: { type: 'umount' } } });
  const exec = ({ command }: Exec) => (command.name === 'FetchResults' ? ok('{}') : undefined);
  const s = story(container, { world: [podFor(container)], exec });
  s.until(() => s.condition('CondResultsProcessed')?.startsWith('True') === true && s.status().result === '{}');
  assert.is(s.status().status, 'PodRunning');
  s.tick();
  s.log.length = 0;
  assert.is(s.rest(), 30_000);
  assert.equal(s.log, []);
});

test('spec 02 §12 #38, 05 §17 #48, 07 §23 #17: no address file: no later step, an event and Error once it lasts, 10 s', () => {
  const container = containerOf('compute', { spec: { nodeAffinity: NODE } });
  const exec = serving('w-compute', ({ command }) => (command.name === 'GetManagementIps' ? exit(1) : undefined));
  const s = story(container, { world: [podFor(container)], exec });
  s.until(() => s.status().status === 'Error');
  assert.ok(s.count('Warning ReconcileManagementIPsError') >= 1);
  assert.is(s.count('exec WekaLocalPs'), 0);
  assert.is(s.rest(), 10_000);
});

test('spec 02 §12 #42, 01 §23 #16: an id that was removed is read again although the condition is True', () => {
  const s = driveStory();
  s.until(() => s.status().addedDrives?.length === 2);
  const before = s.count('exec WekaLocalContainerGetIdentity');
  for (let round = 0; round < 3; round += 1) s.tick();
  assert.is(s.count('exec WekaLocalContainerGetIdentity'), before);
  const { containerID: _, ...rest } = s.status();
  s.view.put({ ...(s.container() as WekaContainer), status: rest } as WekaContainer);
  s.until(() => s.status().containerID === 7);
  assert.is(s.condition('JoinedCluster'), 'True Container joined cluster');
});

test('spec 02 §12 #49: with a competing writer in half of the writes it converges and no foreign field is lost', () => {
  let writes = 0;
  const s = driveStory({ refuse: (name) => (name === 'status' && writes++ % 2 === 0 ? conflict : undefined) });
  s.look();
  const stored = s.container() as WekaContainer;
  s.view.put({
    ...stored,
    metadata: { ...stored.metadata, resourceVersion: 'x' },
    status: { ...s.status(), lastAppliedSpec: 'theirs' },
  } as WekaContainer);
  s.until(() => s.status().addedDrives?.length === 2);
  assert.is(s.status().lastAppliedSpec, 'theirs');
  assert.is(s.count('Warning'), 0);
  assert.is(s.count('exec AddDrive'), 2);
});

test('spec 01 §23 #22: DrivesAdding stays while a drive is missing; another internal status is an Error once, then both are copied', () => {
  let display = 'READY';
  const s = driveStory({
    own: ({ command }) => {
      // The second disk shows up late.
      if (command.name === 'FetchKernelDrives') return okJson(display === 'READY' ? HOST.slice(0, 1) : HOST);
      if (command.name !== 'WekaLocalPs') return undefined;
      return okJson([{ name: 'w-drive', runStatus: 'Running', internalStatus: { display_status: display } }]);
    },
  });
  s.until(() => s.status().addedDrives?.length === 1 && s.known().status === 'DrivesAdding');
  for (let round = 0; round < 20; round += 1) s.tick();
  assert.equal([s.known().status, s.known().internalStatus], ['DrivesAdding', 'READY']);
  display = 'DEGRADED';
  s.until(() => s.status().status === 'Error');
  assert.is(s.count('Warning ReconcileWekaLocalStatusError: internal status changed: READY -> DEGRADED'), 1);
  s.until(() => s.known().internalStatus === 'DEGRADED');
  assert.is(s.known().status, 'Running');
  assert.is(s.count('Warning ReconcileWekaLocalStatusError'), 1);
});

test('spec 02 §12 #55: figures that fail change nothing else', () => {
  const s = driveStory({ agent: () => ({ kind: 'status', status: 500, body: 'x' }) });
  s.until(() => s.status().addedDrives?.length === 2);
  assert.is(s.status().stats, undefined);
});

test('spec 01 §23 #40, 05 §17 #11: without an owner nothing is allocated', () => {
  const s = driveStory({ given: { metadata: { ownerReferences: [] }, spec: { numDrives: 2, nodeAffinity: NODE } } });
  s.look();
  assert.is(
    s.condition('ContainerResourcesAllocated'),
    'False failed to get owner cluster: container has no owner references',
  );
  assert.is(s.rest(), 10_000);
});

test('spec 05 §17 #10, #13: a shortage waits 30 s, stores nothing, and ends when there is enough', () => {
  const s = driveStory({ world: [clusterOf({ status: {} })] });
  s.look();
  assert.is(
    s.condition('ContainerResourcesAllocated'),
    'False wait-error:failed to allocate port ranges: no port range allocated for cluster c',
  );
  assert.is(s.status().allocations, undefined);
  assert.is(s.count('Warning PortAllocationFailed'), 1);
  assert.is(s.rest(), 30_000);
  s.view.put(clusterOf());
  s.look();
  s.until(() => s.status().allocations !== undefined);
});

test('spec 05 §17 #26: a conflict of the allocation’s write loses and doubles nothing, and the file waits for it', () => {
  let writes = 0;
  const s = driveStory({ refuse: (name) => (name === 'status' && writes++ === 0 ? conflict : undefined) });
  s.until(() => s.status().addedDrives?.length === 2);
  assert.equal(s.status().allocations?.drives, ['S1', 'S2']);
  assert.is(s.count('Normal ResourcesAllocated'), 1);
  const second = s.log.indexOf('status Init', s.log.findIndex((line) => line.startsWith('status')) + 1);
  assert.ok(second < 0 || second < s.log.indexOf('exec WriteResources in drive'));
});

test('spec 01 §23 #47: when every command fails what is stored stays', () => {
  const container = memberOf('drive', 'drive', 7, {
    status: { addedDrives: [], allocations: { drives: ['S1'], wekaPort: 35000 } },
  });
  const s = story(container, { world: [podFor(container)], exec: () => ({ kind: 'timeout', afterMs: 10_000 }) });
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.equal(
    [s.status().allocations, s.status().containerID, s.status().addedDrives],
    [container.status?.allocations, 7, []],
  );
});

// Leaving. Spec 03, 17.

interface Leaving {
  readonly host?: string;
  readonly own?: (call: Exec) => ExecOutcome | undefined;
  readonly given?: Given;
  readonly options?: StoryOptions;
}
/** Drive d1, host 7 with drives A and B, in a cluster with one other member. Its pod goes when the test says so. */
function leavingStory({ host = 'UP', own, given, options }: Leaving = {}) {
  const world = { host, drives: ['A', 'B'] };
  const d1 = memberOf('drive', 'd1', 7, {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    ...given,
    status: { allocations: { drives: ['A', 'B'], wekaPort: 35000, agentPort: 35303 }, ...given?.status },
  });
  const sibling = memberOf('drive', 'sibling', 2, { status: { nodeAffinity: 'node-2' as NodeName } });
  const exec = serving('w-d1', (call) => {
    const mine = own?.(call);
    if (mine !== undefined) return mine;
    switch (call.command.name) {
      case 'GetWekaContainer':
        return okJson(world.host === 'gone' ? [] : [{ container_name: 'w-d1', status: world.host }]);
      case 'DeactivateContainer':
        world.host = 'DEACTIVATING';
        return ok();
      case 'ListContainerDrives':
        return okJson(world.drives.map((uuid) => ({ uuid, serial_number: uuid, status: 'INACTIVE' })));
      case 'RemoveDrive':
        world.drives = world.drives.filter((uuid) => uuid !== call.command.argv.at(-2));
        return ok();
      case 'RemoveContainer':
        world.host = 'gone';
        return ok();
      default:
        return undefined;
    }
  });
  const s = story(d1, {
    ...options,
    exec,
    settings: { signDrivesImage: 'sign:1', maintenanceServiceAccount: 'm', ...options?.settings },
    world: [podFor(d1), sibling, podFor(sibling), ...(options?.world ?? [])],
  });
  return {
    s,
    world,
    podEnds: () => s.view.remove(podFor(d1)),
    signed: () => {
      const helper = s.view.containerByName('weka', 'weka-force-resign-drives-uid-d1') as WekaContainer;
      s.view.put({
        ...helper,
        metadata: { ...helper.metadata, finalizers: [] },
        status: { status: 'PodRunning', result: '{"err":null,"drives":["/dev/a"]}' },
      } as WekaContainer);
    },
    emptied: () => s.view.put(jobOf('weka-cleanup-container-uid-d1', { succeeded: 1 })),
  };
}
const CLEAN_UP = `jobs/${OPERATOR_NAMESPACE}/weka-cleanup-container-uid-d1`;
const RESIGN = 'wekacontainers/weka/weka-force-resign-drives-uid-d1';
const DONE = 'True Completed successfully';

test('spec 03 §17 #1: the whole way out, in order, and the next only when the one before it is proven', () => {
  const { s, world, podEnds, signed, emptied } = leavingStory();
  s.look();
  assert.is(s.container()?.spec.state, 'deleting');
  assert.is(s.count('exec DeactivateContainer in sibling'), 1);
  assert.is(s.condition('ContainerDeactivated'), 'False wait-error:container deactivation started');
  for (let minute = 0; minute < 8; minute += 1) assert.is(s.rest(), 15_000); // #3
  assert.is(s.count('exec DeactivateContainer'), 1);
  assert.is(s.count('delete pods') + s.count('exec AllowForceStop') + s.count('exec RemoveDrive'), 0);
  assert.is(s.status().status, 'Deleting');
  world.host = 'INACTIVE';
  s.tick();
  assert.is(s.condition('ContainerDeactivated'), DONE);
  assert.is(s.count('exec RemoveDrive in sibling'), 2);
  assert.is(s.count('delete pods/weka/d1'), 1);
  assert.is(s.count('exec AllowForceStop in d1'), 1);
  assert.is(s.count('exec RemoveContainer'), 0);
  podEnds();
  s.look();
  assert.is(s.condition('ContainerRemoved'), DONE);
  assert.is(s.count(`create ${RESIGN}`), 1);
  assert.is(s.count(`create ${CLEAN_UP}`), 0);
  signed();
  s.look();
  assert.is(s.condition('ContainerDrivesResigned'), DONE);
  assert.is(s.count(`create ${CLEAN_UP}`), 1);
  emptied();
  s.look();
  assert.is(s.container(), undefined);
  const order = [
    'exec DeactivateContainer',
    'exec RemoveDrive',
    'delete pods/weka/d1',
    'exec RemoveContainer',
    `create ${RESIGN}`,
    `create ${CLEAN_UP}`,
    'jsonPatch wekacontainers/weka/d1',
  ];
  const places = order.map((prefix) => s.log.findIndex((line) => line.startsWith(prefix)));
  assert.equal(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test('spec 07 §23 #36: serving, three times deactivating, inactive: one deactivation, looks 15 s apart', () => {
  const { s, world } = leavingStory();
  s.look();
  for (let looks = 0; looks < 3; looks += 1) assert.is(s.rest(), 15_000);
  assert.ok(s.count('exec GetWekaContainer') >= 4);
  assert.is(s.condition('ContainerDeactivated'), 'False wait-error:container is deactivating');
  world.host = 'INACTIVE';
  s.tick();
  assert.is(s.condition('ContainerDeactivated'), DONE);
  assert.is(s.count('exec DeactivateContainer'), 1);
});

test('spec 07 §23 #38: a host that is listed twice after its removal: waits of 15 s, then it is removed', () => {
  const listed = okJson([{ container_name: 'w-d1', status: 'INACTIVE' }]);
  let removals = 0;
  let listedAfter = 0;
  const { s, podEnds } = leavingStory({
    host: 'INACTIVE',
    own: ({ command }) => {
      if (command.name === 'RemoveContainer') removals += 1;
      if (command.name === 'RemoveContainer') return ok();
      if (command.name !== 'GetWekaContainer') return undefined;
      if (removals < 2) return listed;
      listedAfter += 1;
      return listedAfter === 1 ? listed : okJson([]);
    },
  });
  s.look();
  podEnds();
  s.look();
  const still = 'False wait-error:container 7 still exists in cluster';
  assert.is(s.condition('ContainerRemoved'), still);
  s.until(() => removals === 2);
  assert.is(s.condition('ContainerRemoved'), still);
  assert.is(s.count(`create ${RESIGN}`), 0);
  s.until(() => s.condition('ContainerRemoved') === DONE);
  assert.is(removals, 2);
});

test('spec 03 §17 #1, §14 no. 1: what was proven is written before the step that relies on it acts', () => {
  const { s, world } = leavingStory({ host: 'INACTIVE' });
  s.look();
  const wrote = s.log.findIndex((line) => line.startsWith('status'));
  assert.ok(wrote >= 0 && wrote < s.log.indexOf('exec RemoveDrive in sibling'));
  assert.equal(world.drives, []);
});

test('spec 03 §14 no. 1: while the write of "deactivated" fails nothing is taken out and nothing is stopped', () => {
  const { s } = leavingStory({
    host: 'INACTIVE',
    options: { refuse: (name) => (name === 'status' ? conflict : undefined) },
  });
  s.look();
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.is(s.count('exec RemoveDrive') + s.count('exec AllowForceStop') + s.count('delete pods'), 0);
});

test('spec 03 §17 #2: the state alone: the controller deletes the object itself', () => {
  const { s } = leavingStory({ given: { metadata: {}, spec: { state: 'deleting' } } });
  s.look();
  assert.is(s.count('delete wekacontainers/weka/d1'), 1);
  s.until(() => s.count('exec DeactivateContainer') === 1);
});

test('spec 03 §17 #4: a refusal of weka: its text, 10 s, and nothing else happens', () => {
  const { s } = leavingStory({
    own: ({ command }) => (command.name === 'DeactivateContainer' ? exit(1, 'too few hosts') : undefined),
  });
  s.look();
  const text = s.condition('ContainerDeactivated') ?? '';
  assert.ok(text.includes('too few hosts') && text.includes('via sibling'));
  assert.is(s.rest(), 10_000);
  assert.is(s.count('delete pods') + s.count('exec RemoveDrive'), 0);
});

test('spec 03 §17 #8: one that never joined and never ran: no command in a sibling, gone without a Job', () => {
  const container = containerOf('compute', {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { state: 'deleting' },
  });
  const pod = podFor(container, { phase: 'Pending', node: '' });
  const s = story(container, { world: [pod] });
  s.look();
  assert.is(s.count('delete pods/weka/compute'), 1);
  s.view.remove(pod);
  s.look();
  assert.is(s.container(), undefined);
  assert.is(s.count('create jobs') + s.log.filter((line) => / in (?!compute)/.test(line)).length, 0);
});

test('spec 03 §17 #9, F1: an id found while leaving: host query and deactivation come next, no force before INACTIVE', () => {
  const { s, world } = leavingStory({
    given: {
      spec: { state: 'deleting' },
      metadata: { deletionTimestamp: 'x' },
      status: { containerID: undefined as never },
    },
  });
  s.look();
  assert.is(s.known().containerID, 7);
  assert.is(s.count('exec DeactivateContainer'), 1);
  assert.is(s.count('exec AllowForceStop') + s.count('delete pods'), 0);
  world.host = 'INACTIVE';
  s.look();
  assert.is(s.count('exec AllowForceStop'), 1);
});

test('spec 03 §17 #10: an unreadable identity and drives of its own: they are never resigned', () => {
  const written = {
    type: 'ContainerResourcesWritten',
    status: 'True',
    reason: 'x',
    message: 'x',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  } as const;
  const { s, podEnds } = leavingStory({
    given: {
      spec: { state: 'deleting' },
      metadata: { deletionTimestamp: 'x' },
      status: { containerID: undefined as never, conditions: [written] },
    },
    own: ({ command }) => (command.name === 'WekaLocalContainerGetIdentity' ? exit(1) : undefined),
  });
  s.look();
  podEnds();
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.is(s.count(`create ${RESIGN}`), 0);
  assert.is(
    s.condition('ContainerDrivesResigned'),
    'False wait-error:membership is not known, the drives may still belong to the cluster',
  );
  assert.ok(s.container());
});

test('spec 03 §17 #11: skipDeactivate: no sibling command, forced stop, resign', () => {
  const { s, podEnds, signed } = leavingStory({
    given: { spec: { state: 'deleting', overrides: { skipDeactivate: true } }, metadata: { deletionTimestamp: 'x' } },
  });
  s.look();
  assert.is(s.count('exec AllowForceStop in d1'), 1);
  podEnds();
  s.look();
  signed();
  s.look();
  assert.is(s.condition('ContainerDrivesResigned'), DONE);
  assert.is(s.log.filter((line) => line.endsWith(' in sibling')).length, 0);
});

test('spec 03 §17 #12, #13: a missing pod comes back until the host is deactivated, then no more', () => {
  const { s, world, podEnds } = leavingStory({
    given: { spec: { state: 'deleting' }, metadata: { deletionTimestamp: 'x' } },
  });
  podEnds();
  s.look();
  assert.is(s.count('create pods/weka/d1'), 1);
  world.host = 'INACTIVE';
  s.tick();
  s.view.remove(s.view.pod('weka', 'd1') as never);
  s.look();
  s.tick();
  assert.is(s.count('create pods/weka/d1'), 1);
});

test('spec 01 §23 #44, 03 §17 #63: the finalizer goes by one update; one that conflicts is repeated, nothing before it is', () => {
  let conflicts = 1;
  const { s, podEnds, signed, emptied } = leavingStory({
    host: 'INACTIVE',
    options: {
      refuse: (name) => (name.startsWith('jsonPatch wekacontainers') && conflicts-- > 0 ? conflict : undefined),
    },
  });
  s.look();
  podEnds();
  s.look();
  signed();
  s.look();
  emptied();
  const acts = () => s.log.filter((line) => /^(exec|create|delete) /.test(line)).length;
  s.look();
  const before = acts();
  assert.ok(s.container(), 'the update met a conflict');
  s.until(() => s.container() === undefined);
  assert.is(s.count('jsonPatch wekacontainers/weka/d1'), 2);
  assert.is(acts(), before);
});

for (const [mode, comesBack] of [
  ['compute', true],
  ['s3', false],
] as const) {
  test(`spec 04 §17 #56: ${mode}, joined, deleting, without its pod: ${comesBack ? 'it comes back; a refusal is no event and no status' : 'none comes'}`, () => {
    let refuses = true;
    const member = memberOf(mode, 'm', 7, { spec: { state: 'deleting' }, metadata: { deletionTimestamp: 'x' } });
    const sibling = memberOf('compute', 'sibling', 2, { status: { nodeAffinity: 'node-2' as NodeName } });
    const s = story(member, {
      world: [sibling, podFor(sibling)],
      exec: serving('w-m', ({ command }) =>
        command.name === 'GetWekaContainer' ? okJson([{ container_name: 'w-m', status: 'DEACTIVATING' }]) : undefined,
      ),
      refuse: (name) => (refuses && name === 'create pods/weka/m' ? refused : undefined),
    });
    s.look();
    for (let round = 0; round < 4; round += 1) s.tick();
    assert.is(s.count('create pods/weka/m') > 1, comesBack, s.log.join('\n'));
    assert.is(s.count('Warning ensurePod'), 0);
    assert.is(s.known().status, 'Deleting');
    assert.is(s.view.pod('weka', 'm'), undefined);
    refuses = false;
    for (let round = 0; round < 4; round += 1) s.tick();
    assert.is(s.view.pod('weka', 'm') !== undefined, comesBack);
  });
}

test('spec 03 §17 #12: not on a cordoned node, and deactivation goes on', () => {
  const { s, podEnds } = leavingStory({ options: { world: [nodeOf(NODE, { unschedulable: true })] } });
  podEnds();
  s.look();
  assert.is(s.count('create pods'), 0);
  assert.is(s.count('exec DeactivateContainer'), 1);
});

test('spec 03 §17 #16: a removal without effect is repeated every 15 s; no resign, no end', () => {
  const { s, podEnds } = leavingStory({
    host: 'INACTIVE',
    own: ({ command }) => (command.name === 'RemoveContainer' ? ok() : undefined),
  });
  s.look();
  podEnds();
  s.look();
  assert.is(s.condition('ContainerRemoved'), 'False wait-error:container 7 still exists in cluster');
  assert.is(s.rest(), 15_000);
  assert.ok(s.count('exec RemoveContainer') > 1);
  assert.is(s.count(`create ${RESIGN}`), 0);
});

test('spec 03 §17 #29, #30: a node that is not ready: out of the cluster through siblings, the drives wait, then it goes on', () => {
  const { s, podEnds } = leavingStory({ host: 'INACTIVE', options: { world: [nodeOf(NODE, { ready: false })] } });
  s.look();
  assert.is(s.condition('ContainerRemoved'), DONE);
  assert.is(s.log.filter((line) => line.startsWith('exec') && line.endsWith(' in d1')).length, 0);
  assert.is(
    s.condition('ContainerDrivesResigned'),
    'False wait-error:container node is not ready, cannot perform resign drives operation',
  );
  s.view.put(nodeOf());
  s.look();
  assert.is(s.count('exec AllowStop in d1') + s.count('exec AllowForceStop in d1'), 1);
  podEnds();
  s.look();
  assert.is(s.count(`create ${RESIGN}`), 1);
});

test('spec 03 §17 #35, #36: destroying, also out of a deactivation: nothing in the cluster, forced stop, resigned for "Destroying"', () => {
  const { s, podEnds, signed, emptied } = leavingStory();
  s.look();
  const before = s.log.filter((line) => line.endsWith(' in sibling')).length;
  const stored = s.container() as WekaContainer;
  s.view.put({ ...stored, spec: { ...stored.spec, state: 'destroying' } } as WekaContainer);
  s.look();
  assert.is(s.count('exec AllowForceStop in d1'), 1);
  podEnds();
  s.look();
  signed();
  s.look();
  assert.is(s.condition('ContainerDrivesResigned'), 'True Drives resigned');
  emptied();
  s.look();
  assert.is(s.container(), undefined);
  assert.is(s.log.filter((line) => line.endsWith(' in sibling')).length, before);
});

test('spec 03 §17 #39: every second status write conflicts: the same end, the same order', () => {
  let writes = 0;
  const { s, world, podEnds, signed, emptied } = leavingStory({
    options: { refuse: (name) => (name === 'status' && writes++ % 2 === 0 ? conflict : undefined) },
  });
  s.until(() => s.count('exec DeactivateContainer') === 1);
  world.host = 'INACTIVE';
  s.until(() => s.count('exec AllowForceStop') > 0);
  podEnds();
  s.until(() => s.count(`create ${RESIGN}`) === 1);
  signed();
  s.until(() => s.count(`create ${CLEAN_UP}`) === 1);
  emptied();
  s.until(() => s.container() === undefined);
  assert.is(s.count('exec DeactivateContainer'), 1);
  assert.is(s.count('exec RemoveContainer'), 1);
});

test('spec 03 §17 #40: a controller that starts anew in the middle repeats nothing that is proven', () => {
  const { s, podEnds } = leavingStory({ host: 'INACTIVE' });
  s.look();
  podEnds();
  const half = s.container() as WekaContainer;
  const sibling = memberOf('drive', 'sibling', 2);
  const again = story(half, {
    world: [sibling, podFor(sibling)],
    settings: { signDrivesImage: 'sign:1' },
    exec: ({ command }) => (command.name === 'GetWekaContainer' ? okJson([]) : undefined),
  });
  again.look();
  assert.is(
    again.count('exec DeactivateContainer') + again.count('exec RemoveDrive') + again.count('exec RemoveContainer'),
    0,
  );
  assert.is(again.count(`create ${RESIGN}`), 1);
});

test('spec 03 §17 #56: two owners, or none that is known: nothing is taken away', () => {
  const { s } = leavingStory({ options: { without: [clusterOf()] } });
  s.look();
  assert.is(s.condition('ContainerDeactivated'), 'False error getting cluster: Cluster not found');
  assert.is(s.rest(), 10_000);
  assert.is(s.count('delete pods') + s.count('exec AllowForceStop'), 0);
});

test('spec 03 §17 #64: a degraded process of a leaving container: its event, its internal status, Deleting stays', () => {
  const degraded = okJson([
    {
      name: 'w-d1',
      runStatus: 'DEGRADED',
      lastFailure: 'x',
      lastFailureTime: 'T',
      internalStatus: { display_status: 'DEGRADED' },
    },
  ]);
  const { s } = leavingStory({ own: ({ command }) => (command.name === 'WekaLocalPs' ? degraded : undefined) });
  s.look();
  assert.is(s.count('Warning WekaLocalStatus'), 1);
  assert.is(s.known().internalStatus, 'DEGRADED');
  assert.is(s.known().status, 'Deleting');
  assert.is(s.count('exec DeactivateContainer'), 1);
});

test.run();
