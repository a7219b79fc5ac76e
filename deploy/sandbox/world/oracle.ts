/**
 * The record of what must never happen. Models report here from their own truth (they know which drive holds data and
 * which process serves it); the controller's view plays no part. Source: design 7; spec 03, 14.
 */
import type { Clock } from '../../../io/clock.ts';

export type Rule =
  /** Two living containers hold one drive, or overlapping ports, of a node. */
  | 'drive-held-twice'
  | 'port-held-twice'
  /** Two containers have one NIC of a node on record. */
  | 'nic-held-twice'
  /** A host left its cluster while it could still hold data. */
  | 'host-removed-while-active'
  /** A host was deactivated, or removed, while it was in the S3 cluster or the NFS interface group. */
  | 'serving-host-deactivated'
  | 'serving-host-removed'
  /** A host was taken out of the S3 cluster under its running process. */
  | 's3-left-while-serving'
  /** More than one host of a cluster was down while its image was changed, one container at a time. */
  | 'down-together-in-upgrade'
  /** A drive's signature was erased while a living cluster had it. */
  | 'drive-resigned-in-cluster'
  /** A member that was not deactivated was stopped by force on its way out of a living cluster. */
  | 'active-backend-force-stopped'
  /** A backend that is to stay was stopped by force, and no override asked for it. */
  | 'backend-force-stopped'
  /** Hosts of one role left a cluster faster than they may, where a pace is set. */
  | 'hosts-removed-at-once'
  /** A drive was erased under the process that works with it. */
  | 'drive-erased-under-process'
  /** A client was stopped, or its object removed, while file systems were mounted through it. */
  | 'client-stopped-under-mounts'
  | 'client-removed-under-mounts'
  /** A client's driver was drained while another client of the node had mounts. */
  | 'other-client-drained'
  /** A container was sent away because its pod does not stop, before that pod had been told, or so soon after it. */
  | 'evicted-before-its-time'
  /** A pod was made for a container that had left its cluster, or had long been leaving. */
  | 'pod-made-for-leaving'
  /** A pod that is to run was allowed to stop before it ran: that was meant for an earlier one. */
  | 'instruction-outlived-its-pod'
  /** A container's object disappeared while its process lived on a reachable node. */
  | 'object-gone-under-process'
  /** A pod was given less time than its spec says; its weka was killed when the time was over. */
  | 'pod-grace-shortened'
  | 'weka-killed-by-kubelet'
  /** Half an hour after its deletion a container is there, and nobody knows its node. */
  | 'leave-waits-for-discovery'
  /** Processes of one container on two nodes. */
  | 'container-on-two-nodes'
  /** A pod object was removed while its process lived on a reachable node. */
  | 'pod-removed-under-process'
  /** The persistent directory was wiped under a living process, of a container that is to stay, or where its data do not lie. */
  | 'directory-wiped-in-use'
  | 'foreign-directory-wiped'
  | 'other-directory-wiped'
  /** Two loaders at work on one node. */
  | 'drivers-loaded-twice-at-once'
  /** Drivers of one image were loaded while a frontend of another ran on the node. */
  | 'drivers-changed-under-frontend'
  /** A drive was signed anew while a cluster had it. */
  | 'drive-signed-in-cluster'
  /** A drive that a living container holds was signed anew. */
  | 'held-drive-signed'
  /** A command or route that no part of the contract knows. */
  | 'unknown-command';

export interface Violation {
  /** Monotonic. */
  readonly atMs: number;
  readonly rule: Rule;
  /** Container, pod, host or drive. */
  readonly who: string;
  readonly what: string;
}

export interface Oracle {
  readonly report: (rule: Rule, who: string, what: string) => void;
  readonly violations: readonly Violation[];
  /** One line each, for a failing test's message. */
  readonly text: () => string;
}

export function createOracle(clock: Clock): Oracle {
  const violations: Violation[] = [];
  return {
    report: (rule, who, what) => violations.push({ atMs: clock.monotonicMs(), rule, who, what }),
    violations,
    text: () => violations.map(({ atMs, rule, who, what }) => `${atMs} ms ${rule}: ${who}: ${what}`).join('\n'),
  };
}
