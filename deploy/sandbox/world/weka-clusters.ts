/**
 * The weka clusters: hosts, drives, users, file systems, and the rules by which they come and go. Knows processes only
 * as listeners at `ip:port`. The oracle hears here what no cluster may suffer. Source: spec 07, 21.1 and 21.3.
 */
import type { Clock } from '../../../io/clock.ts';
import type { Random } from '../../../io/random.ts';
import { uuid } from './identity.ts';
import { draw, type Latency } from './latency.ts';
import type { Directory, HeldDrive, PhysicalDrive } from './node-model.ts';
import type { Oracle } from './oracle.ts';
import { judgeServing, noProtocols, type Protocols } from './protocols.ts';

/** A local container as a cluster knows it. */
export interface Listener {
  readonly name: string;
  readonly process: {
    readonly containerUid: string;
    readonly mode: string;
    readonly ip: string;
    readonly env: ReadonlyMap<string, string>;
    readonly directory: Directory;
    readonly node: { readonly name: string; readonly drives: ReadonlyMap<string, PhysicalDrive> };
  };
  readonly ips: () => readonly string[];
  readonly endpoints: () => readonly string[];
  readonly member: () => { readonly cluster: WekaCluster; readonly host: Host } | undefined;
  readonly admitted: () => void;
}
export interface Host {
  readonly id: number;
  readonly uid: string;
  /** Uid of the WekaContainer that became it. */
  readonly containerUid: string;
  readonly containerName: string;
  readonly node: string;
  readonly ip: string;
  readonly mode: string;
  readonly cores: number;
  state: 'ACTIVE' | 'DEACTIVATING' | 'INACTIVE';
  /** The running local container, if any. */
  local: Listener | undefined;
}
export type DriveStatus = 'PHASING_IN' | 'ACTIVE' | 'PHASING_OUT' | 'INACTIVE';
export interface Drive {
  readonly uuid: string;
  readonly hostId: number;
  readonly serial: string;
  readonly devicePath: string;
  readonly addedAtMs: number;
  readonly physical: HeldDrive;
  status: DriveStatus;
}

export interface WekaCluster {
  readonly guid: string;
  name: string;
  readonly hosts: Map<number, Host>;
  readonly drives: Map<string, Drive>;
  ioStarted: boolean;
  readonly protocols: Protocols;
  readonly users: Set<string>;
  readonly filesystemGroups: Set<string>;
  readonly filesystems: Map<string, { readonly bytes: number }>;
  /** Set-up commands that only leave a trace, in order. */
  readonly settings: string[];
  /** Its owner is destroying it as a whole: its data are given up, the oracle looks away. */
  doomed: boolean;
  /** Its owner gives its containers another image, one at a time: more of them down together would not be for the image. */
  upgrading: boolean;
  readonly admit: (local: Listener) => Host;
  readonly deactivateHost: (host: Host) => void;
  /** False: refused, it is not INACTIVE. */
  readonly removeHost: (host: Host) => boolean;
  /** `driveUuid`: that of a virtual drive; a whole one gets a new one. */
  readonly addDrive: (host: Host, physical: HeldDrive, devicePath: string, driveUuid?: string) => Drive;
  readonly deactivateDrive: (drive: Drive) => void;
  /** False: refused, it is not INACTIVE. */
  readonly removeDrive: (drive: Drive) => boolean;
}

/** Hosts that hold data or serve it from memory, and do not run: two of them are more than a small cluster can bear. */
export const downOf = ({ hosts }: Pick<WekaCluster, 'hosts'>): readonly Host[] =>
  [...hosts.values()].filter(
    ({ mode, state, local }) => (mode === 'drive' || mode === 'compute') && state === 'ACTIVE' && local === undefined,
  );

export interface Clusters {
  readonly get: (guid: string) => WekaCluster | undefined;
  readonly all: () => readonly WekaCluster[];
  /** A new cluster of the local containers that listen at these endpoints; undefined: one address has no listener. */
  readonly form: (endpoints: readonly string[]) => WekaCluster | undefined;
  /** Cluster of a running member at one of the endpoints, other than the asking one. */
  readonly reach: (endpoints: readonly string[], asking: Listener) => WekaCluster | undefined;
  readonly listening: (local: Listener) => void;
  readonly silent: (local: Listener) => void;
  /** The cluster that has this drive, if any. */
  readonly holding: (driveUuid: string) => WekaCluster | undefined;
}

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
  readonly latency: Latency;
  readonly oracle: Oracle;
  /** Told before a host is removed from a cluster that lives. */
  readonly removing?: (host: Host) => void;
}

