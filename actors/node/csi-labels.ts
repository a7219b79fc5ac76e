/**
 * The CSI topology labels of one node: a driver's three keys stand while one of its clients says yes, and go when all of
 * them say no. As long as one has not been heard of they stay as they are. Source: spec 08, 2.4, 2.5, 2.7 and 10; README F36.
 */
import type { Config } from '../../config.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { NODES, refOf } from '../../messages/kube.ts';
import type { CsiAnswer, CsiSays, NodeAsk } from '../../messages/node.ts';
import { isClient } from '../../messages/weka-modes.ts';
import { kube, type Script, sleep } from '../calls.ts';
import { kubeText } from '../flows/said.ts';
import { driverOf, labelPatch } from '../rules/csi.ts';
import type { View } from '../view.ts';
import { forgiven, noWork, type Site, type Subject, unfinished, type Work } from './work.ts';

interface Claim {
  readonly says: CsiSays | 'left';
  /** When this client was first heard of. Monotonic. */
  readonly sinceMs: number;
}
/** By driver, then by client. Lost with the actor: whoever is not heard of again is waited for. */
type CsiClaims = ReadonlyMap<string, ReadonlyMap<ContainerUid, Claim>>;

export interface CsiLabels extends Work {
  readonly claims: CsiClaims;
}
/** A client's labels are looked at this often in any case. Source: spec 08, 2.5. */
const RETRY_MS_MAX = 30_000;

export function hearClient(
  part: CsiLabels,
  ask: ClaimAsk | LeaveAsk,
  { name, view, settings }: Site,
  nowMs: number,
): readonly [CsiLabels, CsiAnswer] {
  const claims = ask.kind === 'csiClaim' ? claimed(part.claims, ask, nowMs) : left(part.claims, ask, nowMs);
  // A patch under way may be of what was said before: its end is waited for.
  const right = nextLabels(name, claims, view, settings, nowMs) === undefined && part.phase !== 'running';
  return [{ ...part, claims }, right ? { kind: 'kept' } : unfinished(part, 1_000, 'CSI labels are being written')];
}

/** Nobody waits for its end: a client says what it has to say on every pass. */
export const csiLabels: Subject<CsiLabels> = {
  initial: { ...noWork, claims: new Map() },
  plan: (part, { name, view, settings }, nowMs) => {
    const labels = nextLabels(name, part.claims, view, settings, nowMs);
    if (labels !== undefined) return { part, wakes: [], next: { script: writeLabels(name, labels) } };
    return { part: part.phase === 'idle' ? forgiven(part) : part, wakes: [], next: undefined };
  },
  waiting: () => [],
  pruned: (part, here) => {
    const claims = present(part.claims, here);
    return claims === part.claims ? part : { ...part, claims };
  },
  retryMsMax: RETRY_MS_MAX,
};

type ClaimAsk = Extract<NodeAsk, { kind: 'csiClaim' }>;
/** One that claims another driver than before no longer speaks for that one; nobody takes its keys away for that. */
function claimed(claims: CsiClaims, { uid, driver, says }: ClaimAsk, nowMs: number): CsiClaims {
  const sinceMs = claimsOf(claims, uid).find(([, claim]) => claim.says !== 'left')?.[1].sinceMs ?? nowMs;
  const others = new Map([...claims].map(([of, byUid]) => [of, of === driver ? byUid : unless(byUid, uid)]));
  return withoutEmpty(others.set(driver, new Map(others.get(driver)).set(uid, { says, sinceMs })));
}
const unless = (byUid: ReadonlyMap<ContainerUid, Claim>, uid: ContainerUid) =>
  new Map([...byUid].filter(([of, { says }]) => of !== uid || says === 'left'));
const claimsOf = (claims: CsiClaims, uid: ContainerUid): readonly (readonly [string, Claim])[] =>
  [...claims].flatMap(([driver, byUid]) => {
    const claim = byUid.get(uid);
    return claim === undefined ? [] : [[driver, claim] as const];
  });
