/** J8, the feature flags of an image, from its own file or from the result of a helper (J9). Source: spec 07, 4 and 15.3; V7. */
import type { FeatureFlags } from '../../messages/image.ts';
import { bad, flag, object, optional, type Parsed, parseJson, type Read } from './json.ts';

type Plural = 'allow_per_container_driver_interfaces';
/** The eight that the reference reads are always there, false where the file does not name them. */
export type ReadFlags = Required<Omit<FeatureFlags, Plural>> & Pick<FeatureFlags, Plural>;

const eight = object<Required<Omit<FeatureFlags, Plural>>>({
  traces_override_partial_support: flag,
  traces_override_in_slash_traces: flag,
  supports_binding_to_not_all_interfaces: flag,
  agent_validate_60_ports_per_container: flag,
  allow_per_container_driver_interface: flag,
  weka_get_copy_local_driver_files: flag,
  driver_supports_auto_drain: flag,
  ssd_proxy_iommu_support: flag,
});
/** The reference does not read it: no value of it makes the file unreadable. */
const plural = object<{ readonly [Name in Plural]: boolean }>({
  allow_per_container_driver_interfaces: (value) => value === true,
});
const flags: Read<ReadFlags> = (value, at) => {
  const read = eight(value, at);
  const { allow_per_container_driver_interfaces: written } = plural(value, at);
  return written ? { ...read, allow_per_container_driver_interfaces: true } : read;
};

export const parseFeatureFlags = (text: string): Parsed<ReadFlags> => parseJson(text, flags);

/** `{"feature_flags":{…}}`. A result without flags is of no use. */
export function parseFeatureFlagsResult(text: string): Parsed<ReadFlags> {
  const parsed = parseJson(
    text,
    object<{ readonly feature_flags: ReadFlags | undefined }>({ feature_flags: optional(flags) }),
  );
  if (parsed.kind === 'bad') return parsed;
  const found = parsed.value.feature_flags;
  return found === undefined ? bad('the result has no feature_flags') : { kind: 'ok', value: found };
}
