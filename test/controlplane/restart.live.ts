/**
 * A controller that begins where another one has ended: a thousand Running containers on a real API server are taken up again
 * without one write, and no pod changes. Source: README I9, design 8; spec 08, 9.3.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lastLines } from '../../deploy/sandbox/demo/controller-process.ts';
import { controllerEnvironment, freeAddresses } from '../../deploy/sandbox/demo/environment.ts';
import { systemClock } from '../../io/clock.ts';
import type { ContainerMode, WekaContainer } from '../../messages/weka-container.ts';
import { shouldJoinCluster } from '../../messages/weka-modes.ts';
import { OPERATOR_NAMESPACE } from '../support/containers.ts';
import { askedText, isOfLeaderLease, isWrite, readAudit } from './audit.ts';
import { type OwnCluster, ownCluster } from './cluster.ts';
import { type Replica, startReplica } from './replicas.ts';
import { type SettledFleet, settledFleet } from './settled-fleet.ts';
import { pause, seconds, until } from './waiting.ts';

const COUNT = 1_000;
/** Those that need neither neighbours nor groups, which a fleet without a history has not; a builder has no pod. */
const MODES = ['drive', 'compute', 'client', 's3', 'data-services', 'ssdproxy', 'drivers-dist'] as const;
const USER = 'controller';
const PASS_MS_MAX = 3 * 60_000;
/** From the whole pass on. Not longer: figures that do not move are written when they are over two minutes old (I9). */
const WATCHED_MS = 30_000;
const GRACE_MS = 15_000;

interface Context {
  readonly cluster: OwnCluster;
  readonly fleet: SettledFleet;
}
const live = suite<{ here: Context }>('restart');

live.before(async (context) => {
  const cluster = await ownCluster({ users: { [USER]: ['system:masters'] }, audited: [USER] });
  const fromMs = systemClock.monotonicMs();
  const fleet = await settledFleet(cluster.kubeconfig, COUNT, MODES);
  process.stdout.write(`the scene was set in ${seconds(systemClock.monotonicMs() - fromMs)}\n`);
  context.here = { cluster, fleet };
});
live.after(async ({ here }) => {
  await here.fleet.close();
  await here.cluster.close();
});

live(`a restart over ${COUNT} Running containers writes nothing and changes nothing`, async ({ here }) => {
  const { cluster, fleet } = here;
  await fleet.tellFigures();
  const versions = await fleet.versions();
  const replica = await replicaOf(cluster);
  try {
    const tookMs = await wholePass(fleet, replica);
    await pause(WATCHED_MS);
    const asked = readAudit(cluster.folder);
    process.stdout.write(
      `each of ${COUNT} containers had its first whole pass ${seconds(tookMs)} after the start of the process; ` +
        `in that time and ${seconds(WATCHED_MS)} more: ${askedText(asked)}\n`,
    );
    const writes = asked.filter((each) => isWrite(each) && !isOfLeaderLease(each));
    assert.equal(
      writes.map(({ verb, uri }) => `${verb} ${uri}`),
      [],
    );
    const after = await fleet.versions();
    assert.is(after.size, versions.size);
    assert.equal(
      [...versions].filter(([name, version]) => after.get(name) !== version),
      [],
    );
    assert.is(replica.end(), undefined);
  } finally {
    await replica.process.stop(GRACE_MS);
  }
});

/** Resolves with how long after now each container with a pod had been asked the last thing that a pass of one at rest asks. */
async function wholePass({ containers, commands }: SettledFleet, { log, end }: Replica): Promise<number> {
  const isThrough = ({ metadata, spec }: WekaContainer): boolean =>
    commands.get(metadata.name)?.some((command) => command.includes(lastOf(spec.mode))) === true;
  const late = (): readonly WekaContainer[] => containers.filter((one) => !isThrough(one));
  return until(
    () => end() !== undefined || late().length === 0,
    PASS_MS_MAX,
    () =>
      [
        ...late().map(({ metadata: { name } }) => `${name}: ${commands.get(name)?.join('; ')}`),
        ...lastLines(log, 10),
      ].join('\n'),
  );
}
/** Members prove who they are, after all else; the others say that their process runs. */
const lastOf = (mode: ContainerMode): string => (shouldJoinCluster(mode) ? 'container-get-identity' : 'weka local ps');

async function replicaOf(cluster: OwnCluster): Promise<Replica> {
  const addresses = await freeAddresses();
  const kubeconfig = await cluster.kubeconfigOf(USER);
  const env = {
    ...controllerEnvironment(kubeconfig, OPERATOR_NAMESPACE, addresses),
    ENABLE_LEADER_ELECTION: 'true', // As deployed. Its lease has been given back.
  };
  const { folder } = cluster;
  return startReplica({
    name: USER,
    namespace: OPERATOR_NAMESPACE,
    address: addresses.health,
    env,
    kubeconfig,
    folder,
  });
}

live.run();