const withoutEmpty = (claims: CsiClaims): CsiClaims => new Map([...claims].filter(([, byUid]) => byUid.size > 0));

type LeaveAsk = Extract<NodeAsk, { kind: 'csiLeave' }>;
/** Without a driver: of whichever it last spoke for. */
function left(claims: CsiClaims, { uid, driver }: LeaveAsk, nowMs: number): CsiClaims {
  const drivers = driver === undefined ? claimsOf(claims, uid).map(([of]) => of) : [driver];
  const next = new Map(claims);
  for (const of of drivers) next.set(of, new Map(next.get(of)).set(uid, { says: 'left', sinceMs: nowMs }));
  return next;
}

/** Without those who are gone. */
function present(claims: CsiClaims, here: (uid: ContainerUid) => boolean): CsiClaims {
  if ([...claims.values()].every((byUid) => [...byUid.keys()].every(here))) return claims;
  return withoutEmpty(
    new Map([...claims].map(([driver, byUid]) => [driver, new Map([...byUid].filter(([uid]) => here(uid)))])),
  );
}

/** A pass comes at the latest so long after its time. */
const NEXT_PASS_MS = 40_000;
/** By then a client's figures have been asked for once since it was first heard of; before, old ones prove nothing. */
const firstAttemptMs = (settings: Config): number =>
  settings.metricsContainersPollingRateMs + settings.metricsContainersRequestTimeoutGetContainerInfoMs + NEXT_PASS_MS;

/** True and false: the keys are to be there, or not. Undefined: as they are. */
function accessible(
  driver: string,
  byUid: ReadonlyMap<ContainerUid, Claim>,
  name: NodeName,
  view: View,
  settings: Config,
  nowMs: number,
): boolean | undefined {
  const claims = [...byUid.values()];
  if (claims.some(({ says }) => says === 'yes')) return true;
  if (claims.some(({ says, sinceMs }) => says === 'stale' && nowMs - sinceMs < firstAttemptMs(settings))) {
    return undefined;
  }
  const unheard = view.containersOnNode(name).some((container) => {
    if (!isClient(container.spec.mode) || byUid.has(container.metadata.uid as ContainerUid)) return false; // The API's uid.
    const of = driverOf(container, view);
    return of.kind === 'driver' && of.driver === driver;
  });
  // With CSI off nobody claims anything: only what is to be cleaned is left.
  return unheard && settings.csiInstallationEnabled ? undefined : false;
}

type LabelPatch = Readonly<Record<string, string | null>>;
/** What has to change now. Undefined: nothing. */
function nextLabels(
  name: NodeName,
  claims: CsiClaims,
  view: View,
  settings: Config,
  nowMs: number,
): LabelPatch | undefined {
  if (claims.size === 0) return undefined;
  const node = view.node(name);
  if (node === undefined) return undefined;
  const patches = [...claims].flatMap(([driver, byUid]) => {
    const wanted = accessible(driver, byUid, name, view, settings, nowMs);
    const patch = wanted === undefined ? undefined : labelPatch(node.metadata.labels ?? {}, driver, name, wanted);
    return patch === undefined ? [] : [patch];
  });
  return patches.length === 0 ? undefined : Object.assign({}, ...patches);
}

/** A few keys as they are to be, whatever else has changed of the node: no precondition. */
const TRIES = 3;
/** A node that does not become what was written (the watch is behind, a hook changes it back) is not written in a loop. */
const PACE_MS = 1_000;
function* writeLabels(name: NodeName, labels: LabelPatch): Script<string | undefined> {
  for (let tries = TRIES; ; tries -= 1) {
    const ref = refOf(NODES, { name });
    const outcome = yield* kube({ verb: 'mergePatch', ref, patch: { metadata: { labels } } });
    // Gone with its labels.
    if (outcome.kind === 'ok' || outcome.kind === 'notFound') break;
    if (outcome.kind !== 'conflict' || tries <= 1) return `node ${name}: ${kubeText(outcome)}`;
  }
  yield* sleep(PACE_MS);
  return undefined;
}
