/** J7, the answer of `nfs interface-group --json`: which host serves NFS on which interface. Source: spec 07, 4 and 9. */
import { list, object, type Parsed, parseCliJson, text } from './json.ts';

export interface NfsPort {
  /** `HostId<13>`. */
  readonly host_id: string;
  /** Name of the network interface. */
  readonly port: string;
}
export interface NfsInterfaceGroup {
  readonly ports: readonly NfsPort[];
  readonly ips: readonly string[];
}
const group = object<NfsInterfaceGroup>({
  ports: list(object<NfsPort>({ host_id: text, port: text })),
  ips: list(text),
});

/** Undefined: there is no group of that name yet. */
export function parseNfsInterfaceGroup(stdout: string): Parsed<NfsInterfaceGroup | undefined> {
  const parsed = parseCliJson(stdout, list(group));
  return parsed.kind === 'ok' ? { kind: 'ok', value: parsed.value[0] } : parsed;
}

/** The interfaces that the group has on this host. */
export const portsOf = ({ ports }: NfsInterfaceGroup, containerId: number): readonly string[] =>
  ports.filter(({ host_id }) => host_id === `HostId<${containerId}>`).map(({ port }) => port);
