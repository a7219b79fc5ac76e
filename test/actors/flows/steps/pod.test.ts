/** The pod: made once, of our own, kept in line; where it lands; the drivers it needs; how it is stopped. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { driverNeed, ensureDrivers } from '../../../../actors/flows/steps/drivers.ts';
import { enforceNodeAffinity, setNodeAffinityStatus } from '../../../../actors/flows/steps/node-binding.ts';
import {
  ensurePod,
  mayBeBuiltForAnother,
  neverUsed,
  rebuildForItsNode,
  updatePodMetadata,
  updatePodTolerations,
} from '../../../../actors/flows/steps/pod.ts';
import { gracefulUnlessNeverSeen, stop, stopPod } from '../../../../actors/flows/steps/stop-pod.ts';
import { knownInfo } from '../../../../actors/node/discovery.ts';
import type { NodeInfoResult } from '../../../../actors/rules/node-info.ts';
import type { KubeObject } from '../../../../messages/kube.ts';
import { done, failed, finished, wait } from '../../../../messages/verdict.ts';
import type { WekaClient } from '../../../../messages/weka-cluster.ts';
import {
  agentOn,
  BORN,
  containerOf,
  IMAGE,
  memberOf,
  NODE,
  nodeOf,
  ownedBy,
  podFor,
} from '../../../support/containers.ts';
import { passFor, SETTINGS } from '../../../support/pass.ts';
import {
  absent,
  agentOk,
  argvOf,
  conflict,
  did,
  exists,
  exit,
  type Line,
  ok,
  play,
  playStep,
  requestOf,
} from '../../../support/play.ts';
import { SIM_START_WALL_MS } from '../../../support/sim-clock.ts';

const bound = containerOf('compute', { status: { nodeAffinity: NODE } });
const INFO = { is_ht: false, kubernetes_distro: 'k8s', os: 'ubuntu', boot_id: 'boot-1', schema: 3 };
const DISCOVERED: Line = ['node discover', { kind: 'known', info: INFO }];

test('a pod is created from what the node’s actor knows, owned by the container', () => {
  const { calls, verdict } = playStep(ensurePod(passFor(bound)), [
    DISCOVERED,
    ['create pods/weka/compute', did(podFor(bound))],
  ]);
  const request = requestOf(calls, 'create');
  assert.is(request.verb === 'create' && request.object.metadata.ownerReferences?.[0]?.uid, 'uid-compute');
  assert.equal(verdict, done);
});

const open = containerOf('compute', { status: {} });
const COS = { ...INFO, os: 'cos' };
/** As made while its node was open, for a node of such a system. */
function madeFor(info: typeof INFO): KubeObject {
  const node = nodeOf(NODE);
  const { calls } = playStep(ensurePod(passFor(open, { world: [node] })), [
    ['node discover', { kind: 'known', info }],
    ['create pods/weka/compute', did(podFor(open))],
  ]);
  const request = requestOf(calls, 'create');
  if (request.verb !== 'create') throw new Error('nothing was made');
  const { metadata } = podFor(open);
  return { ...podFor(open), ...request.object, metadata: { ...request.object.metadata, ...metadata } } as KubeObject;
}
const GONE = 'pod was built for another kind of node than node-1, it is made anew';

test('F27: a pod that landed on another kind of node than it was built for is made anew, before it is used', () => {
  const pod = madeFor(COS);
  const pass = passFor(bound, { world: [pod] });
  const { calls, verdict } = playStep(rebuildForItsNode(pass), [
    DISCOVERED,
    ['get pods/weka/compute', did(pod)],
    ['delete pods/weka/compute', did(pod)],
  ]);
  assert.equal(verdict, wait(3_000, GONE));
  const request = requestOf(calls, 'delete');
  assert.is(request.verb === 'delete' && request.uid, 'pod-of-uid-compute');
  for (const info of [
    { ...INFO, provider: 'aws' },
    { ...INFO, is_ht: true },
  ]) {
    const other = madeFor(info);
    const again = playStep(rebuildForItsNode(passFor(bound, { world: [other] })), [
      DISCOVERED,
      ['get pods/weka/compute', did(other)],
      ['delete pods/weka/compute', did(other)],
    ]);
    assert.is(again.verdict.kind, 'wait', JSON.stringify(info));
  }
});

