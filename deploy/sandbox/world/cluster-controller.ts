/**
 * Stand-in for the sibling WekaCluster controller: makes the containers of a cluster, forms it by commands in their
 * pods, reports its state, takes all away again. Source: spec 01, 17 and 20; 03, 2; 05, 8.3; 07, 21.4.
 */

import { rfc3339 } from '../../../io/clock.ts';
import type { Random } from '../../../io/random.ts';
import { CLUSTERS, CONTAINERS, controllerOf, refOf } from '../../../messages/kube.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import type { Cache } from './cache.ts';
import { destroyCluster } from './cluster-destroyer.ts';
import {
  choosePorts,
  containerOf,
  FINALIZER,
  isCore,
  type OrderedTemplate,
  operatorSecretOf,
  ROLES,
  type Role,
} from './cluster-objects.ts';
import { advanceProtocols } from './cluster-protocols.ts';
import { type Command, formation, ioSteps, type Run, statusCommand } from './cluster-steps.ts';
import { endpointsOf, isTrue, type Turn } from './cluster-turn.ts';
import type { WorldContext } from './context.ts';
import type { ExecEnd, ModelledExec } from './exec.ts';
import type { Container } from './holders.ts';
import { draw } from './latency.ts';
import { secret } from './nodes.ts';
import { keyOf, withConditions } from './objects.ts';
import { nextOfCluster } from './upgrade-rounds.ts';
import { type Clusters, downOf } from './weka-clusters.ts';
import { write } from './write.ts';

/** Looks again at this pace even without an event. */
const PERIOD_MS = 5_000;
/** Containers created in one turn, so that a large cluster does not stop the world. */
const CREATED_COUNT_MAX = 50;
/** Before a cluster is formed; and how many of each role must be ready for it. */
const INITIAL_COUNT_MAX = 10;
const FORMING_COUNT_MIN = 5;
/** A container that joins later is told so many members, if there are as many. */
const MEMBERS_TOLD_MIN = 2;

