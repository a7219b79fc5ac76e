/**
 * Who of several replicas works: the holder of one Lease; a shard holds one of its own, and works while it does. Others watch it for change and take it over when it stands still.
 * Clocks of machines are never compared: only changes that are seen count. Source: spec 08, 6.3, 8.8; I8.
 */
import { type Draft, type KubeObject, LEASES, type ObjectRef } from '../messages/kube.ts';
import type { Lease, LeaseSpec } from '../messages/resources.ts';
import { type Clock, rfc3339Micro } from './clock.ts';
import type { Log } from './log.ts';
import type { KubeApi } from './outside.ts';
import { jittered, type Random } from './random.ts';

/** Of the reference's whole manager: who holds it works, all others wait. */
export const LEADER_LEASE = 'ad0b5146.weka.io';

/** Ours alone, beside an operator that leads at the same time and leaves containers to us. */
export const OWN_LEASE = 'wekacontainer-controller';

export interface Timing {
  /** How long a lease must have stood still before another may take it. */
  readonly durationMs: number;
  /** How long the holder tries to renew before it gives up; its writes end then. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}
/** Those of the reference. Between the end of one holder's writes and the start of the next one's lie 5 s. */
export const STANDARD_TIMING: Timing = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };
const JITTER = 0.2;

export interface ElectionOptions {
  readonly api: Pick<KubeApi, 'request'>;
  readonly namespace: string;
  readonly name?: string;
  /** Of a leader: unique to this process, also among those of one pod name. Of a shard: the Lease's own name. */
  readonly identity: string;
  /** Of the Lease, beside those it has. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly timing?: Timing;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called once. */
  readonly elected: (term: number) => void;
  /** Called at most once, after `elected`: from now on nothing may be changed. */
  readonly lost: (why: string) => void;
}
export interface Election {
  /** True while nobody else can have taken over: looked at before each change that is sent. */
  readonly holds: () => boolean;
  /** Who holds the lease as last seen; empty: nobody, or not known yet. */
  readonly holder: () => string;
  /** Gives the lease back, so that the next one need not wait, and ends. Never rejects. */
  readonly release: () => Promise<void>;
  /** Ends without giving it back. */
  readonly stop: () => void;
}

