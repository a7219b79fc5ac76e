/**
 * D19, X11: a client is not stopped under its mounts, with or without a pod. It waits until they are gone, or drains them
 * where it was told to. Source: spec 03, 6; F6, F7.
 */
import { drainDriver } from '../../../io/commands.ts';
import {
  done,
  doneWith,
  failed,
  normalEachMinute,
  type Verdict,
  wait,
  warningEachMinute,
} from '../../../messages/verdict.ts';
import { isClient } from '../../../messages/weka-modes.ts';
import { askImage, exec, type Script } from '../../calls.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { countMounts, type Mounts } from './mounts.ts';
import { nodeIsGone } from './node-gone.ts';
import { umountOnHost } from './umount.ts';

const LOOK_AGAIN_MS = 15_000;

/** Counted, or why there is nothing to be counted: it never was on a node, or its node and all that was mounted there is gone. */
export type Held = Mounts | { readonly kind: 'nowhere' } | { readonly kind: 'nodeGone' };

/** Read anew each time: what was true before a pass was parked may not be any more. */
export function* mountsOf(pass: Pass): Script<Held> {
  const { nodeName, node, pod } = pass;
  if (nodeName === undefined && !pod?.spec?.nodeName) return { kind: 'nowhere' };
  if (nodeName !== undefined && node === undefined && (yield* nodeIsGone(pass))) return { kind: 'nodeGone' };
  return yield* countMounts(pass, 'removal');
}

/** The override says that nobody cares for them. */
export const countsMounts = ({ spec }: Pass): boolean =>
  isClient(spec.mode) && spec.overrides?.skipActiveMountsCheck !== true;

export const waitForMountsOrDrain = (pass: Pass): Ask => ask('mounts', unmounted(pass));
function* unmounted(pass: Pass): Script<Verdict> {
  const held = yield* mountsOf(pass);
  switch (held.kind) {
    case 'nowhere':
      return done;
    case 'nodeGone':
      return doneWith({ events: [normalEachMinute('NodeNotFound', 'Node is not found')] });
    case 'unknown':
      return failed(`mounts are not known: ${held.why}`);
    case 'counted':
      return held.count === 0 ? done : yield* mounted(pass, held.count);
  }
}

function* mounted(pass: Pass, count: number): Script<Verdict> {
  const { forceDrain = false, umountOnHost: umounts = false } = pass.spec.overrides ?? {};
  const text = `${count} mounts are still active`;
  const still = wait(LOOK_AGAIN_MS, text, { events: [warningEachMinute('ActiveMounts', text)] });
  if (!forceDrain) return still;
  const neighbour = yield* drainedToo(pass);
  if (neighbour !== undefined) {
    const why = `${neighbour} is on the same node, a drain would cut its mounts as well; FORCE_DRAIN_SHARED_NODE allows it`;
    return wait(LOOK_AGAIN_MS, why, { events: [warningEachMinute('ForceDrainRefused', why)] });
  }
  const drained = yield* drain(pass);
  if (drained.kind !== 'done') return drained;
  const umounted = umounts ? yield* umountOnHost(pass) : done;
  // The next look counts again: nothing is gone before that.
  return umounted.kind === 'done'
    ? { ...still, events: [...(still.events ?? []), ...(umounted.events ?? [])] }
    : umounted;
}

/** Another client that the drain of this node's driver would hit; none where each has an interface of its own (F7, V7). */
function* drainedToo({ settings, view, nodeName, uid, spec }: Pass): Script<string | undefined> {
  if (nodeName === undefined || settings.forceDrainSharedNode) return undefined;
  const other = view.containersOnNode(nodeName).find((each) => isClient(each.spec.mode) && each.metadata.uid !== uid);
  if (other === undefined) return undefined;
  if (settings.clientMountsPerContainer) {
    const answer = yield* askImage({ kind: 'flags', image: spec.image, uid });
    if (answer.kind === 'known' && answer.flags.allow_per_container_driver_interface === true) return undefined;
  }
  return `client ${other.metadata.namespace}/${other.metadata.name}`;
}

function* drain(pass: Pass): Script<Verdict> {
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  const command = drainDriver();
  const outcome = yield* exec(target, command, 'removal');
  if (outcome.kind === 'ok') return done;
  return failed(`error draining the driver: ${stderrOf(outcome)}, ${execText(command, outcome)}`);
}
