/**
 * One seeded life of a modelled fleet under the real controller, in memory and on a virtual clock: a cluster is ordered,
 * comes to Running, is deleted, is gone. Everything random comes from the seed, so a life can be lived again.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import type { TraceRecord } from '../../actors/trace.ts';
import { memoryMount } from '../../deploy/sandbox/world/mount.ts';
import type { Violation } from '../../deploy/sandbox/world/oracle.ts';
import { createWorld, DEPLOYMENT_NAME, MAINTENANCE_ACCOUNT, OPERATOR_IMAGE } from '../../deploy/sandbox/world/world.ts';
import { countingKube, type TallyRow, tally } from '../../io/counting-kube.ts';
import { noLog } from '../../io/log.ts';
import { CONTAINERS, JOBS, PODS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { type ControllerOptions, createController } from '../../supervisors/controller.ts';
import { testConfig } from '../support/config.ts';
import { random } from '../support/seeded.ts';
import { simClock } from '../support/sim-clock.ts';

export interface LifeOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly drive: number;
  readonly compute: number;
  /** Share of calls that fail, 0 to 1. */
  readonly failShare: number;
  /** Virtual; a phase that takes longer has not converged. */
  readonly phaseMsMax?: number;
  /** Other tables, other traces: for tests that break something on purpose. */
  readonly controller?: Partial<ControllerOptions>;
  readonly onTrace?: (line: string) => void;
  /** Ends after the first phase. */
  readonly onlyUp?: boolean;
}
export interface Life {
  readonly converged: boolean;
  /** Empty when it converged: what is not where it should be, one line each. */
  readonly stuck: readonly string[];
  readonly violations: readonly Violation[];
  /** SHA-256 over all trace lines. */
  readonly traceHash: string;
  readonly traceLines: number;
  readonly upMs: number;
  readonly goneMs: number;
  /** Requests from the start to Running. */
  readonly requests: readonly TallyRow[];
  readonly crashes: number;
}

const PHASE_MS_MAX = 3 * 60 * 60_000;
const CRDS = readCrds();

function readCrds(): readonly unknown[] {
  const folder = new URL('../../deploy/crds/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => load(readFileSync(new URL(name, folder), 'utf8')));
}

export async function live(options: LifeOptions): Promise<Life> {
  const { seed, nodes, drive, compute, failShare, phaseMsMax = PHASE_MS_MAX } = options;
  const stream = (name: string) => random(`${seed}/${name}`);
  const clock = simClock();
  const world = createWorld({ clock, random: stream, crds: CRDS, nodes });
  const mount = memoryMount(world, { clock, random: stream('mount'), latencyMs: [1, 20], failShare });
  const hash = createHash('sha256');
  let traceLines = 0;
  const trace = (record: TraceRecord): void => {
    const line = `${record.atMs} ${record.path} ${record.message} <${record.from} ${record.effects} ${record.cause} ${record.error}`;
    traceLines += 1;
    hash.update(line);
    options.onTrace?.(line);
  };
  const counts = tally();
  const settings = testConfig({
    POD_NAMESPACE: 'weka-operator-system',
    OPERATOR_DEPLOYMENT_NAME: DEPLOYMENT_NAME,
    OPERATOR_IMAGE,
    WEKA_OPERATOR_MAINTENANCE_SA_NAME: MAINTENANCE_ACCOUNT,
    SIGN_DRIVES_IMAGE: 'registry.example.com/weka.io/weka-sign-tool:v1',
  });
  const counted = countingKube(mount.kube, clock, () => 'controller', counts.take);
  const controller = createController({
    kube: counted,
    exec: mount.exec,
    agent: mount.agent,
    settings,
    clock,
    random: stream('controller'),
    log: noLog,
    instance: 'sim',
    trace,
    fatal: () => {},
    ...options.controller,
  });
  controller.start().catch(() => {}); // Shows as a phase that does not converge.
  world.addCluster({ name: 'demo', drive, compute, numDrives: 1 });

  const all = () => world.store.all<WekaContainer>(CONTAINERS);
  const own = () => all().filter(({ spec }) => spec.mode === 'drive' || spec.mode === 'compute');
  const up = () => own().length === drive + compute && own().every(isUp);
  const upMs = await until(up);
  const requests = counts.rows();
  const stuckUp = upMs === undefined ? own().map(describe) : [];
  let goneMs: number | undefined;
  let stuckGone: readonly string[] = [];
  if (upMs !== undefined && options.onlyUp !== true) {
    world.deleteCluster('demo');
    const left = () => [...all(), ...world.store.all(JOBS), ...world.store.all(PODS, 'weka')];
    goneMs = await until(() => left().length === 0);
    if (goneMs === undefined)
      stuckGone = left().map((object) =>
        object.kind === 'WekaContainer' ? describe(object as WekaContainer) : `${object.kind} ${object.metadata.name}`,
      );
  }
  const { crashes } = controller.system.counts;
  controller.stores.stop();
  controller.system.stop();
  const stuck = [...stuckUp, ...stuckGone];
  return {
    converged: upMs !== undefined && (options.onlyUp === true || goneMs !== undefined),
    stuck,
    violations: world.oracle.violations,
    traceHash: hash.digest('hex'),
    traceLines,
    upMs: upMs ?? Number.NaN,
    goneMs: goneMs ?? Number.NaN,
    requests,
    crashes,
  };

  /** Virtual milliseconds it took; undefined when it did not come true in time. */
  async function until(holds: () => boolean): Promise<number | undefined> {
    const fromMs = clock.monotonicMs();
    for (;;) {
      await controller.system.settled();
      if (holds()) return clock.monotonicMs() - fromMs;
      if (!clock.step(fromMs + phaseMsMax)) return undefined;
    }
  }
}

/** Running, joined, drives added: what the issue calls up. */
export function isUp({ spec, status }: WekaContainer): boolean {
  if (status?.status !== 'Running' || status.containerID === undefined) return false;
  return spec.mode !== 'drive' || (status.addedDrives?.length ?? 0) === (spec.numDrives ?? 0);
}
function describe({ metadata, spec, status }: WekaContainer): string {
  const bad = status?.conditions
    ?.filter((condition) => condition.status === 'False')
    .map(({ type, message }) => `${type}: ${message}`);
  return `${metadata.name} ${spec.state}${metadata.deletionTimestamp === undefined ? '' : ' (deleted)'} ${status?.status}/${status?.internalStatus} id=${status?.containerID} ${bad?.join('; ') ?? ''}`;
}
