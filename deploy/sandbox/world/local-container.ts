/**
 * The local weka container of a process: what `weka local ps` shows, and its way into a cluster. Membership itself is
 * the cluster's (weka-clusters.ts). Source: spec 07, 6.1 and 21.3 (pod start); spec 04, 12.3.
 */
import { draw } from './latency.ts';
import { type LocalContainer, type Process, RUNTIME } from './pod-process.ts';

/** As the oracle is told of it. */
export const FORCED_STOP = 'weka local stop --force';
const FORCED_STOP_MS = 500;
const JOIN_RETRY_MS = 5_000;

export function createLocal(process: Process, name: string): LocalContainer {
  const { machine, directory } = process;
  /** Counts starts and stops: a timer of an earlier run does nothing. */
  let run = 0;
  let stopping: 'no' | 'gracefully' | 'by force' = 'no';

  const later = (delayMs: number, act: () => void): void => {
    const mine = run;
    process.after(delayMs, () => {
      if (run === mine) act();
    });
  };
  const becomeReady = (): void => {
    local.display = 'READY';
    local.lastFailure = '';
    process.changed();
  };
  const tryToJoin = (): void => {
    const cluster = machine.clusters.reach(directory.joinIps, local);
    if (cluster === undefined) {
      local.lastFailure = 'Failed joining cluster: no join address answered';
      later(JOIN_RETRY_MS, tryToJoin);
      return;
    }
    cluster.admit(local);
    becomeReady();
  };
  const down = (): void => {
    run += 1;
    stopping = 'no';
    local.runStatus = 'Stopped';
    machine.clusters.silent(local);
  };

  const local: LocalContainer = {
    name,
    process,
    runStatus: 'Stopped',
    display: 'STEM',
    lastFailure: '',
    ips: () => process.read(`${RUNTIME}/management_ips`)?.split('\n') ?? [],
    endpoints: () => {
      const port = process.read(`${RUNTIME}/vars/port`);
      return port === undefined
        ? []
        : local.ips().map((ip) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`));
    },
    member: () => {
      if (local.runStatus !== 'Running' || directory.membership === undefined) return undefined;
      const cluster = machine.clusters.get(directory.membership.guid);
      const host = cluster?.hosts.get(directory.membership.hostId);
      return cluster === undefined || host === undefined ? undefined : { cluster, host };
    },
    start: () => {
      run += 1;
      stopping = 'no';
      local.runStatus = 'Running';
      local.lastFailure = '';
      machine.clusters.listening(local);
      const member = local.member();
      if (member !== undefined) {
        member.host.local = local;
        local.admitted();
      } else if (directory.joinIps.length > 0) {
        local.display = 'CLUSTERIZING';
        later(draw(machine.latency.join, machine.random), tryToJoin);
      } else if (directory.membership !== undefined) {
        local.display = 'CLUSTERIZING';
        local.lastFailure = 'Removed from its cluster';
      } else local.display = 'STEM';
      process.changed();
    },
    admitted: () => {
      local.display = 'CLUSTERIZING';
      later(draw(machine.latency.join, machine.random), becomeReady);
    },
    stop: (forced) => {
      if (local.runStatus === 'Stopped' || stopping === 'by force' || (stopping === 'gracefully' && !forced)) return;
      machine.stopped(process);
      if (forced) machine.forced(process, FORCED_STOP);
      stopping = forced ? 'by force' : 'gracefully';
      later(forced ? FORCED_STOP_MS : draw(machine.latency.localStop, machine.random), () => {
        if (local.runStatus === 'Stopped') return;
        down();
        process.changed();
      });
    },
    kill: down,
  };
  return local;
}