test('F27: a pod stays where the system is the same, where it was pinned to its node, and until the binding is written', () => {
  const right = madeFor(INFO);
  const stays = (pod: KubeObject): unknown =>
    playStep(rebuildForItsNode(passFor(bound, { world: [pod] })), [DISCOVERED, ['get pods/weka/compute', did(pod)]])
      .verdict;
  assert.equal(stays(right), done);
  const { spec } = madeFor(COS) as KubeObject & { readonly spec: object };
  const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [NODE] }] }];
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
  assert.equal(stays({ ...right, spec: { ...spec, affinity: { nodeAffinity } } } as KubeObject), done);

  const wrong = madeFor(COS);
  const pass = { ...passFor(open, { world: [wrong] }), nodeName: NODE };
  const { verdict } = playStep(rebuildForItsNode(pass), [DISCOVERED, ['get pods/weka/compute', did(wrong)]]);
  assert.equal(verdict, wait(3_000, GONE));
});

test('F27: what has been used, or was made for its node, is never compared', () => {
  assert.ok(neverUsed(passFor(bound)) && mayBeBuiltForAnother(passFor(bound)));
  for (const status of [{ allocations: { agentPort: 1 } }, { containerID: 1 }, { internalStatus: 'STEM' }])
    assert.not.ok(neverUsed(passFor(containerOf('compute', { status }))));
  assert.not.ok(mayBeBuiltForAnother(passFor(containerOf('client', { spec: { nodeAffinity: NODE } }))));
});

test('F27: an OpenShift release without a toolkit image is an obstacle to builders alone', () => {
  const record = { ...INFO, os: 'rhcos', os_build_id: '418.1' };
  const node = nodeOf(NODE, { annotations: { 'weka.io/discovery.json': JSON.stringify(record) } });
  const said = (mode: 'compute' | 'drivers-builder'): NodeInfoResult => {
    const container = containerOf(mode);
    return knownInfo(node, passFor(container).view, SETTINGS, container);
  };
  assert.is(said('compute').kind, 'known');
  const builder = said('drivers-builder');
  assert.ok(builder.kind === 'failed' && builder.error.startsWith('Failed to get OCP toolkit image for version 418.1'));
});

test('spec 02 §12 #24: discovery is waited for, with the text of the reference', () => {
  const pending = { kind: 'pending', delayMs: 3_000, reason: 'container execution result is not ready' };
  assert.equal(
    playStep(ensurePod(passFor(bound)), [['node discover', pending]]).verdict,
    wait(
      3_000,
      'error reconciling object during phase DiscoverNode: error reconciling object during phase PollResults: wait-error:container execution result is not ready',
    ),
  );
});

test('spec 02 §12 #23: no pod on a cordoned node', () => {
  const said = ensurePod(passFor(bound, { world: [nodeOf(NODE, { unschedulable: true })] }));
  assert.equal(said, wait(10_000, 'node node-1 is unschedulable, cannot create pod'));
});

test('spec 02 §12 #25: no node matches', () => {
  const choosy = containerOf('compute', { spec: { nodeSelector: { a: 'b' } } });
  assert.equal(ensurePod(passFor(choosy)), failed('no matching nodes found'));
});

test('a discovery container needs no discovery', () => {
  const discovery = containerOf('discovery', { spec: { nodeAffinity: NODE } });
  const { verdict } = playStep(ensurePod(passFor(discovery)), [['create pods/weka/discovery', did(podFor(discovery))]]);
  assert.equal(verdict, done);
});

test('F4: a pod of that name which is not ours is waited for and reported, never touched', () => {
  const older = podFor(bound, { metadata: { ownerReferences: [ownedBy('WekaContainer', 'compute', 'earlier')] } });
  const pass = passFor(bound, { world: [older] });
  assert.is(pass.pod, undefined);
  const text = 'pod compute exists and belongs to WekaContainer compute (earlier)';
  const event = { type: 'Warning', reason: 'PodNameConflict', message: text, perMinute: true } as const;
  assert.equal(ensurePod(pass), { ...finished, events: [event] }, 'it goes by itself');
  const nobodys = passFor(bound, { world: [podFor(bound, { metadata: { ownerReferences: [] } })] });
  const said = ensurePod(nobodys);
  assert.ok(said.kind === 'failed' && said.reason === 'pod compute exists and belongs to nobody');
});

