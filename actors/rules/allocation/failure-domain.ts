/** The failure domain of a container from its node's labels. Source: spec 05, 5. */
import { createHash } from 'node:crypto';
import type { FailureDomain } from '../../../messages/weka-container.ts';

/** Bytes; a longer value is replaced by as many hex digits of its SHA-256. */
const LENGTH_MAX = 16;

/** Undefined: none. An empty label value gives an empty text, which is stored. `label` wins over `compositeLabels`. */
export function failureDomain(
  config: FailureDomain | undefined,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  if (config?.label) return Object.hasOwn(labels, config.label) ? normalised(labels[config.label] ?? '') : undefined;
  const values = (config?.compositeLabels ?? [])
    .filter((label) => Object.hasOwn(labels, label))
    .map((label) => labels[label] ?? '');
  return values.length === 0 ? undefined : normalised(values.join('-'));
}
function normalised(value: string): string {
  if (Buffer.byteLength(value) <= LENGTH_MAX) return value.replaceAll('/', '-');
  return createHash('sha256').update(value).digest('hex').slice(0, LENGTH_MAX);
}
