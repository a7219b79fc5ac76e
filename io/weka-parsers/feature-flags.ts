/** J8, the feature flags of an image, from its own file or from the result of a helper (J9). Source: spec 07, 4 and 15.3. */
import type { FeatureFlags } from '../../messages/image.ts';
import { bad, flag, object, optional, type Parsed, parseJson } from './json.ts';

const flags = object<Required<FeatureFlags>>({
  traces_override_partial_support: flag,
  traces_override_in_slash_traces: flag,
  supports_binding_to_not_all_interfaces: flag,
  agent_validate_60_ports_per_container: flag,
  allow_per_container_driver_interface: flag,
  weka_get_copy_local_driver_files: flag,
  driver_supports_auto_drain: flag,
  ssd_proxy_iommu_support: flag,
});

/** All eight, false where the file does not name them. */
export const parseFeatureFlags = (text: string): Parsed<Required<FeatureFlags>> => parseJson(text, flags);

/** `{"feature_flags":{…}}`. A result without flags is of no use. */
export function parseFeatureFlagsResult(text: string): Parsed<Required<FeatureFlags>> {
  const parsed = parseJson(
    text,
    object<{ readonly feature_flags: Required<FeatureFlags> | undefined }>({ feature_flags: optional(flags) }),
  );
  if (parsed.kind === 'bad') return parsed;
  const found = parsed.value.feature_flags;
  return found === undefined ? bad('the result has no feature_flags') : { kind: 'ok', value: found };
}
