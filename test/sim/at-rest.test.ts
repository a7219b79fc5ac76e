/** How little the controller asks of the API server: to bring a container up, and of one that is at rest. Source: README I2, I9. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LIMITS } from '../../deploy/sandbox/demo/summary.ts';
import { countWrites, isStatus, type Tally } from '../../deploy/sandbox/demo/write-count.ts';
import type { ObjectRequest } from '../../io/outside.ts';
import { mergePatch } from '../../messages/merge-patch.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';
import { settledFleet } from './settled.ts';

interface Sent {
  readonly atMs: number;
  readonly request: ObjectRequest;
}
/** A scene in which the writes that arrive at the store from the controller are counted by container. */
function countedScene(seed: string) {
  let counted: ReturnType<typeof countWrites> | undefined;
  const writes: Sent[] = [];
  const scene = createScene({
    seed,
    nodes: 7,
    drive: 6,
    compute: 6,
    outside: {
      kube: (api, { world, clock }) => {
        const count = countWrites(world.store);
        counted = count;
        return {
          ...api,
          request: async (request, signal) => {
            if (request.verb === 'get') return api.request(request, signal);
            writes.push({ atMs: clock.monotonicMs(), request });
            // As the mount without failures, but through the counting store.
            await new Promise<void>((resolve) => clock.after(10, resolve));
            const outcome = count.store.request(request);
            await new Promise<void>((resolve) => clock.after(10, resolve));
            return outcome;
          },
        };
      },
    },
  });
  if (counted === undefined) throw new Error('no counter');
  return { scene, counted, writes };
}
const sum = (tally: Tally, of: (kind: string) => boolean = () => true): number =>
  [...tally].reduce((total, [kind, count]) => (of(kind) ? total + count : total), 0);

for (const seed of ['writes-1', 'writes-2', 'writes-3']) {
  test(`${seed}: a container comes to Running with at most 10 writes, 5 of them status; a helper needs at most 8`, async () => {
    const { scene, counted } = countedScene(seed);
    scene.start();
    assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
    // What is behind the last status, helpers that go included.
    await scene.forMs(6 * MINUTE_MS);
    const all = counted.containers();
    assert.ok(all.filter(({ helper }) => helper).length >= 14, 'discovery and loader of each of 7 nodes');
    for (const { name, mode, helper, writes } of all) {
      const text = `${mode} ${name}: ${JSON.stringify(Object.entries(writes).map(([phase, tally]) => [phase, [...tally]]))}`;
      if (helper) {
        assert.ok(sum(writes.forming) + sum(writes.rest) + sum(writes.leaving) <= LIMITS.helper, text);
        continue;
      }
      assert.ok(sum(writes.forming) <= LIMITS.container, text);
      assert.ok(sum(writes.forming, isStatus) <= LIMITS.status, text);
    }
    scene.crash();
  });
}

test('a settled cluster for 30 minutes: stats each 4 minutes, local ps each 30 s, management IPs each 3 minutes, nothing else', async () => {
  const { scene, writes } = countedScene('rest');
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  await scene.forMs(10 * MINUTE_MS);
  const before = { execs: new Map(scene.world.exec.counts), writes: writes.length };
  await scene.forMs(30 * MINUTE_MS);

  const since = writes.slice(before.writes);
  assert.equal(
    since.filter((write) => figuresOf(write.request) === undefined).map(({ request }) => request),
    [],
  );
  for (const [name, figures] of figuresByContainer(since)) {
    assert.ok(figures.length >= 30 / 4, `${name}: ${figures.length} writes`);
    for (const [index, next] of figures.entries()) {
      const last = figures[index - 1];
      if (last === undefined) continue;
      const ageMs = next.atMs - last.atMs;
      assert.ok(ageMs < 4 * MINUTE_MS, `${name}: figures ${ageMs} ms old`);
      // A poll later it would have been too old.
      const old = ageMs > 4 * MINUTE_MS - 100_000;
      const moved = Math.abs(next.cpu - last.cpu) >= 5 || next.counts !== last.counts;
      assert.ok(old || moved, `${name}: written after ${ageMs} ms without a reason`);
    }
  }
  const execs = [...scene.world.exec.counts].flatMap(([name, count]) => {
    const made = count - (before.execs.get(name) ?? 0);
    return made === 0 ? [] : [[name, made] as const];
  });
  const siblings = new Set(['ClusterStatus']);
  const own = new Map(execs.filter(([name]) => !siblings.has(name)));
  assert.equal([...own.keys()].sort(), ['GetManagementIps', 'WekaLocalPs']);
  within(own.get('WekaLocalPs'), 12 * 60);
  within(own.get('GetManagementIps'), 12 * 10);
  scene.crash();
});

