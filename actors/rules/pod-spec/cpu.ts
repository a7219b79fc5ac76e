/** CPU of the main container and the CORE_IDS that go with it. Source: spec 04, 10.1. */
import { isZeroQuantity } from '../../../messages/quantity.ts';
import type { CpuPolicy, WekaContainerSpec } from '../../../messages/weka-container.ts';
import { isCpuPolicy, isEnvoy } from '../../../messages/weka-modes.ts';
import { amountOf } from './amounts.ts';
import { fixedCpu, type RequestAndLimit } from './modes.ts';

export type CpuPlan =
  | {
      readonly kind: 'ok';
      readonly cpu: RequestAndLimit;
      /** Absent: no cores of its own, the variable is not set. */
      readonly coreIds?: string;
    }
  | { readonly kind: 'failed'; readonly error: string };

type ResolvedPolicy = Exclude<CpuPolicy, 'auto'>;

/** Modes that use `extraCores`. */
const EXTRA_CORE_MODES: ReadonlySet<string> = new Set(['compute', 'drive', 's3', 'nfs', 'data-services']);

/** Cores beside the weka cores; 0 for modes that have none. */
export const extraCoresOf = (spec: WekaContainerSpec): number =>
  EXTRA_CORE_MODES.has(spec.mode) ? (spec.extraCores ?? 0) : 0;

/**
 * The policy is checked for every mode, also where the mode fixes the numbers.
 * `hyperthreaded` resolves `auto`; `autoHonoursCoreIds` makes `auto` with coreIds `manual` (spec/README V3).
 */
export function planCpu(spec: WekaContainerSpec, hyperthreaded: boolean, autoHonoursCoreIds: boolean): CpuPlan {
  const { cpuPolicy } = spec;
  if (!isCpuPolicy(cpuPolicy)) return { kind: 'failed', error: `invalid CPU policy: ${cpuPolicy}` };
  const coreIds = spec.coreIds ?? [];
  const policy = resolve(cpuPolicy, hyperthreaded, autoHonoursCoreIds && coreIds.length > 0);
  if (policy === 'manual' && coreIds.length === 0) {
    return { kind: 'failed', error: 'CPU policy manual is not supported without coreIds' };
  }
  const cpu = fixedCpu(spec.mode) ?? cpuOf(policy, spec);
  switch (policy) {
    case 'shared':
      return { kind: 'ok', cpu };
    case 'manual':
      return { kind: 'ok', cpu, coreIds: coreIds.join(',') };
    default:
      return { kind: 'ok', cpu, coreIds: 'auto' };
  }
}

function resolve(policy: CpuPolicy, hyperthreaded: boolean, manual: boolean): ResolvedPolicy {
  if (policy !== 'auto') return policy;
  if (manual) return 'manual';
  return hyperthreaded ? 'dedicated_ht' : 'dedicated';
}

function cpuOf(policy: ResolvedPolicy, spec: WekaContainerSpec): RequestAndLimit {
  const [cores, extra] = [spec.numCores, extraCoresOf(spec)];
  const given = { request: amountOf(spec.resources?.requests?.cpu), limit: amountOf(spec.resources?.limits?.cpu) };
  switch (policy) {
    case 'shared':
      return given;
    case 'manual':
      if (!isZeroQuantity(given.limit)) return given;
      return { request: `${1000 * (cores + extra) + 100}m`, limit: `${1000 * (cores + extra + 1)}m` };
    case 'dedicated':
    case 'dedicated_ht': {
      // One logical CPU beside the weka cores is for the management process; envoy has none.
      const whole = isEnvoy(spec.mode) ? cores : (policy === 'dedicated_ht' ? 2 : 1) * cores + extra + 1;
      return { request: String(whole), limit: String(whole) };
    }
  }
}
