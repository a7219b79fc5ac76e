/**
 * The S3 cluster and the NFS interface group of a weka cluster: which hosts serve them, and what the oracle says of a host
 * that is taken away while it does. Source: spec 07, 21.1 and 21.3; spec 03, 3.1 (last paragraph).
 */
import type { Oracle } from './oracle.ts';

/** A host as far as it matters here; `local`: what runs of it, if anything. */
interface Host {
  readonly id: number;
  readonly containerName: string;
  readonly local: unknown;
}
export interface S3Cluster {
  /** Host ids. */
  readonly members: Set<number>;
  readonly port: string;
  readonly internalPort: string;
}
export interface NfsGroup {
  /** Ranges, as given. */
  readonly ips: Set<string>;
  /** Network interface by host id: weka allows one for each. */
  readonly ports: Map<number, string>;
}
/** Undefined: not set up. */
export interface Protocols {
  s3: S3Cluster | undefined;
  nfs: NfsGroup | undefined;
}
export const noProtocols = (): Protocols => ({ s3: undefined, nfs: undefined });

/** What a host serves, if anything. */
const servedBy = ({ s3, nfs }: Protocols, { id }: Host): string | undefined => {
  if (s3?.members.has(id)) return 'the S3 cluster';
  return nfs?.ports.has(id) ? 'the NFS interface group' : undefined;
};

/** Clients lose what a host serves when it is deactivated or removed before it has left. */
export function judgeServing(
  oracle: Oracle,
  protocols: Protocols,
  host: Host,
  rule: 'serving-host-deactivated' | 'serving-host-removed',
): void {
  const served = servedBy(protocols, host);
  if (served !== undefined) oracle.report(rule, host.containerName, `host ${host.id} is in ${served}`);
}

/** Out of the S3 cluster only with the process gone: it would go on answering for objects it no longer has. */
export function judgeS3Leave(oracle: Pick<Oracle, 'report'>, host: Host | undefined): void {
  if (host?.local === undefined) return;
  oracle.report('s3-left-while-serving', host.containerName, `host ${host.id} still runs`);
}