export function createClusters(deps: Deps): Clusters {
  const byGuid = new Map<string, WekaCluster>();
  const listeners = new Map<string, Listener>();
  return {
    get: (guid) => byGuid.get(guid),
    all: () => [...byGuid.values()],
    form: (endpoints) => {
      const locals = endpoints.map((endpoint) => listeners.get(endpoint));
      if (locals.some((local) => local === undefined || local.member() !== undefined)) return undefined;
      const cluster = createCluster(deps);
      byGuid.set(cluster.guid, cluster);
      for (const local of new Set(locals)) {
        if (local === undefined) continue;
        cluster.admit(local);
        local.admitted();
      }
      return cluster;
    },
    reach: (endpoints, asking) => {
      for (const endpoint of endpoints) {
        const local = listeners.get(endpoint);
        const member = local === asking ? undefined : local?.member();
        if (member !== undefined) return member.cluster;
      }
      return undefined;
    },
    listening: (local) => {
      for (const endpoint of local.endpoints()) {
        const other = listeners.get(endpoint);
        if (other !== undefined && other.process.containerUid !== local.process.containerUid) {
          deps.oracle.report('port-held-twice', local.name, `${other.name} listens at ${endpoint}`);
        }
        listeners.set(endpoint, local);
      }
    },
    silent: (local) => {
      for (const endpoint of local.endpoints()) if (listeners.get(endpoint) === local) listeners.delete(endpoint);
      const { membership } = local.process.directory;
      const host = byGuid.get(membership?.guid ?? '')?.hosts.get(membership?.hostId ?? -1);
      if (host?.local !== local) return;
      host.local = undefined;
      judgeDown(deps.oracle, byGuid.get(membership?.guid ?? ''));
    },
    holding: (driveUuid) => [...byGuid.values()].find(({ drives }) => drives.has(driveUuid)),
  };
}

function judgeDown(oracle: Oracle, cluster: WekaCluster | undefined): void {
  if (cluster === undefined || cluster.doomed || !cluster.upgrading) return;
  const down = downOf(cluster).map(({ id, node }) => `${id} on ${node}`);
  if (down.length > 1) oracle.report('down-together-in-upgrade', cluster.guid, `hosts ${down.join(', ')}`);
}

function createCluster({ clock, random, latency, oracle, removing }: Deps): WekaCluster {
  let nextHostId = 0;
  const cluster: WekaCluster = {
    guid: uuid(random),
    name: '',
    hosts: new Map(),
    drives: new Map(),
    ioStarted: false,
    protocols: noProtocols(),
    users: new Set(['admin']),
    filesystemGroups: new Set(),
    filesystems: new Map(),
    settings: [],
    doomed: false,
    upgrading: false,
    admit: (local) => {
      const { process } = local;
      const host: Host = {
        id: nextHostId++,
        uid: uuid(random),
        containerUid: process.containerUid,
        containerName: local.name,
        node: process.node.name,
        ip: local.ips()[0] ?? process.ip,
        mode: process.mode,
        cores: Number(process.env.get('CORES') ?? 1),
        state: 'ACTIVE',
        local,
      };
      cluster.hosts.set(host.id, host);
      process.directory.membership = { guid: cluster.guid, hostId: host.id };
      return host;
    },
    deactivateHost: (host) => {
      if (host.state !== 'ACTIVE') return;
      if (!cluster.doomed) judgeServing(oracle, cluster.protocols, host, 'serving-host-deactivated');
      host.state = 'DEACTIVATING';
      for (const drive of drivesOf(cluster, host)) if (drive.status !== 'INACTIVE') drive.status = 'PHASING_OUT';
      clock.after(draw(latency.deactivate, random), () => {
        host.state = 'INACTIVE';
        for (const drive of drivesOf(cluster, host)) drive.status = 'INACTIVE';
      });
    },
    removeHost: (host) => {
      if (host.state !== 'INACTIVE') {
        const what = `asked to remove host ${host.id} while ${hostStatus(host)}`;
        oracle.report('host-removed-while-active', host.containerName, what);
        return false;
      }
      if (!cluster.doomed) {
        judgeServing(oracle, cluster.protocols, host, 'serving-host-removed');
        removing?.(host);
      }
      clock.after(draw(latency.removeHost, random), () => {
        cluster.hosts.delete(host.id);
        cluster.protocols.s3?.members.delete(host.id);
        cluster.protocols.nfs?.ports.delete(host.id);
        for (const drive of drivesOf(cluster, host)) forget(drive);
      });
      return true;
    },
    addDrive: (host, physical, devicePath, driveUuid) => {
      const { serial } = physical;
      const id = driveUuid ?? uuid(random);
      const addedAtMs = clock.wallMs();
      const drive: Drive = { uuid: id, hostId: host.id, serial, devicePath, addedAtMs, physical, status: 'PHASING_IN' };
      cluster.drives.set(id, drive);
      physical.guid = cluster.guid;
      physical.heldAs = id;
      clock.after(draw(latency.drivePhasingIn, random), () => {
        if (drive.status === 'PHASING_IN') drive.status = 'ACTIVE';
      });
      return drive;
    },
    deactivateDrive: (drive) => {
      if (drive.status === 'INACTIVE' || drive.status === 'PHASING_OUT') return;
      drive.status = 'PHASING_OUT';
      clock.after(draw(latency.drivePhasingOut, random), () => {
        drive.status = 'INACTIVE';
      });
    },
    removeDrive: (drive) => {
      if (drive.status !== 'INACTIVE') return false;
      forget(drive);
      return true;
    },
  };
  const forget = (drive: Drive): void => {
    cluster.drives.delete(drive.uuid);
    drive.physical.heldAs = undefined;
  };
  return cluster;
}

export const drivesOf = (cluster: WekaCluster, host: Host): readonly Drive[] =>
  [...cluster.drives.values()].filter(({ hostId }) => hostId === host.id);

/** As the CLI prints it: a host that is neither leaving nor gone is UP while its local container runs. */
export const hostStatus = (host: Host): string =>
  host.state === 'ACTIVE' ? (host.local === undefined ? 'DOWN' : 'UP') : host.state;
