/** The S3 cluster and its members. Source: spec 07, 3.5 (GetS3Cluster, ListS3ClusterContainers) and 10. */
import { parseHostId } from './host-id.ts';
import { bad, flag, list, object, optional, type Parsed, parseCliJson, text } from './json.ts';

export interface S3Cluster {
  readonly active: boolean;
  /** `HostId<10>` each. Absent where weka names none. */
  readonly s3_hosts?: readonly string[];
  readonly port: string;
  readonly internal_port: string;
  readonly filesystem_name: string;
}
const cluster = object<S3Cluster>({
  active: flag,
  s3_hosts: optional(list(text)) as (value: unknown, at: string) => readonly string[], // Left out where undefined.
  port: text,
  internal_port: text,
  filesystem_name: text,
});

export const parseS3Cluster = (stdout: string): Parsed<S3Cluster> => parseCliJson(stdout, cluster);

/** Container ids, in the order listed. */
export function parseS3Containers(stdout: string): Parsed<readonly number[]> {
  const parsed = parseCliJson(stdout, list(text));
  if (parsed.kind === 'bad') return parsed;
  const ids: number[] = [];
  for (const item of parsed.value) {
    const id = parseHostId(item);
    if (id.kind === 'bad') return bad(id.why);
    ids.push(id.value);
  }
  return { kind: 'ok', value: ids };
}