test('a pod that is there already, and one that cannot be built', () => {
  const twice = playStep(ensurePod(passFor(bound)), [DISCOVERED, ['create pods/weka/compute', exists]]);
  assert.equal(twice.verdict, failed('Failed to create pod: already exists'));
  const wrong = containerOf('compute', { spec: { cpuPolicy: 'fast' }, status: { nodeAffinity: NODE } });
  const { verdict } = playStep(ensurePod(passFor(wrong)), [DISCOVERED]);
  assert.ok(verdict.kind === 'failed' && verdict.reason.includes('invalid CPU policy: fast')); // 01 §23 #5
});

test('join addresses need an owner', () => {
  const orphan = containerOf('compute', {
    metadata: { ownerReferences: [] },
    spec: { joinIpPorts: ['10.0.0.1:1'] },
    status: { nodeAffinity: NODE },
  });
  assert.equal(playStep(ensurePod(passFor(orphan)), [DISCOVERED]).verdict, failed('no owner reference found'));
});

test('spec 07 §23 #27, I5: addresses of the members that serve now, a client’s from its target; with none, those of the spec', () => {
  const joins = { spec: { joinIpPorts: ['10.9.9.9:1'] }, status: { nodeAffinity: NODE } };
  const joiner = containerOf('compute', { name: 'late', ...joins });
  const client = containerOf('client', {
    metadata: { ownerReferences: [ownedBy('WekaClient', 'cl')] },
    ...joins,
  });
  const wekaClient: WekaClient = {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaClient',
    metadata: { name: 'cl', namespace: 'weka', uid: 'uid-cl', resourceVersion: '1', creationTimestamp: BORN },
    spec: { targetCluster: { name: 'c', namespace: 'weka' } },
  };
  for (const status of ['Running', 'Stopped', 'PodNotRunning'])
    for (const container of [joiner, client]) {
      const world = [wekaClient, memberOf('drive', 'm', 1, { status: { status } })];
      const create: Line = [`create pods/weka/${container.metadata.name}`, did(podFor(container))];
      const { calls } = playStep(ensurePod(passFor(container, { world })), [DISCOVERED, create]);
      const value = status === 'Running' ? '10.0.0.1:35000' : '10.9.9.9:1';
      assert.ok(JSON.stringify(requestOf(calls, 'create')).includes(JSON.stringify({ name: 'JOIN_IPS', value })));
    }
});

test('spec 02 §12 #15 to #18: labels, annotations and tolerations go under the pod’s resourceVersion', () => {
  const labelled = containerOf('compute', {
    metadata: { labels: { team: 'a' } },
    spec: { tolerations: [{ key: 'k', operator: 'Exists' }] },
  });
  const pass = passFor(labelled, { world: [podFor(labelled)] });
  const meta = requestOf(
    playStep(updatePodMetadata(pass), [['jsonPatch pods/weka/compute', did(podFor(bound))]]).calls,
    'jsonPatch',
  );
  assert.equal(meta.verb === 'jsonPatch' && meta.patch[0], {
    op: 'test',
    path: '/metadata/resourceVersion',
    value: '1',
  });
  assert.equal(meta.verb === 'jsonPatch' && meta.patch.slice(1).map(({ path }) => path), [
    '/metadata/labels',
    '/metadata/annotations',
  ]);
  const { calls, verdict } = playStep(updatePodTolerations(pass), [['jsonPatch pods/weka/compute', conflict]]);
  const tolerations = requestOf(calls, 'jsonPatch');
  assert.equal(tolerations.verb === 'jsonPatch' && tolerations.patch.at(-1), {
    op: 'add',
    path: '/spec/tolerations',
    value: [{ key: 'k', operator: 'Exists' }],
  });
  assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith('failed to update pod tolerations: '));
});

test('spec 02 §12 #17: nothing is written when nothing differs', () => {
  const created = requestOf(
    playStep(ensurePod(passFor(bound)), [DISCOVERED, ['create pods/weka/compute', did(podFor(bound))]]).calls,
    'create',
  );
  if (created.verb !== 'create') throw new Error('no pod');
  const { uid, resourceVersion, creationTimestamp } = podFor(bound).metadata;
  const pod = { ...created.object, metadata: { ...created.object.metadata, uid, resourceVersion, creationTimestamp } };
  const pass = passFor(bound, { world: [pod as KubeObject] });
  assert.equal(updatePodMetadata(pass), done);
  assert.equal(updatePodTolerations(pass), done);
});

