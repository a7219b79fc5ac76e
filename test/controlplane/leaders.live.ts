/**
 * Two controllers on one fleet, and the leader lost again and again while it comes up and goes: killed, or frozen for half a
 * minute. The other one takes over, everything comes to its end, and nobody is at work twice. Source: spec 08, 11 no. 34, 35; I8.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lastLines } from '../../deploy/sandbox/demo/controller-process.ts';
import { controllerEnvironment, freeAddresses } from '../../deploy/sandbox/demo/environment.ts';
import { rfc3339Micro, systemClock } from '../../io/clock.ts';
import { random } from '../support/seeded.ts';
import { type Asked, readAudit } from './audit.ts';
import { type OwnCluster, ownCluster } from './cluster.ts';
import { type FleetStory, OPERATOR_NAMESPACE, openStory } from './fleet-story.ts';
import { hasSaid, type Replica, startReplica, untilReady } from './replicas.ts';
import { outOfTerm, termsOf, workOf } from './terms.ts';
import { pause, seconds, spread, until } from './waiting.ts';

const LOSSES = 20;
/** Each so many-th is frozen, not killed. */
const FROZEN_EACH = 6;
const FROZEN_MS = 30_000;
/** What was sent before may still be under way. */
const FLIGHT_MS = 1_000;
const GONE_MS_MAX = 10_000;
/** How long a leader works before it is lost. */
const WORKS_MS = { least: 1_000, most: 5_000 };
/** Duration of the lease and a retry are 17 s, with jitter. */
const TAKE_OVER_MS_MAX = 25_000;
const PHASE_MS_MAX = 12 * 60_000;
const ELECTED = '"elected"';
const LOST = '"leadership lost"';
const FLEET = { demo: 'mixed', nodes: 14, drive: 6, compute: 6, numDrives: 1, clients: 2 } as const;

interface Loss {
  readonly user: string;
  readonly act: string;
  readonly how: 'killed' | 'frozen';
  /** RFC 3339 with microseconds. */
  readonly at: string;
}

const users = Array.from({ length: LOSSES + 2 }, (_none, index) => `replica-${index + 1}`);
const live = suite<{ cluster: OwnCluster }>('leaders');

live.before(async (context) => {
  const administrators = Object.fromEntries(users.map((user) => [user, ['system:masters']]));
  context.cluster = await ownCluster({ users: administrators, audited: users });
});
live.after(({ cluster }) => cluster.close());

live(`spec 08 §11 #34, #35, a fleet: ${LOSSES} leaders are lost while it comes and goes`, async ({ cluster }) => {
  const replicas: Replica[] = [];
  const running = (): readonly Replica[] => replicas.filter(({ end }) => end() === undefined);
  const more = (): string =>
    running()
      .map(({ log }) => lastLines(log, 5).join('\n'))
      .join('\n\n');
  const story = await openStory(cluster, { ...FLEET, phaseMsMax: PHASE_MS_MAX, more });
  try {
    const add = async (): Promise<void> => {
      replicas.push(await replicaOf(cluster, users[replicas.length] ?? 'nobody'));
    };
    await add();
    await add();
    const losses = await livesWithLosses(story, replicas, add);
    story.judge();
    await Promise.all(running().map(({ process }) => process.stop(GONE_MS_MAX)));
    judgeTerms(cluster, losses);
  } finally {
    await Promise.all(running().map(({ process }) => process.stop(GONE_MS_MAX)));
    await story.close();
  }
});

/** Comes up and goes, again until enough leaders were lost. */
async function livesWithLosses(
  story: FleetStory,
  replicas: readonly Replica[],
  add: () => Promise<void>,
): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  const times: string[] = [];
  let act = '';
  let over = false;
  const lives = async (): Promise<void> => {
    while (losses.length < LOSSES) {
      for (const name of ['prepare', 'start', 'end'] as const) {
        act = name;
        times.push(`${name} ${seconds(await story[name]())}`);
      }
    }
  };
  const lose = async (): Promise<void> => {
    const chance = random('leaders');
    while (losses.length < LOSSES && !over) {
      const leader = await nextLeader(replicas);
      await pause(WORKS_MS.least + chance() * (WORKS_MS.most - WORKS_MS.least));
      if (over) return;
      const how = (losses.length + 1) % FROZEN_EACH === 0 ? 'frozen' : 'killed';
      losses.push({ user: leader.name, act, how, at: rfc3339Micro(systemClock.wallMs()) });
      await (how === 'killed' ? kill(leader) : freeze(leader));
      await add();
    }
  };
  const finish = (): void => {
    over = true;
  };
  await Promise.all([lives().finally(finish), lose()]);
  process.stdout.write(`${times.join(', ')}\n`);
  return losses;
}

