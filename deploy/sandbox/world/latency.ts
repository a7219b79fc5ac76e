/** How long things take in the modelled fleet. Numbers only; nothing here waits. Source: spec 07, 21.5 (last paragraph). */
import type { Random } from '../../../io/random.ts';

/** Milliseconds, `[from, to)`: each occurrence draws its own. */
export type Span = readonly [fromMs: number, toMs: number];

export interface Latency {
  /** From a pod's creation to its binding, and between two tries of one that fits nowhere. */
  readonly bind: Span;
  readonly bindRetry: Span;
  /** From the binding to the running main container; each init container adds one `initContainer`. */
  readonly podStart: Span;
  readonly initContainer: Span;
  /** From a container's end to the status the kubelet writes, or to the final delete of a terminating pod. */
  readonly podStatus: Span;
  /** First restart of a container that ended; doubles up to 5 minutes. */
  readonly restartBackoff: Span;
  /** From a silent node to Ready=Unknown, and from a removed Node to the removal of its pods. */
  readonly nodeMonitor: Span;
  readonly podCollector: Span;
  /** A file read in a pod, a weka command, `weka local ps`, a request to a node agent. */
  readonly file: Span;
  readonly command: Span;
  readonly localPs: Span;
  readonly agent: Span;
  /** Milestones of a process: from its start to the persistency marker; then each from the one before. */
  readonly persistency: Span;
  readonly managementIps: Span;
  readonly agentUp: Span;
  readonly localUp: Span;
  readonly featureFlags: Span;
  /** From a started local container with a live member to join, or from being formed, to `READY`. */
  readonly join: Span;
  readonly localStop: Span;
  readonly drivePhasingIn: Span;
  readonly drivePhasingOut: Span;
  readonly deactivate: Span;
  readonly removeHost: Span;
  /** Until a host is out of the S3 cluster; the command waits for it. */
  readonly s3Leave: Span;
  /** The work of a one-off, and of a Job. */
  readonly discovery: Span;
  readonly driversLoad: Span;
  readonly driversBuild: Span;
  readonly adhoc: Span;
  readonly job: Span;
  /** From an event to the reaction of the modelled sibling controllers. */
  readonly sibling: Span;
}

/** Realistic runs. The virtual clock makes them cheap, so tests use them too. */
export const REALISTIC: Latency = {
  bind: [50, 300],
  bindRetry: [2_000, 4_000],
  podStart: [1_000, 3_000],
  initContainer: [500, 1_500],
  podStatus: [300, 1_000],
  restartBackoff: [10_000, 10_001],
  nodeMonitor: [40_000, 50_000],
  podCollector: [20_000, 40_000],
  file: [20, 80],
  command: [100, 400],
  localPs: [50, 150],
  agent: [5, 40],
  persistency: [1_500, 2_500],
  managementIps: [800, 1_200],
  agentUp: [1_500, 2_500],
  localUp: [1_000, 2_000],
  featureFlags: [300, 800],
  join: [5_000, 20_000],
  localStop: [1_000, 6_000],
  drivePhasingIn: [8_000, 12_000],
  drivePhasingOut: [8_000, 12_000],
  deactivate: [15_000, 25_000],
  removeHost: [2_000, 4_000],
  s3Leave: [2_000, 10_000],
  discovery: [1_000, 3_000],
  driversLoad: [8_000, 20_000],
  driversBuild: [20_000, 60_000],
  adhoc: [2_000, 5_000],
  job: [2_000, 5_000],
  sibling: [200, 1_000],
};

/** Every span times `factor`: 0.1 makes a fleet that forms in seconds of real time. */
export const scaled = (latency: Latency, factor: number): Latency =>
  Object.fromEntries(
    Object.entries(latency).map(([name, [from, to]]) => [name, [from * factor, to * factor]]),
    // The keys are those of the argument.
  ) as unknown as Latency;

/** One duration in whole milliseconds, so that a virtual clock's times stay readable. */
export const draw = ([fromMs, toMs]: Span, random: Random): number => Math.round(fromMs + (toMs - fromMs) * random());
