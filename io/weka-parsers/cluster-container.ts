/** J4: one host of a weka cluster, or all of them. Source: spec 07, 4. */
import { list, object, type Parsed, parseCliJson, text } from './json.ts';

/** As weka names them. `status`: `UP`, `DOWN`, `DEACTIVATING`, `INACTIVE`, or any other. */
export interface ClusterContainer {
  readonly host_id: string;
  readonly host_ip: string;
  readonly hostname: string;
  readonly container_name: string;
  readonly uid: string;
  readonly state: string;
  readonly status: string;
}

const row = object<ClusterContainer>({
  host_id: text,
  host_ip: text,
  hostname: text,
  container_name: text,
  uid: text,
  state: text,
  status: text,
});

/** Of `cluster container --json`: every host, in no order. */
export const parseClusterContainers = (stdout: string): Parsed<readonly ClusterContainer[]> =>
  parseCliJson(stdout, list(row));

/** Of `cluster container <id> --json`. Undefined: the list is empty, the cluster has no such container (any more). */
export function parseClusterContainer(stdout: string): Parsed<ClusterContainer | undefined> {
  const parsed = parseClusterContainers(stdout);
  return parsed.kind === 'ok' ? { kind: 'ok', value: parsed.value[0] } : parsed;
}
