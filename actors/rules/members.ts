/** Members of a Weka cluster: who is operational, who may run a command for another one, where a newcomer joins. Source: spec 07, 2, 6.2; spec 03, 15 no. 3; F35. */
import { hostAndPort } from '../../io/shell-texts.ts';
import { CONDITIONS, isTrue } from '../../messages/condition.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { isCompute, isDrive } from '../../messages/weka-modes.ts';

const NOT_OPERATIONAL: ReadonlySet<string> = new Set([
  'PodNotRunning',
  'Stopped',
  'Starting',
  'Destroying',
  'Deleting',
  'Paused',
]);
/** Addresses handed to one newcomer. Source: spec 07, 6.2. */
const JOIN_IPS_MAX = 96;

export const managementIps = ({ status }: WekaContainer): readonly string[] =>
  status?.managementIPs?.length ? status.managementIPs : status?.managementIP ? [status.managementIP] : [];

/** Source: spec 07, 2. */
export function isOperational(container: WekaContainer): boolean {
  const { status } = container;
  return (
    status?.containerID !== undefined &&
    status.internalStatus === 'READY' &&
    managementIps(container).length > 0 &&
    (status.allocations?.wekaPort ?? 0) !== 0 &&
    !NOT_OPERATIONAL.has(status.status)
  );
}
const core = ({ spec }: WekaContainer): boolean => isDrive(spec.mode) || isCompute(spec.mode);

/** One that may act for another: in the cluster, staying, not being stopped. */
const staying = ({ spec, status, metadata }: WekaContainer): boolean =>
  spec.state === 'active' &&
  metadata.deletionTimestamp === undefined &&
  status?.containerID !== undefined &&
  !isTrue(status.conditions, CONDITIONS.deactivated);

/**
 * Candidates to run a command for `exceptUid`, best first: Running and READY, then READY, then joined. `chance` turns the
 * order among equals. Never self, leaving or paused ones. Empty: nobody is left (then nothing is run).
 */
export function candidates(
  members: readonly WekaContainer[],
  exceptUid: string,
  chance: number,
): readonly WekaContainer[] {
  const able = members.filter((member) => member.metadata.uid !== exceptUid && core(member) && staying(member));
  const turned = rotated(able, chance);
  const rank = (member: WekaContainer): number =>
    isOperational(member) ? (member.status?.status === 'Running' ? 0 : 1) : 2;
  return turned.toSorted((a, b) => rank(a) - rank(b));
}

/** `<ip>:<port>` of all Running operational drive and compute members, at most 96, shared out over the failure domains. */
export function joinAddresses(members: readonly WekaContainer[], chance: number): readonly string[] {
  const running = members.filter(
    (member) => core(member) && isOperational(member) && member.status?.status === 'Running',
  );
  const domains = Map.groupBy(running, ({ status }) => status?.allocations?.failureDomain ?? '');
  const share = Math.ceil(JOIN_IPS_MAX / Math.max(1, domains.size));
  const chosen = rotated([...domains.values()], chance).flatMap((list) =>
    rotated(list.flatMap(addresses), chance).slice(0, share),
  );
  return chosen.slice(0, JOIN_IPS_MAX);
}
function addresses(member: WekaContainer): readonly string[] {
  const port = member.status?.allocations?.wekaPort || member.spec.port || 0;
  // What is no address would be read as something else by weka, or by nobody.
  return managementIps(member).flatMap((ip) => hostAndPort(ip, port) ?? []);
}
function rotated<T>(list: readonly T[], chance: number): readonly T[] {
  const from = Math.floor(chance * list.length);
  return [...list.slice(from), ...list.slice(0, from)];
}