// Binding. F11.

test('spec 02 §12 #29: the node the pod landed on is bound; before that it is waited for', () => {
  const free = containerOf('compute');
  const unscheduled = passFor(free, { world: [podFor(free, { node: '' })] });
  assert.equal(enforceNodeAffinity(unscheduled), wait(3_000, 'pod is not assigned to node'));
  const { verdict } = playStep(enforceNodeAffinity(passFor(free, { world: [podFor(free)] })), [
    ['node bind', { kind: 'granted' }],
  ]);
  assert.equal(verdict, { kind: 'done', status: { nodeAffinity: NODE, printer: { nodeAffinity: NODE } } });
});

test('spec 02 §12 #30: the loser leaves', () => {
  const free = containerOf('compute');
  const { calls, verdict } = playStep(enforceNodeAffinity(passFor(free, { world: [podFor(free)] })), [
    ['node bind', { kind: 'taken', by: 'other' }],
    ['mergePatch wekacontainers/weka/compute', did(free)],
  ]);
  const request = requestOf(calls, 'mergePatch');
  assert.equal(request.verb === 'mergePatch' && request.patch, {
    metadata: { resourceVersion: '1' },
    spec: { state: 'deleting' },
  });
  assert.equal(verdict, wait(0, 'scheduling race, deleting current container'));
});

test('spec 02 §12 #32: a node that is not known binds nobody and evicts nobody', () => {
  const free = containerOf('compute');
  const pass = passFor(free, { world: [podFor(free)], without: [nodeOf()] });
  assert.equal(enforceNodeAffinity(pass), failed('node not found: node-1'));
  const late = playStep(enforceNodeAffinity(passFor(free, { world: [podFor(free)] })), [
    ['node bind', { kind: 'failed', reason: 'node not found' }],
  ]);
  assert.equal(late.verdict, failed('node not found'));
});

test('spec 02 §12 #31: with dropAffinityConstraints, and for modes that may share, nobody is asked', () => {
  const dropped = containerOf('compute', { spec: { dropAffinityConstraints: true } });
  assert.is(playStep(enforceNodeAffinity(passFor(dropped, { world: [podFor(dropped)] }))).verdict.kind, 'done');
  const client = containerOf('client');
  assert.is(setNodeAffinityStatus(passFor(client, { world: [podFor(client)] })).kind, 'done');
});

// Drivers.

test('spec 06 §10 #32, #33: loaded drivers are enough; missing ones are asked for, the status says so', () => {
  assert.equal(ensureDrivers(passFor(bound)), done);
  const bare = nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': undefined } });
  const pending = { kind: 'pending', delayMs: 10_000, reason: 'drivers are being loaded' };
  const { verdict } = playStep(ensureDrivers(passFor(bound, { world: [bare] })), [['node loadDrivers', pending]]);
  assert.equal(verdict, wait(10_000, 'drivers are being loaded', { status: { status: 'WaitForDrivers' } }));
  const failing = playStep(ensureDrivers(passFor(bound, { world: [bare] })), [
    ['node loadDrivers', { kind: 'failed', reason: 'x' }],
  ]);
  assert.is(failing.verdict.kind === 'failed' && failing.verdict.events?.[0]?.reason, 'DriversLoadFailed');
  const client = containerOf('client', { spec: { nodeAffinity: NODE, image: 'other' } });
  assert.is(ensureDrivers(passFor(client)).kind, 'ask');
});

test('spec 06 §10 #64: the image of the pod counts where there is one', () => {
  const client = containerOf('client', { spec: { nodeAffinity: NODE, image: 'new' } });
  const pass = passFor(client, { world: [podFor(client, { image: IMAGE })] });
  assert.equal(driverNeed(pass), { image: IMAGE, frontend: true });
  assert.equal(ensureDrivers(pass), done);
});

