/**
 * Deliberate differences of allocation, NICs and signing. Where ours is calculated anew, it is by the same rules on a case
 * without what the difference is about. Source: spec/README, section 5: F13, F14, F26, F32, I2, I6.
 */
import { insufficientCapacity } from '../../../actors/rules/allocation/capacity-mode.ts';
import { portSizes, type Range } from '../../../actors/rules/allocation/ports.ts';
import { sharedDrives } from '../../../actors/rules/allocation/shared-drives.ts';
import { capacitySplit } from '../../../actors/rules/capacity-split.ts';
import type { FeatureFlags } from '../../../messages/image.ts';
import { normal, warning } from '../../../messages/verdict.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import type { Allocations } from '../../../messages/weka-container.ts';
import { comparable, holdersOf, othersOf, shownAnswer } from '../allocation-case.ts';
import type { DeliberateDifference } from '../deliberate.ts';
import { plainError } from '../fake-pod.ts';
import type { Golden } from '../kind.ts';
import { outcomeOf } from '../kinds/allocate.ts';
import { outcomeOf as nicOutcomeOf } from '../kinds/nics.ts';
import { containerOf, member, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

interface Outcome {
  readonly allocations?: Allocations;
  readonly error?: { readonly text: string; readonly retrySeconds: unknown };
  readonly events?: readonly object[];
}

export const allocationDifferences: readonly DeliberateDifference[] = [
  {
    id: 'F13',
    kind: 'allocate',
    what: 'a shared drive blocked by its serial is blocked, whatever other annotations there are',
    undo: (_, golden) => {
      const node = nodeOf(golden);
      const { 'weka.io/blocked-drives': __, ...annotations } = node.metadata.annotations ?? {};
      return outcomeOf({ ...golden, node: { ...node, metadata: { ...node.metadata, annotations } } });
    },
  },
  {
    id: 'F14',
    kind: 'allocate',
    what: 'ports: own block sizes, no overlap, inside the range; QLC or nothing; the fit list also largest first',
    undo: (ours, golden) =>
      (containerOf(golden).spec.containerCapacity ?? 0) > 0 ? oldCapacity(ours as Outcome, golden) : oldPorts(golden),
  },
  {
    id: 'I2',
    kind: 'allocate',
    what: 'equal drives are taken in the order of the annotation, where the reference starts anywhere',
    undo: (ours) => {
      const { allocations, ...rest } = ours as Outcome;
      const [first, ...others] = allocations?.virtualDrives ?? [];
      return { ...rest, allocations: { ...allocations, virtualDrives: [...others, first] } };
    },
  },
  {
    id: 'I6',
    kind: 'allocate',
    what: 'a shortage of GiB says so',
    undo: (ours) => JSON.parse(JSON.stringify(ours).replaceAll(' (GiB)', '')),
  },
  {
    id: 'I6',
    kind: 'additional-drives',
    what: 'a share too small for a drive is asked for again when something changes, not every 10 s',
    undo: (ours) => {
      const { error, ...rest } = ours as Outcome;
      return error?.retrySeconds === 'on change' ? { ...rest, error: { ...error, retrySeconds: 10 } } : ours;
    },
  },
  {
    id: 'F26',
    kind: 'nics',
    what: 'no NICs where selectors find devices; NICs of gone containers are free; too few are told',
    undo: (_, golden) => {
      const container = containerOf(golden);
      const { selectors: __, ...network } = container.spec.network ?? {};
      const asBefore = { ...container, spec: { ...container.spec, network } };
      const { events: ___, ...outcome } = nicOutcomeOf(golden, asBefore, () => false) as Outcome;
      return outcome;
    },
  },
  {
    id: 'F26',
    kind: 'write-resources',
    what: 'modes that never own NICs get UDP',
    undo: (_, golden) => {
      const { namespace, name } = containerOf(golden).metadata;
      const why = `no NICs found in allocations for container ${namespace}/${name}`;
      return plainError(`failed to get expected allocations: failed to get net devices: ${why}`);
    },
  },
  {
    id: 'F32',
    kind: 'sign-result',
    what: 'a result that cannot be decoded is dropped, to be fetched again',
    undo: (ours) => {
      const { resultDropped: _, ...rest } = ours as { readonly resultDropped?: boolean };
      return rest;
    },
  },
];

/** Of one type: no list but as generated. Of two: TLC alone is enough. */
function oldCapacity(ours: Outcome, golden: Golden): unknown {
  const { spec } = containerOf(golden);
  const { tlcGiB, qlcGiB } = capacitySplit(spec.containerCapacity ?? 0, spec.driveTypesRatio);
  if (qlcGiB > 0) {
    const { driveTypesRatio: _, ...allTlc } = { ...spec, containerCapacity: tlcGiB };
    return outcomeOf({ ...golden, container: { ...member<object>(golden, 'container'), spec: allTlc } });
  }
  const sizes = ours.allocations?.virtualDrives?.map(({ capacityGiB }) => capacityGiB) ?? [];
  const largestFirst = sizes.every((size, index) => index === 0 || size <= (sizes[index - 1] ?? 0));
  const found = sharedDrives(nodeOf(golden), holdersOf(golden));
  if (!largestFirst || found.kind !== 'known') return ours;
  const max = spec.numCores * settingsOf(golden).maxVirtualDrivesPerCore;
  const reason = insufficientCapacity(found.drives, 'TLC', tlcGiB, max);
  const events = [warning('InsufficientDriveCapacity', reason)];
  return comparable(shownAnswer({ kind: 'refused', plain: false, retryMs: 30_000, reason, events }));
}

/** The reference's ports, for a container that gets both kinds. */
function oldPorts(golden: Golden): unknown {
  const flags = (golden.featureFlags ?? {}) as FeatureFlags;
  const { block, singleOffset } = portSizes(flags.agent_validate_60_ports_per_container === true);
  const { basePort = 0, portRange = 0, ...singles } = member<WekaCluster>(golden, 'cluster').status?.ports ?? {};
  const held = othersOf(golden).flatMap(({ status }): Range[] => {
    const { wekaPort = 0, agentPort = 0 } = status?.allocations ?? {};
    const ranges = [
      { base: wekaPort, length: block },
      { base: agentPort, length: 1 },
    ];
    return ranges.filter(({ base }) => base > 0);
  });
  const taken = [...held, ...Object.values(singles).map((base) => ({ base, length: 1 }))];
  const range = { base: basePort, length: portRange };
  const wekaPort = oldFreeRange(range, taken, block, 0);
  const agentPort = oldFreeRange(range, taken, 1, singleOffset);
  const allocations = { wekaPort, agentPort };
  const message = `Allocated 0 drives, weka ports ${wekaPort}-${wekaPort + block - 1}, agent port ${agentPort}`;
  return shownAnswer({ kind: 'allocated', allocations, events: [normal('ResourcesAllocated', message)] });
}

/** Gaps are looked for between neighbours, whatever lies across them and wherever the range ends. Source: spec 05, 8.5. */
function oldFreeRange({ base, length }: Range, taken: readonly Range[], size: number, offset: number): number {
  const start = base + offset;
  const sorted = taken.toSorted((a, b) => a.base - b.base);
  for (const [index, right] of sorted.entries()) {
    const left = sorted[index - 1];
    const from = left === undefined ? start : Math.max(start, left.base + left.length);
    if (right.base - from >= size) return from;
  }
  const last = sorted.at(-1);
  const from = last === undefined ? start : Math.max(start, last.base + last.length);
  if (base + length - from < size) throw new Error('the reference finds no ports either');
  return from;
}
