/** Replicas as shards of a ring: what one serves nobody else touches, what is chosen on a node is chosen once, whoever goes. Source: design.md 8; I8. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTAINERS, PODS, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { random } from '../support/seeded.ts';
import { createRing, type Ring, type ShardProcess } from './ring.ts';
import { isUp, MINUTE_MS, UP_MS_MAX } from './scene.ts';

const shards = suite('shards');
const SECOND = { name: 'second', drive: 5, compute: 5, numDrives: 1 };
const ORDERED = 22;

/** Two clusters on six nodes: on each of them containers of several shards choose drives and ports. */
function ringOf(seed: string): Ring {
  const ring = createRing({ seed, nodes: 6, drive: 6, compute: 6 });
  ring.scene.world.addCluster(SECOND);
  return ring;
}
const all = ({ scene }: Ring): readonly WekaContainer[] => scene.world.store.all<WekaContainer>(CONTAINERS);
async function up(ring: Ring): Promise<void> {
  const { scene } = ring;
  const holds = (): boolean => {
    ring.look();
    return scene.own().length === ORDERED && scene.own().every(isUp);
  };
  assert.type(await scene.until(holds, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
}
async function gone(ring: Ring): Promise<void> {
  for (const name of ['demo', 'second']) ring.scene.world.deleteCluster(name);
  const empty = (): boolean => {
    ring.look();
    return all(ring).length === 0;
  };
  assert.type(await ring.scene.until(empty, 60 * MINUTE_MS), 'number', names(ring));
}
async function lookFor(ring: Ring, durationMs: number): Promise<void> {
  const never = (): boolean => {
    ring.look();
    return false;
  };
  await ring.scene.until(never, durationMs);
}
const names = (ring: Ring): string =>
  all(ring)
    .map(({ metadata }) => metadata.name)
    .join();
function fine(ring: Ring): void {
  assert.equal(ring.trespasses, []);
  assert.is(ring.scene.world.oracle.violations.length, 0, ring.scene.world.oracle.text());
  ring.end();
}

shards('three shards bring two clusters up and take them away: each has a part, nothing is served by two', async () => {
  const ring = ringOf('three');
  for (const name of ['a', 'b', 'c']) ring.start(name);
  await up(ring);
  const shares = ring.shares();
  for (const name of ['a', 'b', 'c']) assert.ok((shares[name] ?? 0) > 0, JSON.stringify(shares));
  await gone(ring);
  fine(ring);
});

shards('one is killed, one retires: the third takes over, nothing is lost, forgotten or done twice', async () => {
  const ring = ringOf('killed');
  const [a, b] = ['a', 'b', 'c'].map((name) => ring.start(name));
  assert.ok(a && b);
  // In the middle of the start: some have their drives, none is up.
  const midway = () => ring.scene.own().some(({ status }) => status?.allocations !== undefined);
  assert.type(await ring.scene.until(midway, UP_MS_MAX), 'number');
  a.kill();
  ring.sharder.retire('b');
  await up(ring);
  assert.equal(Object.keys(ring.shares()), ['c']);
  assert.is(b.controller.fleet.counts().containers, 0, 'it was drained: it lives and has nothing left');
  assert.ok(b.election.holds());
  await gone(ring);
  fine(ring);
});

for (const mute of [false, true])
  shards(
    `spec 08 §11 #47: allocators whose watches are seconds behind choose nothing that another one has chosen meanwhile${mute ? ', also beside one that leaves no word of it' : ''}`,
    async () => {
      const ring = ringOf(`behind ${mute}`);
      for (const [name, behindMs] of Object.entries({ a: 0, b: 2_000, c: 6_000 }))
        ring.start(name, { behindMs, mute: mute && name === 'a' });
      await up(ring);
      fine(ring);
    },
  );

shards('hosts of a role are removed a minute apart, whichever shards do it', async () => {
  const removedAtMs = new Map<string, number[]>();
  const ring = createRing(
    { seed: 'paced', nodes: 6, drive: 6, compute: 6, env: { REMOVAL_THROTTLING_ENABLED: 'true' } },
    (argv) => {
      const [, , kind, verb, id = ''] = argv;
      if (kind !== 'container' || verb !== 'remove') return;
      const role = ring.scene.own().find(({ status }) => String(status?.containerID) === id)?.spec.mode ?? '';
      const before = removedAtMs.get(role) ?? [];
      removedAtMs.set(role, [...before, ring.scene.clock.monotonicMs()]);
    },
  );
  for (const name of ['a', 'b', 'c']) ring.start(name);
  assert.type(await ring.scene.until(ring.scene.allUp, 3 * UP_MS_MAX), 'number', ring.scene.notUp().join('\n'));
  for (const { metadata } of ring.scene
    .own()
    .filter(({ spec }) => spec.mode === 'compute')
    .slice(0, 3))
    ring.scene.world.store.request({
      verb: 'mergePatch',
      ref: refOf(CONTAINERS, metadata),
      patch: { spec: { state: 'deleting' } },
    });
  const few = () => (removedAtMs.get('compute') ?? []).length === 3;
  assert.type(await ring.scene.until(few, 15 * MINUTE_MS), 'number', ring.scene.notUp().join('\n'));
  const times = removedAtMs.get('compute') ?? [];
  const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  assert.ok(
    gaps.every((gapMs) => gapMs >= MINUTE_MS),
    gaps.join(),
  );
  fine(ring);
});

shards('a shard that comes while all runs is given its part; no pod is touched', async () => {
  const ring = ringOf('comes');
  ring.start('a');
  await up(ring);
  const pods = () =>
    ring.scene.world.store.all(PODS).map(({ metadata: { uid, labels } }) => JSON.stringify([uid, labels]));
  const before = pods();
  assert.not.ok(
    before.some((text) => text.includes('sharding')),
    'no pod inherits the labels',
  );
  ring.start('b');
  const shared = () => (ring.shares().b ?? 0) > 4;
  assert.type(await ring.scene.until(shared, 5 * MINUTE_MS), 'number', JSON.stringify(ring.shares()));
  await ring.scene.forMs(2 * MINUTE_MS);
  ring.look();
  assert.ok(ring.scene.own().every(isUp), ring.scene.notUp().join('\n'));
  assert.equal(pods(), before);
  fine(ring);
});

for (const seed of [1, 2, 3, 4, 5, 6])
  shards(`seed ${seed}: shards come, go and die at random while a fleet comes up and goes`, async () => {
    const ring = ringOf(`random ${seed}`);
    const { scene } = ring;
    const chance = random(`shards/${seed}`);
    const alive: ShardProcess[] = [ring.start('s0')];
    let started = 1;
    /** Whatever happens next, somebody is left to go on. */
    const disturb = (): void => {
      const what = chance();
      const victim = alive[Math.floor(chance() * alive.length)];
      if (what < 0.5 || alive.length < 2 || victim === undefined) {
        alive.push(ring.start(`s${started}`));
        started += 1;
        return;
      }
      alive.splice(alive.indexOf(victim), 1);
      if (what < 0.8) victim.kill();
      else ring.sharder.retire(victim.name);
    };
    for (let round = 0; round < 6; round += 1) {
      await lookFor(ring, 5_000 + chance() * 25_000);
      disturb();
    }
    await up(ring);
    disturb();
    for (const name of ['demo', 'second']) scene.world.deleteCluster(name);
    for (let round = 0; round < 3; round += 1) {
      await lookFor(ring, 5_000 + chance() * 25_000);
      disturb();
    }
    await gone(ring);
    fine(ring);
  });

shards.run();
