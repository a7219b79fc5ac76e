/**
 * Keeps a process that takes no part in the election from working beside somebody who leads: waits until the lease is free, or
 * has stood still. Clocks of machines are never compared. Only reads. Source: spec 08, 8.8.
 */
import { LEASES } from '../messages/kube.ts';
import type { Lease } from '../messages/resources.ts';
import type { Clock } from './clock.ts';
import { LEADER_LEASE, STANDARD_TIMING, textOf } from './leader-election.ts';
import type { Log } from './log.ts';
import type { KubeApi } from './outside.ts';

export interface ForeignLeaderOptions {
  readonly api: Pick<KubeApi, 'request'>;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
}
export interface ForeignLeader {
  /** Resolves when nobody leads; never rejects. What cannot be read counts as led. */
  readonly gone: Promise<void>;
  /** Why it does not begin, for people; undefined once nobody leads. */
  readonly problem: () => string | undefined;
}

export function watchForeignLeader({ api, namespace, clock, log }: ForeignLeaderOptions): ForeignLeader {
  const ref = { type: LEASES, namespace, name: LEADER_LEASE };
  const { durationMs, retryMs } = STANDARD_TIMING;
  /** The state last seen, and since when it has been so. */
  let seen: { readonly version: string; readonly sinceMs: number } | undefined;
  let problem: string | undefined = 'not looked at yet';
  let resolve = (): void => {};
  const gone = new Promise<void>((done) => {
    resolve = done;
  });

  /** Undefined: nobody leads. */
  async function look(): Promise<string | undefined> {
    const found = await api.request({ verb: 'get', ref });
    if (found.kind === 'notFound') return undefined;
    if (found.kind !== 'ok') return `cannot be read: ${textOf(found)}`;
    const { metadata, spec }: Lease = found.answer;
    const holder = spec?.holderIdentity ?? '';
    if (holder === '') return undefined;
    const nowMs = clock.monotonicMs();
    if (seen?.version !== metadata.resourceVersion) seen = { version: metadata.resourceVersion, sinceMs: nowMs };
    const stillMs = Math.max(durationMs, (spec?.leaseDurationSeconds ?? 0) * 1_000);
    return nowMs - seen.sinceMs >= stillMs ? undefined : `held by ${holder}`;
  }
  async function round(): Promise<void> {
    const found = await look().catch((error: unknown) => `cannot be read: ${String(error)}`);
    const told = problem;
    problem = found;
    if (found === undefined) return resolve();
    if (found !== told)
      log.warn({ problem: `lease ${LEADER_LEASE}: ${found}`, namespace }, 'waiting: another may lead');
    clock.after(retryMs, () => void round());
  }
  void round();
  return { gone, problem: () => (problem === undefined ? undefined : `lease ${LEADER_LEASE}: ${problem}`) };
}