export function startClusterController(
  ctx: WorldContext,
  clusters: Clusters,
  exec: ModelledExec,
  objects: Cache<WekaCluster>,
  containers: Cache<Container>,
): void {
  const random = ctx.random('cluster-controller');
  const membersOf = new Map<string, Map<string, Container>>();
  const scheduled = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  /** Clusters with commands under way. */
  const busy = new Set<string>();

  /** The earliest asked for counts. */
  const soon = (key: string, delayMs: number): void => {
    const atMs = ctx.clock.monotonicMs() + delayMs;
    const before = scheduled.get(key);
    if (before !== undefined && before.atMs <= atMs) return;
    before?.cancel();
    const cancel = ctx.clock.after(delayMs, () => {
      scheduled.delete(key);
      turn(key);
    });
    scheduled.set(key, { atMs, cancel });
  };
  const wake = (key: string): void => soon(key, draw(ctx.latency.sibling, random));

  objects.listen((after) => {
    if (after !== undefined) wake(keyOf(after));
  });
  containers.listen((after, before) => {
    const container = after ?? before;
    const owner = container === undefined ? undefined : controllerOf(container.metadata);
    if (container === undefined || owner?.kind !== 'WekaCluster') return;
    const members = membersOf.get(owner.uid) ?? new Map<string, Container>();
    membersOf.set(owner.uid, members);
    if (after === undefined) members.delete(container.metadata.name);
    else members.set(container.metadata.name, after);
    wake(`${container.metadata.namespace ?? ''}/${owner.name}`);
  });

  function turn(key: string): void {
    const cluster = objects.get(key);
    if (cluster === undefined) return;
    soon(key, PERIOD_MS);
    if (busy.has(key)) return;
    const ref = refOf(CLUSTERS, cluster.metadata);
    const patchStatus = (status: Readonly<Record<string, unknown>>): void => {
      write(ctx, 'weka-cluster-controller', { verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
    };
    const now: Turn = {
      ctx,
      clusters,
      cluster,
      members: [...(membersOf.get(cluster.metadata.uid)?.values() ?? [])],
      patchStatus,
      condition: (type) => {
        const done = [{ type, status: 'True', reason: 'Success', message: 'Completed successfully' }];
        patchStatus({
          conditions: withConditions(objects.get(key)?.status?.conditions, done, rfc3339(ctx.clock.wallMs())),
        });
      },
    };
    if (cluster.metadata.deletionTimestamp !== undefined) {
      destroyCluster(now);
      return;
    }
    if (!prepared(now, objects)) return;
    create(now, random);
    upgrade(now);
    advance(now, (commands, done) => {
      busy.add(key);
      sequence(exec, now, commands, (ended) => {
        busy.delete(key);
        done(ended);
        wake(key);
      });
    });
  }
}

/** Finalizer, Secrets, port range: what must be there before the first container. */
function prepared({ ctx, cluster, patchStatus }: Turn, objects: Cache<WekaCluster>): boolean {
  const ref = refOf(CLUSTERS, cluster.metadata);
  if (cluster.metadata.finalizers?.includes(FINALIZER) !== true) {
    const finalizers = [...(cluster.metadata.finalizers ?? []), FINALIZER];
    write(ctx, 'weka-cluster-controller', { verb: 'mergePatch', ref, patch: { metadata: { finalizers } } });
    return false;
  }
  if ((cluster.status?.ports?.basePort ?? 0) > 0) return true;
  const namespace = cluster.metadata.namespace ?? '';
  const token = { username: 'weka-operator', password: 'sandbox', org: 'Root', 'join-secret': 'sandbox-join' };
  secret(ctx, namespace, operatorSecretOf(cluster), token);
  secret(ctx, namespace, `weka-cluster-${cluster.metadata.name}`, { username: 'admin', password: 'sandbox' });
  const others = [...objects.all()].map(({ status }) => status?.ports ?? {});
  patchStatus({ status: 'Init', ports: choosePorts(cluster.spec?.ports, others) });
  return false;
}

/** An envoy to each s3. How many telemetry containers there are depends on exports that this model does not have. */
const wantedCount = (template: OrderedTemplate | undefined, role: Role): number =>
  ({
    drive: template?.driveContainers,
    compute: template?.computeContainers,
    s3: template?.s3Containers,
    nfs: template?.nfsContainers,
    'data-services': template?.dataServicesContainers,
    envoy: template?.s3Containers,
    telemetry: template?.telemetryContainers,
  })[role] ?? 0;
const ofRole = (members: readonly Container[], role: Role) => members.filter(({ spec }) => spec.mode === role);

function create({ ctx, cluster, members }: Turn, random: Random): void {
  const formed = isTrue(cluster, 'ClusterCreated');
  const join = formed ? joinIpPorts(members) : [];
  // The one member it was told might leave before it has joined.
  if (formed && join.length < Math.min(MEMBERS_TOLD_MIN, members.filter(({ spec }) => isCore(spec)).length)) return;
  let leftCount = CREATED_COUNT_MAX;
  // Those that serve protocols once there is something to serve: all members are in then, and each is told all their addresses.
  for (const role of isTrue(cluster, 'IoStarted') ? ROLES : (['drive', 'compute'] as const)) {
    const wanted = wantedCount(cluster.spec?.dynamicTemplate, role);
    const limit = formed ? wanted : Math.min(wanted, INITIAL_COUNT_MAX);
    for (let count = ofRole(members, role).length; count < limit && leftCount > 0; count++, leftCount--) {
      write(ctx, 'weka-cluster-controller', {
        verb: 'create',
        type: CONTAINERS,
        object: containerOf(cluster, role, join, random),
      });
    }
  }
}

/** One container further, if weka could lose it. */
function upgrade({ ctx, clusters, cluster, members }: Turn): void {
  const image = cluster.spec?.image ?? '';
  const weka = clusters.get(cluster.status?.clusterID ?? '');
  if (weka === undefined) return;
  weka.upgrading = members.some(({ spec }) => spec.image !== image) || (weka.upgrading && !members.every(runs(image)));
  const next = nextOfCluster(members, image, () => downOf(weka).length === 0);
  if (next === undefined) return;
  const ref = refOf(CONTAINERS, next.metadata);
  write(ctx, 'weka-cluster-controller', { verb: 'mergePatch', ref, patch: { spec: { image } } });
}
const runs =
  (image: string) =>
  ({ status }: Container): boolean =>
    status?.lastAppliedImage === image;

/** Of all Running members, at most 96. Source: spec 07, 6.2. */
function joinIpPorts(members: readonly Container[]): readonly string[] {
  const operational = members.filter(
    ({ spec, status }) =>
      isCore(spec) &&
      status?.status === 'Running' &&
      status.internalStatus === 'READY' &&
      status.containerID !== undefined,
  );
  return operational.flatMap(endpointsOf).slice(0, 96);
}

/** One stage further, if what it needs is there. */
function advance(now: Turn, run: Run): void {
  const { cluster, members, patchStatus, condition } = now;
  if (!isTrue(cluster, 'ClusterCreated')) {
    if (!readyToForm(now)) return;
    run(formation(now), (ended) => {
      if (ended === 'done') condition('ClusterCreated');
    });
    return;
  }
  const joined = members.find(({ status }) => (status?.clusterID ?? '') !== '');
  if (joined === undefined) return;
  if (cluster.status?.clusterID !== joined.status?.clusterID && cluster.status?.clusterID === undefined) {
    patchStatus({ clusterID: joined.status?.clusterID });
    return;
  }
  if (isTrue(cluster, 'IoStarted')) {
    advanceProtocols(now, run);
    return;
  }
  const drivesCount = ofRole(members, 'drive').reduce(
    (sum, { status }) =>
      sum + (status?.allocations?.drives?.length ?? 0) + (status?.allocations?.virtualDrives?.length ?? 0),
    0,
  );
  if (!members.every((member) => !isCore(member.spec) || isTrue(member, 'JoinedCluster'))) return;
  run([statusCommand(now)], (ended) => {
    if (ended === 'done' || ended.kind !== 'ok' || drivesTotal(ended.stdout) < drivesCount) return;
    run(ioSteps(now), (io) => {
      if (io !== 'done') return;
      condition('IoStarted');
      patchStatus({ status: 'Ready' });
    });
  });
}

const drivesTotal = (stdout: string): number =>
  (JSON.parse(stdout) as { drives?: { total?: number } }).drives?.total ?? 0; // J10, made by cli/forming.ts.

/** All created ones are Running, and enough of each role. */
function readyToForm({ cluster, members }: Turn): boolean {
  const ready = members.filter(
    ({ status }) => status?.status === 'Running' && endpointsOf({ status } as Container).length > 0,
  );
  return (['drive', 'compute'] as const).every((role) => {
    const wanted = Math.min(wantedCount(cluster.spec?.dynamicTemplate, role), INITIAL_COUNT_MAX);
    const [created, good] = [ofRole(members, role).length, ofRole(ready, role).length];
    return created === wanted && good >= Math.min(wanted, FORMING_COUNT_MIN) && good === created;
  });
}

/** One after the other; stops at the first that fails where it matters. A single read hands its answer on. */
function sequence(
  exec: ModelledExec,
  { cluster }: Turn,
  commands: readonly Command[],
  done: (ended: 'done' | ExecEnd) => void,
): void {
  const [first, ...rest] = commands;
  if (first === undefined) {
    done('done');
    return;
  }
  const target = { namespace: cluster.metadata.namespace ?? '', pod: first.pod, container: 'weka-container' };
  exec.begin({ target, argv: first.argv, timeoutMs: first.timeoutMs }, (outcome) => {
    const exists = outcome.kind === 'exit' && outcome.stderr.includes('already exists');
    if (outcome.kind !== 'ok' && !exists) done(outcome);
    else if (first.answer) done(outcome);
    else sequence(exec, { cluster } as Turn, rest, done);
  });
}
