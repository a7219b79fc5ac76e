/** J3, the answer of `container-get-identity`: which host of which cluster a container is. Source: spec 07, 4 and 6.4. */
import { flag, object, optional, type Parsed, parseCliJson, text, unreadable } from './json.ts';

export interface Identity {
  readonly hasValue: boolean;
  /** Why there is no value, in weka's words. */
  readonly exception?: string;
  readonly value?: {
    /** Empty or all zero: not in a cluster. */
    readonly clusterGuid: string;
    readonly hostId: number;
  };
}

/** A guid without a host id is refused: the id 0 is one that another host may have. */
const value = object<{ readonly cluster_guid: string; readonly host_id: number | undefined }>({
  cluster_guid: text,
  host_id: optional((found, at) =>
    Number.isSafeInteger(found) && (found as number) >= 0 ? (found as number) : unreadable(at, found, 'a host id'),
  ),
});
const ZEROS = /^[0-]*$/;

const answer = object<{
  readonly has_value: boolean;
  readonly exception: string | undefined;
  readonly value: { readonly cluster_guid: string; readonly host_id: number | undefined } | undefined;
}>({ has_value: flag, exception: optional(text), value: optional(value) });

export function parseIdentity(stdout: string): Parsed<Identity> {
  const parsed = parseCliJson(stdout, (found, at) => {
    const { has_value: hasValue, exception, value: member } = answer(found, at);
    const why = exception === undefined ? {} : { exception };
    if (member === undefined) return { hasValue, ...why };
    const { cluster_guid: clusterGuid, host_id: hostId } = member;
    if (hostId === undefined && !ZEROS.test(clusterGuid)) unreadable('value.host_id', hostId, 'a host id');
    return { hasValue, ...why, value: { clusterGuid, hostId: hostId ?? 0 } };
  });
  return parsed;
}
