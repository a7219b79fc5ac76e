/** Golden feature flag files. All of an error's text is the parser's own. Source: spec 07, 15.3; spec 05, 8.2. */
import { portSizes } from '../../../actors/rules/allocation/ports.ts';
import { parseFeatureFlags } from '../../../io/weka-parsers/feature-flags.ts';
import { plainError } from '../fake-pod.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { member } from '../read.ts';

export const kind: Kind = {
  name: 'feature-flags',
  result: (golden) => {
    const parsed = parseFeatureFlags(member<string>(golden, 'text'));
    if (parsed.kind === 'bad') return plainError('');
    // The plural name is our own reading (V7).
    const { allow_per_container_driver_interfaces: _, ...flags } = parsed.value;
    return { flags, portsPerContainer: portSizes(flags.agent_validate_60_ports_per_container).block };
  },
  expected: (golden) => {
    const recorded = asRecorded(golden);
    return typeof recorded === 'symbol' ? recorded : recorded.map(withoutText);
  },
};
const withoutText = (result: unknown): unknown => {
  const { error } = result as { readonly error?: object };
  return error === undefined ? result : { error: { ...error, text: '' } };
};
