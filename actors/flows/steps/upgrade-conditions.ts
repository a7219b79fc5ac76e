/** Whether the pod of a frontend may be replaced by one of another image. Source: spec 03, 6.2, 9.4; F31. */
import { type EventNote, warningEachMinute } from '../../../messages/verdict.ts';
import { hasFrontend, isClient } from '../../../messages/weka-modes.ts';
import type { Script } from '../../calls.ts';
import { goesFirst, imageOf, upgradesByForce } from '../../rules/pod-image.ts';
import type { Pass } from '../pass.ts';
import { countsMounts, mountsOf } from './drain.ts';

/** Undefined where nothing stands against it. */
export type Objection = { readonly why: string; readonly events: readonly EventNote[] } | undefined;

/** Mounts that stand against stopping it: of a client that has joined, and that nobody told not to count. */
export function* mountsAgainst(pass: Pass): Script<Objection> {
  if (!isClient(pass.spec.mode) || pass.status.containerID === undefined || !countsMounts(pass)) return undefined;
  const held = yield* mountsOf(pass);
  if (held.kind === 'unknown') return { why: held.why, events: [] };
  if (held.kind !== 'counted' || held.count === 0) return undefined;
  const why = `${held.count} mounts are still active`;
  return { why, events: [warningEachMinute('ActiveMounts', why)] };
}

export function* upgradeObjection(pass: Pass): Script<Objection> {
  const { spec, status } = pass;
  if (!hasFrontend(spec.mode) || !status.lastAppliedImage || spec.allowHotUpgrade === true) return undefined;
  const mounts = yield* mountsAgainst(pass);
  if (mounts !== undefined) return mounts;
  const why = otherImageBeside(pass);
  return why === undefined ? undefined : { why, events: [] };
}

const FRONTENDS: ReadonlySet<string | undefined> = new Set(['nfs', 's3', 'client']);
/** One driver serves all frontends of a node: they go to an image together. Two that would wait for each other do not. */
function otherImageBeside({ view, nodeName, container, spec, uid }: Pass): string | undefined {
  if (nodeName === undefined) return undefined;
  for (const pod of view.podsOnNode(nodeName)) {
    const { name, namespace = '', labels } = pod.metadata;
    if (!FRONTENDS.has(labels?.['weka.io/mode'])) continue;
    const image = imageOf(pod);
    if (image === undefined || image === spec.image) continue;
    const other = view.containerByName(namespace, name);
    if (other?.metadata.uid === uid) continue;
    if (other?.spec.image === spec.image && goesFirst(container, other)) continue;
    return `pod ${name} on same node ${nodeName} has different image ${image}`;
  }
  return undefined;
}

/** What a new pod of the container runs: one that may not be upgraded yet comes back as it was. Source: spec 04, 6.1. */
export function* imageToRun(pass: Pass): Script<string> {
  const { spec, status, container, settings } = pass;
  const { lastAppliedImage: applied } = status;
  if (!applied || applied === spec.image || upgradesByForce(container, settings)) return spec.image;
  return (yield* upgradeObjection(pass)) === undefined ? spec.image : applied;
}
