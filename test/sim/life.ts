/**
 * One seeded life of a modelled fleet under the real controller, in memory and on a virtual clock: a cluster is ordered,
 * comes to Running, is deleted, is gone. Everything random comes from the seed, so a life can be lived again.
 */
import { createHash } from 'node:crypto';
import type { Violation } from '../../deploy/sandbox/world/oracle.ts';
import { countingKube, type TallyRow, tally } from '../../io/counting-kube.ts';
import { CONTAINERS, JOBS, PODS } from '../../messages/kube.ts';
import type { TraceRecord } from '../../messages/trace.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, describe } from './scene.ts';

export interface LifeOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly drive: number;
  readonly compute: number;
  readonly s3?: number;
  readonly nfs?: number;
  /** Share of calls that fail, 0 to 1. */
  readonly failShare: number;
  /** Virtual; a phase that takes longer has not converged. */
  readonly phaseMsMax?: number;
  readonly onTrace?: (line: string) => void;
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

export async function live(options: LifeOptions): Promise<Life> {
  const { seed, nodes, drive, compute, s3 = 0, nfs = 0, failShare, phaseMsMax = PHASE_MS_MAX } = options;
  const hash = createHash('sha256');
  let traceLines = 0;
  const trace = (record: TraceRecord): void => {
    const line = `${record.atMs} ${record.path} ${record.message} <${record.from} ${record.effects} ${record.cause} ${record.error}`;
    traceLines += 1;
    hash.update(line);
    options.onTrace?.(line);
  };
  const counts = tally();
  const scene = createScene({
    seed,
    nodes,
    drive,
    compute,
    order: { s3Containers: s3, nfsContainers: nfs },
    failShare,
    controller: { trace },
    outside: { kube: (api, { clock }) => countingKube(api, clock, () => 'controller', counts.take) },
  });
  const { world } = scene;
  scene.start();
  const upMs = await scene.until(scene.allUp, phaseMsMax);
  const requests = counts.rows();
  const stuckUp = upMs === undefined ? scene.own().map(describe) : [];
  let goneMs: number | undefined;
  let stuckGone: readonly string[] = [];
  if (upMs !== undefined) {
    world.deleteCluster('demo');
    const left = () => [
      ...world.store.all<WekaContainer>(CONTAINERS),
      ...world.store.all(JOBS),
      ...world.store.all(PODS, 'weka'),
    ];
    goneMs = await scene.until(() => left().length === 0, phaseMsMax);
    if (goneMs === undefined)
      stuckGone = left().map((object) =>
        object.kind === 'WekaContainer' ? describe(object as WekaContainer) : `${object.kind} ${object.metadata.name}`,
      );
  }
  const { crashes } = scene.controller().system.counts;
  scene.crash();
  return {
    converged: upMs !== undefined && goneMs !== undefined,
    stuck: [...stuckUp, ...stuckGone],
    violations: world.oracle.violations,
    traceHash: hash.digest('hex'),
    traceLines,
    upMs: upMs ?? Number.NaN,
    goneMs: goneMs ?? Number.NaN,
    requests,
    crashes,
  };
}
