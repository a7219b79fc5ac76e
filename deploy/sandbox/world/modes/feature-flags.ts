/**
 * Feature flags of an image: the file of a running container, and the result of the ad-hoc container that only asks
 * for them. Source: spec 07, 4 (J8, J9); spec 06, 6.8.
 */
import { draw } from '../latency.ts';
import type { Process, StartUp } from '../pod-process.ts';
import { ensureNics } from './ensure-nics.ts';

/** Bits of a release's bitmap, the lowest first. The fifth name is plural there, which no controller reads (spec 07, 22 #21). */
const NAMES = [
  'traces_override_partial_support',
  'traces_override_in_slash_traces',
  'supports_binding_to_not_all_interfaces',
  'agent_validate_60_ports_per_container',
  'allow_per_container_driver_interfaces',
  'weka_get_copy_local_driver_files',
  'driver_supports_auto_drain',
  'ssd_proxy_iommu_support',
] as const;
const USUAL_BITS = 0x27;
/** An image of the modelled fleet may carry its own bitmap at the end of its tag: `…:4.4.10-flags.2f`. */
const OWN_BITS = /-flags\.([0-9a-f]{1,2})$/;

/** As the boot script writes them. */
export function featureFlags(image: string): Readonly<Record<string, boolean>> {
  const own = OWN_BITS.exec(image)?.[1];
  const bits = own === undefined ? USUAL_BITS : Number.parseInt(own, 16);
  return Object.fromEntries(NAMES.map((name, bit) => [name, (bits & (1 << bit)) !== 0]));
}

/** Mode `adhoc-op-with-container`. */
export function* adhocWithContainer(process: Process): StartUp {
  const { machine } = process;
  yield draw(machine.latency.adhoc, machine.random);
  process.agentUp = true;
  const instruction = instructionOf(process);
  const result =
    instruction?.type === 'feature-flags-update'
      ? { feature_flags: featureFlags(process.image) }
      : instruction?.type === 'ensure-nics'
        ? ensureNics(process, instruction.payload ?? '')
        : undefined;
  if (result === undefined) return 'failed';
  process.write('/weka-runtime/results.json', JSON.stringify(result));
  return 'serving';
}

/** Env `INSTRUCTIONS`; undefined where it is absent, `null` or no JSON. */
export function instructionOf(process: Process): { readonly type: string; readonly payload?: string } | undefined {
  const text = process.env.get('INSTRUCTIONS');
  if (text === undefined || text === '' || text === 'null') return undefined;
  try {
    return JSON.parse(text) as { type: string; payload?: string }; // The pod contract: spec 01, 16.
  } catch {
    return undefined;
  }
}