test('spec 06 §4.2, #64: without a pod the image that its next pod will have counts: the old one while its mounts stand against the new', () => {
  const client = containerOf('client', {
    spec: { nodeAffinity: NODE, image: 'new' },
    status: { lastAppliedImage: IMAGE, containerID: 3, nodeAffinity: NODE },
  });
  const mounts = (active_mounts: number): Line => [
    'agent GET /getActiveMounts?container_name=w-client&container_uuid=uid-client',
    agentOk({ active_mounts }),
  ];
  assert.equal(playStep(ensureDrivers(passFor(client)), [mounts(2)]).verdict, done);
  const { calls } = playStep(ensureDrivers(passFor(client)), [
    mounts(0),
    ['node loadDrivers', { kind: 'pending', delayMs: 10_000, reason: 'drivers are being loaded' }],
  ]);
  const [call] = calls.slice(-1);
  assert.is(call?.kind === 'node' && call.ask.kind === 'loadDrivers' && call.ask.need.image, 'new');
  const loader = { ...client, spec: { ...client.spec, driversLoaderImage: 'loader' } };
  const answer: Line = ['node loadDrivers', { kind: 'loaded' }];
  assert.equal(playStep(ensureDrivers(passFor(loader)), [answer]).verdict, done);
});

test('spec 06 §10 #63: no node, no drivers', () => {
  assert.equal(ensureDrivers(passFor(bound, { without: [nodeOf()] })), failed('node not found'));
});

// Stopping. Spec 03, 5.