async function kill({ process }: Replica): Promise<void> {
  process.kill();
  await process.ended;
}

/** Long enough for the other one to be at work. It must see by itself that its time is over. */
async function freeze({ process, log, end }: Replica): Promise<void> {
  process.freeze();
  await pause(FROZEN_MS);
  assert.is(end(), undefined);
  process.thaw();
  await until(
    () => end() !== undefined,
    GONE_MS_MAX,
    () => lastLines(log, 10).join('\n'),
  );
  assert.is(end(), 'exit code 1');
  assert.match(lastLines(log, 5).join('\n'), LOST);
}

async function nextLeader(replicas: readonly Replica[]): Promise<Replica> {
  const leader = (): Replica | undefined =>
    replicas.findLast((one) => one.end() === undefined && hasSaid(one, ELECTED));
  await until(
    () => leader() !== undefined,
    TAKE_OVER_MS_MAX,
    () => 'nobody leads',
  );
  return leader() as Replica; // Waited for.
}

function judgeTerms({ folder }: OwnCluster, losses: readonly Loss[]): void {
  const asked = readAudit(folder);
  const terms = termsOf(asked);
  const work = workOf(asked);
  assert.is(losses.length, LOSSES);
  assert.is(terms.length, LOSSES + 1, 'each loss is followed by one take-over');
  assert.equal(outOfTerm(asked).map(textOf), []);
  const since = (from: string, to: string | undefined): number => Date.parse(to ?? '') - Date.parse(from);
  const takeOvers = losses.map(({ user, at }) => {
    const after = terms.findIndex((term) => term.user === user) + 1;
    const next = terms[after];
    const first = work.find(({ receivedAt }) => receivedAt > (next?.from ?? ''));
    return { elected: since(at, next?.from), atWork: since(at, first?.receivedAt) };
  });
  // Reads may go on, and an attempt to renew is refused: it would be a term more.
  const late = losses
    .filter(({ how }) => how === 'frozen')
    .flatMap(({ user, at }) => work.filter((each) => each.user === user && each.receivedAt > later(at, FLIGHT_MS)));
  assert.equal(late.map(textOf), [], 'nothing of a frozen one arrives later');
  const inAct = ['prepare', 'start', 'end'].map(
    (act) => `${losses.filter((loss) => loss.act === act).length} in ${act}`,
  );
  const lines = [
    `${LOSSES} leaders lost (${losses.filter(({ how }) => how === 'frozen').length} frozen): ${inAct.join(', ')}`,
    `the next one leads after: ${spread(takeOvers.map(({ elected }) => elected))}`,
    `its first write or command after: ${spread(takeOvers.map(({ atWork }) => atWork))}`,
    `${work.length} writes and commands in ${terms.length} terms, none out of term`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  for (const { elected } of takeOvers) assert.ok(elected > 0 && elected < TAKE_OVER_MS_MAX, `${elected} ms`);
}

const textOf = ({ user, verb, uri }: Asked): string => `${user} ${verb} ${uri}`;
const later = (at: string, ms: number): string => rfc3339Micro(Date.parse(at) + ms);

async function replicaOf(cluster: OwnCluster, name: string): Promise<Replica> {
  const addresses = await freeAddresses();
  const kubeconfig = await cluster.kubeconfigOf(name);
  const env = {
    ...controllerEnvironment(kubeconfig, OPERATOR_NAMESPACE, addresses),
    ENABLE_LEADER_ELECTION: 'true',
  };
  const replica = startReplica({
    name,
    namespace: OPERATOR_NAMESPACE,
    address: addresses.health,
    env,
    kubeconfig,
    folder: cluster.folder,
  });
  await untilReady(replica);
  return replica;
}

live.run();
