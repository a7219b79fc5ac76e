/**
 * Three controllers as shards of a ring on one live fleet, with a stand-in of the sharder: one is killed and one drained while it
 * comes up, the killed one comes back, everything goes. Nothing is served by two. Source: design.md 8; spec 08, 11 no. 47; I8.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lastLines } from '../../deploy/sandbox/demo/controller-process.ts';
import { controllerEnvironment, freeAddresses } from '../../deploy/sandbox/demo/environment.ts';
import { systemClock } from '../../io/clock.ts';
import { startSharder } from '../support/sharder.ts';
import { readAudit } from './audit.ts';
import { clientOf } from './client.ts';
import { type OwnCluster, ownCluster } from './cluster.ts';
import { OPERATOR_NAMESPACE, openStory } from './fleet-story.ts';
import { type Replica, startReplica, untilReady } from './replicas.ts';
import { outOfTurn, servantsOf } from './served.ts';
import { pause, seconds, until } from './waiting.ts';

const RING = 'weka-containers';
const NAMES = ['shard-a', 'shard-b', 'shard-c'] as const;
const FLEET = { demo: 'mixed', nodes: 14, drive: 6, compute: 6, numDrives: 1, clients: 2 } as const;
/** So long after the order: in the middle of the start. */
const [KILLED_MS, DRAINED_MS] = [5_000, 10_000];
const GONE_MS_MAX = 10_000;
const DRAIN_MS_MAX = 60_000;
const PHASE_MS_MAX = 6 * 60_000;

interface Shard extends Replica {
  /** Of its figures. */
  readonly metrics: string;
}
const live = suite<{ cluster: OwnCluster }>('shards');

live.before(async (context) => {
  const users = Object.fromEntries(NAMES.map((user) => [user, ['system:masters']]));
  context.cluster = await ownCluster({ users, audited: NAMES });
});
live.after(({ cluster }) => cluster.close());

live('three shards: one is killed, one drained, one comes back; nothing is served by two', async ({ cluster }) => {
  const running: Shard[] = [];
  const more = (): string => running.map(({ log }) => lastLines(log, 5).join('\n')).join('\n\n');
  const story = await openStory(cluster, { ...FLEET, phaseMsMax: PHASE_MS_MAX, more });
  const client = await clientOf(cluster.kubeconfig);
  const sharder = startSharder({ api: client.kube, ring: RING, namespace: OPERATOR_NAMESPACE, clock: systemClock });
  const start = async (name: string): Promise<Shard> => {
    const shard = await shardOf(cluster, name);
    running.push(shard);
    return shard;
  };
  try {
    const [a, b, c] = [await start('shard-a'), await start('shard-b'), await start('shard-c')];
    const preparedMs = await story.prepare();
    const disturbed = (async () => {
      await pause(KILLED_MS);
      a.process.kill();
      await a.process.ended;
      await pause(DRAINED_MS - KILLED_MS);
      sharder.retire('shard-b');
    })();
    const startedMs = await story.start();
    await disturbed;
    const total = story.containers().length;
    const servedBy = async (shard: Shard, count: (served: number) => boolean): Promise<number> => {
      let served = Number.NaN;
      const holds = async (): Promise<boolean> => {
        served = await containersOf(shard);
        return count(served);
      };
      return until(holds, DRAIN_MS_MAX, () => `${shard.name} serves ${served} of ${total}\n${more()}`);
    };
    await servedBy(b, (served) => served === 0);
    await servedBy(c, (served) => served === total);
    assert.is(b.end(), undefined, 'it lives');
    const back = await start('shard-a');
    sharder.readmit('shard-b');
    const sharedMs = await servedBy(back, (served) => served > 0);
    await servedBy(b, (served) => served > 0);
    const endedMs = await story.end();
    story.judge();
    const servants = servantsOf(readAudit(cluster.folder));
    assert.equal(outOfTurn(servants, sharder.given()), []);
    const moved = [...servants.values()].filter((users) => users.length > 1).length;
    assert.ok(servants.size >= total && moved > 0);
    process.stdout.write(
      `prepared ${seconds(preparedMs)}, all Running ${seconds(startedMs)}, first containers of the one that came back ` +
        `${seconds(sharedMs)}, all gone ${seconds(endedMs)}; ${servants.size} containers served, ${moved} of them by several shards in turn\n`,
    );
  } finally {
    sharder.stop();
    await Promise.all(running.map(({ process }) => process.stop(GONE_MS_MAX)));
    await story.close();
    await client.close();
  }
});

/** Of its own figures. */
async function containersOf({ metrics }: Shard): Promise<number> {
  const text = await fetch(`http://${metrics}/metrics`).then((answer) => answer.text());
  const lines = text.split('\n').filter((line) => line.startsWith('wekacontainer_containers{'));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

async function shardOf({ kubeconfigOf, folder }: OwnCluster, name: string): Promise<Shard> {
  const addresses = await freeAddresses();
  const kubeconfig = await kubeconfigOf(name);
  const env = { ...controllerEnvironment(kubeconfig, OPERATOR_NAMESPACE, addresses), CONTROLLER_RING: RING };
  const { health: address, metrics } = addresses;
  const replica = startReplica({ name, namespace: OPERATOR_NAMESPACE, address, env, kubeconfig, folder });
  await untilReady(replica);
  return { ...replica, metrics };
}

live.run();