/** As many of each; `nfs`, `envoy` and the like need neighbours or groups that a fleet without a history has not. */
const MODES = [
  'drive',
  'compute',
  'client',
  's3',
  'data-services',
  'ssdproxy',
  'drivers-dist',
  'drivers-builder',
] as const;
const [COUNT, WARM_UP_MS, REST_MS] = [500, 6 * MINUTE_MS, 30 * MINUTE_MS];

// Nothing is asked that is not one container's own: ten thousand ask twenty times as much, whatever clusters and clients there are.
test('spec 01 §23 #50, 04 §17 #57, I9: 500 settled containers of eight modes for 30 minutes: their figures, local ps, management IPs; nothing else is read, listed or written', async () => {
  const fleet = settledFleet('rest', COUNT, MODES);
  await fleet.forMs(WARM_UP_MS);
  const [requestsBefore, execsBefore] = [fleet.requests.length, fleet.execs.length];
  await fleet.forMs(REST_MS);

  const requests = fleet.requests.slice(requestsBefore);
  const others = requests.filter(({ request }) => figuresOf(request) === undefined);
  assert.is(others.length, 0, JSON.stringify(others[0]));
  const written = figuresByContainer(requests);
  const ofMode = (...modes: readonly string[]) => fleet.containers.filter(({ spec }) => modes.includes(spec.mode));
  const figured = ofMode('drive', 'compute', 'client', 's3').map(({ metadata }) => metadata.name);
  assert.equal([...written.keys()].toSorted(), figured.toSorted());
  let forced = 0;
  for (const [name, figures] of written) {
    for (const [index, { atMs, cpu }] of figures.entries()) {
      const last = figures[index - 1];
      if (last === undefined) continue;
      assert.ok(atMs - last.atMs < 4 * MINUTE_MS, `${name}: figures ${atMs - last.atMs} ms old`);
      if (Math.abs(cpu - last.cpu) < 5) {
        forced += 1;
        assert.ok(atMs - last.atMs > 4 * MINUTE_MS - 100_000, `${name}: written without a reason`);
      }
    }
  }
  assert.ok(forced > 0, 'some are written for their age alone');

  const commands = fleet.execs.slice(execsBefore).map(({ request }) => request.argv.join(' '));
  const psCount = commands.filter((command) => command.includes('weka local ps')).length;
  const ipsCount = commands.filter((command) => command.includes('management_ips')).length;
  assert.is(
    psCount + ipsCount,
    commands.length,
    `something else: ${commands.find((command) => !/local ps|management_ips/.test(command))}`,
  );
  within(psCount, (COUNT - ofMode('drivers-builder').length) * 60);
  within(ipsCount, ofMode('drive', 'compute', 'client', 's3', 'data-services').length * 10);
  assert.is(fleet.controller.system.counts.crashes, 0);
});

interface Figures {
  readonly atMs: number;
  readonly cpu: number;
  readonly counts: string;
}
interface Stats {
  readonly cpuUtilization?: string;
  readonly processes?: unknown;
  readonly drives?: unknown;
}
/** What a write says of figures; undefined for one that says anything else. */
function figuresOf(request: ObjectRequest): Stats | undefined {
  if (request.verb !== 'mergePatch' || request.subresource !== 'status') return undefined;
  const { status = {} } = request.patch as { status?: { stats?: Stats } };
  return Object.keys(status).every((key) => key === 'stats' || key === 'printer') ? status.stats : undefined;
}
function figuresByContainer(writes: readonly Sent[]): ReadonlyMap<string, readonly Figures[]> {
  const byName = new Map<string, Figures[]>();
  const known = new Map<string, Stats>();
  for (const { atMs, request } of writes) {
    if (!('ref' in request)) continue;
    const { name } = request.ref;
    const before = known.get(name);
    const stats = mergePatch(before ?? {}, figuresOf(request)) as Stats;
    known.set(name, stats);
    const counts = JSON.stringify([stats.processes, stats.drives]);
    const list = byName.get(name) ?? [];
    byName.set(name, [...list, { atMs, cpu: Number(stats.cpuUtilization), counts }]);
  }
  return byName;
}
/** Jitter of a tenth either way. */
function within(count: number | undefined, expected: number): void {
  assert.ok(count !== undefined && Math.abs(count - expected) <= expected * 0.15, `${count} instead of ${expected}`);
}

test.run();