export function startElection(options: ElectionOptions): Election {
  const { api, namespace, name = LEADER_LEASE, identity, labels, clock, random, log } = options;
  const timing = options.timing ?? STANDARD_TIMING;
  const ref: ObjectRef = { type: LEASES, namespace, name };
  /** The lease as last seen, and since when it has been as it is. */
  let seen: { readonly lease: Lease; readonly sinceMs: number } | undefined;
  /** When the last renewal that succeeded was sent; undefined: not the holder. */
  let renewedMs: number | undefined;
  let phase: 'waits' | 'leads' | 'over' = 'waits';
  let told = '';
  /** What keeps it from asking for the lease at all, as last logged. */
  let trouble = '';
  let cancel = (): void => {};
  let cancelDeadline = (): void => {};

  const holder = (): string => seen?.lease.spec?.holderIdentity ?? '';
  const holds = (): boolean =>
    phase === 'leads' && renewedMs !== undefined && clock.monotonicMs() - renewedMs < timing.renewDeadlineMs;

  function see(lease: Lease): void {
    const changed = seen?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion;
    if (changed || seen === undefined) seen = { lease, sinceMs: clock.monotonicMs() };
    if (holder() !== told && phase === 'waits') log.info({ lease: `${namespace}/${name}`, holder: holder() }, 'leader');
    told = holder();
  }
  const free = (): boolean =>
    seen === undefined || holder() === '' || holder() === identity || standsStill(seen.sinceMs, seen.lease);
  const standsStill = (sinceMs: number, { spec }: Lease): boolean =>
    clock.monotonicMs() - sinceMs >= Math.max(timing.durationMs, (spec?.leaseDurationSeconds ?? 0) * 1_000);

  function specOf(old: LeaseSpec | undefined): LeaseSpec {
    const now = rfc3339Micro(clock.wallMs());
    const again = old?.holderIdentity === identity && old.acquireTime !== undefined;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(timing.durationMs / 1_000),
      acquireTime: again ? old.acquireTime : now,
      renewTime: now,
      leaseTransitions: (old?.leaseTransitions ?? 0) + (old === undefined || again ? 0 : 1),
    };
  }
  const labelled = (metadata: Draft['metadata']): Draft['metadata'] =>
    labels === undefined ? metadata : { ...metadata, labels: { ...metadata.labels, ...labels } };
  /** Undefined: taken or renewed. Otherwise why not; `held`: it is another's. An unknown outcome is none: the next look tells. */
  async function attempt(): Promise<Failure | undefined> {
    // The holder knows its lease: one request. Everybody else looks first.
    if (phase === 'waits' || seen === undefined) {
      const found = await api.request({ verb: 'get', ref });
      if (found.kind === 'ok') see(found.answer);
      else if (found.kind === 'notFound') seen = undefined;
      else return { held: false, text: textOf(found) };
    }
    if (phase === 'over') return { held: true, text: 'over' };
    if (!free()) return { held: true, text: `held by ${holder()}` };
    const sentMs = clock.monotonicMs();
    const old = seen?.lease;
    const metadata = labelled(old?.metadata ?? { namespace, name });
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: specOf(old?.spec) };
    const written = await api.request(
      old === undefined
        ? { verb: 'create', type: LEASES, object }
        : { verb: 'replace', ref, object: object as KubeObject }, // With the metadata that was read.
    );
    if (written.kind === 'ok') {
      see(written.answer);
      renewedMs = sentMs;
      cancelDeadline();
      // A request that hangs must not keep it from giving up in time.
      const leftMs = sentMs + timing.renewDeadlineMs - clock.monotonicMs();
      cancelDeadline = clock.after(leftMs, () => giveUp('not renewed in time'));
      return undefined;
    }
    const fresh = await api.request({ verb: 'get', ref });
    if (fresh.kind === 'ok') see(fresh.answer);
    // Another one was faster.
    const held = written.kind === 'conflict' || written.kind === 'alreadyExists';
    return { held, text: textOf(written) };
  }

  async function round(): Promise<void> {
    const problem = await attempt().catch((error: unknown): Failure => ({ held: false, text: String(error) }));
    if (phase === 'over') return;
    if (phase === 'waits') tellTrouble(problem);
    if (problem === undefined && phase === 'waits') {
      // A lease that came too late to be worth anything is renewed first.
      if (renewedMs === undefined || clock.monotonicMs() - renewedMs >= timing.renewDeadlineMs) return again();
      phase = 'leads';
      const term = seen?.lease.spec?.leaseTransitions ?? 0;
      log.info({ lease: `${namespace}/${name}`, identity, term }, 'elected');
      options.elected(term);
    } else if (phase === 'leads' && holder() !== identity) return giveUp(`taken over by ${holder() || 'nobody'}`);
    else if (problem !== undefined && phase === 'leads')
      log.warn({ problem: problem.text }, 'lease not renewed, trying again');
    again();
  }
  /** Once for each text: one that waits looks every two seconds. */
  function tellTrouble(problem: Failure | undefined): void {
    const text = problem === undefined || problem.held ? '' : problem.text;
    if (text !== '' && text !== trouble)
      log.warn({ lease: `${namespace}/${name}`, problem: text }, 'cannot ask for the lease');
    trouble = text;
  }
  function again(): void {
    cancel = clock.after(jittered(timing.retryMs, JITTER, random), () => void round());
  }
  function giveUp(why: string): void {
    if (phase !== 'leads') return;
    end();
    log.error({ lease: `${namespace}/${name}`, identity, why }, 'leadership lost');
    options.lost(why);
  }
  function end(): void {
    phase = 'over';
    cancel();
    cancelDeadline();
  }
  void round();

  return {
    holds,
    holder,
    stop: end,
    release: async () => {
      const held = holds() ? seen?.lease : undefined;
      end();
      if (held === undefined) return;
      const now = rfc3339Micro(clock.wallMs());
      const spec = { ...held.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
      const outcome = await api
        .request({ verb: 'replace', ref, object: { ...held, spec } as KubeObject }) // A Lease with another spec.
        .catch((error: unknown) => ({ kind: 'transport', cause: String(error) }) as const);
      if (outcome.kind !== 'ok') log.warn({ why: textOf(outcome) }, 'lease not released: the next leader waits for it');
    },
  };
}

interface Failure {
  readonly held: boolean;
  readonly text: string;
}

/** Of a request about a Lease that did not succeed: the server's own words where there are any. */
export function textOf(outcome: { readonly kind: string; readonly message?: string; readonly cause?: string }): string {
  return outcome.message ?? outcome.cause ?? outcome.kind;
}
