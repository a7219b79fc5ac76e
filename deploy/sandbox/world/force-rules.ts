/** When a forced stop loses data, judged by what weka knows and by what the container's owner had decided. Source: spec 03, 14. */
import type { Cache } from './cache.ts';
import type { Container } from './holders.ts';
import type { Oracle } from './oracle.ts';
import type { Process } from './pod-process.ts';

/**
 * A container on its way out of a living cluster must be deactivated first, unless its owner waived that. One that is
 * paused, destroyed with its cluster, or meant to come back may be stopped by force.
 */
export function judgeForcedStop(oracle: Oracle, containers: Cache<Container>, process: Process, by: string): void {
  const member = process.local?.member();
  if (member === undefined || member.cluster.doomed || member.host.state === 'INACTIVE') return;
  const container = containers.get(`${process.namespace}/${process.pod}`);
  if (container?.spec.state !== 'deleting' || container.spec.overrides?.skipDeactivate === true) return;
  const who = `${process.namespace}/${process.pod}`;
  oracle.report('active-backend-force-stopped', who, `host ${member.host.id} was ${member.host.state}: ${by}`);
}
