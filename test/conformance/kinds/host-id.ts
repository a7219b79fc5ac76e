/** Golden typed ids of weka. Source: spec 07, 4, last paragraph. */
import { parseHostId } from '../../../io/weka-parsers/host-id.ts';
import { comparableKind, plainError } from '../fake-pod.ts';
import { member } from '../read.ts';

export const kind = comparableKind('host-id', (golden) => {
  const parsed = parseHostId(member<string>(golden, 'text'));
  return parsed.kind === 'ok' ? { id: parsed.value } : plainError(parsed.why);
});