const POD = 'pods/weka/compute';
const live = () => podFor(bound);
const terminating = () => podFor(bound, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
const TOLD = wait(30_000, 'Pod deleted, reconciling for retry');
const UNTOLD = wait(3_000, 'Pod deleted, reconciling for retry');

test('spec 03 §5.2: delete under the pod’s uid, then every channel there is', () => {
  const pass = passFor(bound, { world: [live(), agentOn(NODE)] });
  const { calls, verdict } = play(stop(pass, 'forced'), [
    [`get ${POD}`, did(live())],
    [`delete ${POD}`, did(terminating())],
    ['exec StopInstructionsViaAgent', ok()],
    ['exec AllowForceStop', ok()],
    ['exec WekaLocalStop', exit(124)],
  ]);
  assert.equal(verdict, TOLD);
  const request = requestOf(calls, 'delete');
  assert.ok(
    request.verb === 'delete' && request.uid === 'pod-of-uid-compute' && request.gracePeriodSeconds === undefined,
  );
  assert.equal(argvOf(calls, 'AllowForceStop'), ['bash', '-ce', 'touch /tmp/.allow-force-stop && kill 1']);
  assert.equal(argvOf(calls, 'WekaLocalStop'), ['timeout', '10s', 'weka', 'local', 'stop', '--force']);
});

test('a graceful stop says so on each channel', () => {
  const { calls } = play(stop(passFor(bound, { world: [live(), agentOn(NODE)] }), 'graceful'), [
    [`get ${POD}`, did(terminating())],
    ['exec StopInstructionsViaAgent', ok()],
    ['exec AllowStop', ok()],
    ['exec WekaLocalStop', ok()],
  ]);
  assert.equal(argvOf(calls, 'WekaLocalStop'), ['timeout', '10s', 'weka', 'local', 'stop', '-g']);
  assert.equal(argvOf(calls, 'AllowStop'), ['bash', '-ce', 'touch /tmp/.allow-stop && kill 1']);
});

test('only the live absence of the pod counts as stopped (F2)', () => {
  assert.equal(play(stop(passFor(bound), 'forced'), [[`get ${POD}`, absent]]).verdict, done);
  const cached = passFor(bound, { world: [live()] });
  assert.equal(playStep(stopPod(() => 'forced')(cached), [[`get ${POD}`, absent]]).verdict, done);
});

test('F4: another one’s pod of that name is not ours to stop', () => {
  const foreign = podFor(bound, { metadata: { ownerReferences: [] } });
  assert.equal(
    play(stop(passFor(bound, { world: [foreign] }), 'forced'), [[`get ${POD}`, did(foreign)]]).verdict,
    done,
  );
});

test('spec 04 §12.4: a pod that is still there after a minute, on a node without its drivers, gets them: it cannot end before', () => {
  const given = (seconds: number, drivers: string | undefined) => {
    const asked = new Date(SIM_START_WALL_MS - seconds * 1_000 + 31_536_000_000).toISOString();
    const pod = podFor(bound, { metadata: { deletionTimestamp: asked, deletionGracePeriodSeconds: 31_536_000 } });
    const world = [pod, nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': drivers } })];
    const lines: Line[] = [
      [`get ${POD}`, did(pod)],
      ['exec AllowForceStop', ok()],
      ['exec WekaLocalStop', exit(1)],
    ];
    return { script: stop(passFor(bound, { world }), 'forced'), lines };
  };
  const late = given(61, undefined);
  play(late.script, [...late.lines, ['node loadDrivers', { kind: 'pending', delayMs: 1_000, reason: 'x' }]]);
  const early = given(59, undefined);
  play(early.script, early.lines);
  const served = given(61, `${IMAGE}:boot-1`);
  play(served.script, served.lines);
});

test('spec 03 §15 no. 1: nobody took the instruction: again after 3 s; one did: the insurance is enough', () => {
  const { verdict } = play(stop(passFor(bound, { world: [live()] }), 'forced'), [
    [`get ${POD}`, did(terminating())],
    ['exec AllowForceStop', exit(1, 'x')],
    ['exec WekaLocalStop', exit(1)],
  ]);
  assert.equal(verdict, UNTOLD);
});

test('spec 03 §17 #28: cri-o: the file alone, no exec into the terminating pod', () => {
  const world = [live(), agentOn(NODE), nodeOf(NODE, { runtime: 'cri-o://1.28' })];
  const { calls, verdict } = play(stop(passFor(bound, { world }), 'forced'), [
    [`get ${POD}`, did(terminating())],
    ['exec StopInstructionsViaAgent', ok()],
  ]);
  const text = argvOf(calls, 'StopInstructionsViaAgent')[2] ?? '';
  assert.match(text, '/host-binds/shared/containers/uid-compute/instructions/pod-of-uid-compute/boot-1');
  const json = Buffer.from(/echo '([A-Za-z0-9+/=]+)'/.exec(text)?.[1] ?? '', 'base64').toString();
  assert.equal(JSON.parse(json), { allow_stop: false, allow_force_stop: true });
  assert.equal(verdict, TOLD);
});

test('spec 03 §17 #29: a node that is not ready: pod delete, no exec in the pod', () => {
  const world = [live(), nodeOf(NODE, { ready: false })];
  const { verdict } = play(stop(passFor(bound, { world }), 'forced'), [
    [`get ${POD}`, did(live())],
    [`delete ${POD}`, did(terminating())],
  ]);
  assert.equal(verdict, UNTOLD);
});

test('an unknown node: the flag is tried, the local stop is not', () => {
  const { verdict } = play(stop(passFor(bound, { world: [live()], without: [nodeOf()] }), 'forced'), [
    [`get ${POD}`, did(terminating())],
    ['exec AllowForceStop', ok()],
  ]);
  assert.equal(verdict, TOLD);
});

test('spec 03 §17 #60, F39: without a record of this boot the file is left out and nothing waits for it', () => {
  const stale = nodeOf(NODE, { boot: 'boot-2', runtime: 'cri-o://1.28' });
  const { verdict } = play(stop(passFor(bound, { world: [live(), agentOn(NODE), stale] }), 'forced'), [
    [`get ${POD}`, did(terminating())],
  ]);
  assert.equal(verdict, UNTOLD);
});

test('an agent of another image is not used', () => {
  const world = [live(), agentOn(NODE, 'other'), nodeOf(NODE, { runtime: 'cri-o://1.28' })];
  play(stop(passFor(bound, { world }), 'forced'), [[`get ${POD}`, did(terminating())]]);
});

test('modes without an agent get no local stop', () => {
  const client = containerOf('client', { status: { nodeAffinity: NODE } });
  const pod = podFor(client, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  play(stop(passFor(client, { world: [pod] }), 'forced'), [
    ['get pods/weka/client', did(pod)],
    ['exec AllowForceStop', ok()],
  ]);
});

test('an unreadable or undeletable pod is an error', () => {
  const broken = { kind: 'transport', cause: 'down' };
  assert.is(play(stop(passFor(bound), 'forced'), [[`get ${POD}`, broken]]).verdict.kind, 'failed');
  const { verdict } = play(stop(passFor(bound), 'forced'), [
    [`get ${POD}`, did(live())],
    [`delete ${POD}`, conflict],
  ]);
  assert.equal(verdict, failed('failed to delete the pod: the object has been modified'));
});

test('F8: forced only for one that never joined and was never seen', () => {
  const force = (status: object) => gracefulUnlessNeverSeen(passFor(containerOf('compute', { status })));
  assert.equal(
    [force({}), force({ internalStatus: '' }), force({ internalStatus: 'STEM' }), force({ containerID: 0 })],
    ['forced', 'forced', 'graceful', 'graceful'],
  );
});

test.run();
