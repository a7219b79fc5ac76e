/**
 * A node's ledger: which drives, ports and places were granted and are not written yet. All choices are made here, one after
 * the other, and each sees what every container of the node holds and was granted. Source: design.md 3; spec 05, 4; F11, F12.
 */
import type { ContainerUid } from '../../messages/ids.ts';
import type { FeatureFlags } from '../../messages/image.ts';
import type { AllocateAnswer, AllocateMoreAnswer, BindAnswer } from '../../messages/node.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { additionalDrives, needsDrives } from '../rules/allocation/additional-drives.ts';
import { allocate, tellOwnedTwice } from '../rules/allocation/allocate.ts';
import {
  type Grant,
  type Grants,
  grantOfMore,
  grantsBeside,
  holding,
  holdsNothing,
  isWritten,
} from '../rules/allocation/grants.ts';
import { placeTakenBy } from '../rules/bind.ts';
import { kept, type Site } from './work.ts';

export interface Ledger {
  /**
   * Drives and ports. No time ends a grant: one that was taken back while its container could not write would have two
   * holders once it can.
   */
  readonly granted: Grants;
  /** Who was given the place of its kind and is not bound yet. */
  readonly placed: ReadonlySet<ContainerUid>;
}
export interface ChoiceSite extends Site {
  /** Flags of an image where they are known. */
  readonly flagsOf: (image: string) => FeatureFlags | undefined;
  /** A new one for each call: virtual drives get one each. */
  readonly newUuid: () => string;
}
/** After an error the same question is asked again so much later. */
export const FAILED_RETRY_MS = 10_000;
export const refusal = (reason: string): AllocateAnswer => ({
  kind: 'refused',
  reason,
  plain: true,
  retryMs: FAILED_RETRY_MS,
  events: [],
});

/** The same answer as before for one that asks twice. Undefined: it has to choose and may not. */
export function allocateFirst(
  ledger: Ledger,
  uid: ContainerUid,
  container: WekaContainer,
  node: Node,
  flags: FeatureFlags,
  site: ChoiceSite,
  mayChoose: boolean,
): readonly [Ledger, AllocateAnswer] | undefined {
  const { view, settings, newUuid } = site;
  const held = container.status?.allocations ?? ledger.granted.get(uid)?.allocations;
  if (held !== undefined) return [ledger, { kind: 'allocated', allocations: held, events: [] }];
  if (!mayChoose) return undefined;
  const owner = container.metadata.ownerReferences?.[0];
  if (owner === undefined) return [ledger, refusal('failed to get owner cluster: container has no owner references')];
  const cluster = view.clusterByName(container.metadata.namespace ?? '', owner.name);
  if (cluster === undefined)
    return [ledger, refusal(`failed to get owner cluster: wekaclusters.weka.weka.io "${owner.name}" not found`)];
  const others = holders(ledger.granted, site).filter(({ metadata }) => metadata.uid !== uid);
  const flagsOf = (other: WekaContainer) => site.flagsOf(imageOf(other));
  const answer = allocate({ container, cluster, node, others, flags, flagsOf, settings, newUuid });
  if (answer.kind === 'refused') return [ledger, answer];
  return [withGrant(ledger, uid, { allocations: answer.allocations, more: false }), answer];
}

/**
 * The drives that it lacks. What it was granted and has not written yet it has, unless it was blocked meanwhile. Undefined:
 * it has to choose and may not.
 */
export function allocateMore(
  ledger: Ledger,
  uid: ContainerUid,
  container: WekaContainer,
  node: Node,
  site: ChoiceSite,
  mayChoose: boolean,
): readonly [Ledger, AllocateMoreAnswer] | undefined {
  const { settings, newUuid } = site;
  const { granted } = ledger;
  const before = holding(container, grantsBeside(granted.get(uid), node));
  const needs = needsDrives(before, settings);
  if (needs && !mayChoose) return undefined;
  const all = holders(granted, site).map((each) => (each.metadata.uid === uid ? before : each));
  const held = before.status?.allocations ?? {};
  const answer = needs
    ? additionalDrives({ container: before, node, holders: all, settings, newUuid })
    : ({ kind: 'allocated', allocations: held } as const);
  const twice = tellOwnedTwice(all, (other) => site.flagsOf(imageOf(other)));
  const events = answer.kind === 'refused' ? [...answer.events, ...twice] : twice;
  // What it was granted for an earlier spec it gets, also where the rest is not to be had.
  const allocations = answer.kind === 'allocated' ? answer.allocations : held;
  const grant = grantOfMore(container.status?.allocations, allocations);
  if (answer.kind === 'refused' && holdsNothing(grant)) {
    const { reason, retryMs } = answer;
    // Who asks has nothing in hand: what it was granted and is blocked by now is reserved no longer.
    return [withoutGrant(ledger, uid), { kind: 'noMore', reason, retryMs, events }];
  }
  return [withGrant(ledger, uid, grant), { kind: 'more', allocations, events }];
}

/** The place of the one container of its kind. */
export function bind(
  ledger: Ledger,
  uid: ContainerUid,
  container: WekaContainer,
  { name, view, settings }: Site,
): readonly [Ledger, BindAnswer] {
  const taken = placeTakenBy(container, name, view, ledger.placed, settings.allowMultipleProtocolsPerNode);
  if (taken !== undefined) return [ledger, { kind: 'taken', by: taken.metadata.name }];
  const placed = ledger.placed.has(uid) ? ledger.placed : new Set([...ledger.placed, uid]);
  return [placed === ledger.placed ? ledger : { ...ledger, placed }, { kind: 'granted' }];
}

/** Without what the API has come to say itself, and what nobody will write any more; the same ledger where that is nothing. */
export function prunedLedger(ledger: Ledger, { name, view }: Site, here: (uid: ContainerUid) => boolean): Ledger {
  const boundTo = (uid: ContainerUid): string | undefined => view.container(uid)?.status?.nodeAffinity || undefined;
  const unwritten = (uid: ContainerUid, grant: Grant): boolean =>
    here(uid) && !isWritten(grant, view.container(uid)) && (boundTo(uid) ?? name) === name;
  const granted = filtered(ledger.granted, unwritten);
  const placed = kept(ledger.placed, (uid) => here(uid) && boundTo(uid) === undefined);
  return granted === ledger.granted && placed === ledger.placed ? ledger : { granted, placed };
}
function filtered(granted: Grants, holds: (uid: ContainerUid, grant: Grant) => boolean): Grants {
  for (const [uid, grant] of granted)
    if (!holds(uid, grant)) return new Map([...granted].filter(([each, of]) => holds(each, of)));
  return granted;
}

/** All containers of the node with what they hold, as written and as granted. */
function holders(granted: Grants, { name, view }: Site): readonly WekaContainer[] {
  const bound = view.containersOnNode(name);
  const unbound = [...granted.keys()].flatMap((uid) => {
    const holder = bound.some(({ metadata }) => metadata.uid === uid) ? undefined : view.container(uid);
    return holder === undefined ? [] : [holder];
  });
  return [...bound, ...unbound].map((each) => holding(each, granted.get(each.metadata.uid as ContainerUid))); // The API's uid.
}
const imageOf = ({ spec, status }: WekaContainer): string => status?.lastAppliedImage || spec.image;

const withGrant = (ledger: Ledger, uid: ContainerUid, grant: Grant): Ledger => ({
  ...ledger,
  granted: new Map(ledger.granted).set(uid, grant),
});
const withoutGrant = (ledger: Ledger, uid: ContainerUid): Ledger => ({
  ...ledger,
  granted: filtered(ledger.granted, (each) => each !== uid),
});
