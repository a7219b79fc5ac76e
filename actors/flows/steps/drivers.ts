/** Steps 27 and 38: the drivers of the container's node, loaded by the node's actor. Source: spec 06, 4.2, 4.3. */

import type { DriverNeed } from '../../../messages/drivers.ts';
import type { Node } from '../../../messages/resources.ts';
import { done, failed, type Verdict, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { hasFrontend } from '../../../messages/weka-modes.ts';
import { askNode, type Script } from '../../calls.ts';
import { driversReady } from '../../rules/drivers.ts';
import { imageOf } from '../../rules/pod-image.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { imageToRun } from './upgrade-conditions.ts';

/** The pod's image counts where there is a pod: its process asks for these drivers. */
export function driverNeed({ pod, spec }: Pass): DriverNeed {
  const inPod = pod === undefined ? undefined : imageOf(pod);
  return { image: inPod ?? spec.image, frontend: hasFrontend(spec.mode) };
}

export function ensureDrivers(pass: Pass): Verdict | Ask {
  const { node, settings } = pass;
  if (node === undefined) return failed('node not found');
  if (mayComeBackAsItWas(pass)) return ask('drivers', ofImageToRun(pass, node));
  const need = driverNeed(pass);
  if (driversReady(node, need, settings.backendDriversNeedBootId)) return done;
  return ask('drivers', loadDrivers(pass, need, false));
}
/** Its next pod may have the image of the last one: an upgrade that mounts stand against takes no drivers away. */
const mayComeBackAsItWas = ({ pod, spec, status }: Pass): boolean =>
  pod === undefined &&
  hasFrontend(spec.mode) &&
  !spec.driversLoaderImage &&
  Boolean(status.lastAppliedImage) &&
  status.lastAppliedImage !== spec.image;
function* ofImageToRun(pass: Pass, node: Node): Script<Verdict> {
  const need = { ...driverNeed(pass), image: yield* imageToRun(pass) };
  if (driversReady(node, need, pass.settings.backendDriversNeedBootId)) return done;
  return yield* loadDrivers(pass, need, false);
}

/** The status says what is waited for; the wait ends with the node's change, not with its delay. */
export function* loadDrivers(pass: Pass, need: DriverNeed, forced: boolean): Script<Verdict> {
  if (pass.nodeName === undefined) return failed('node not found');
  const answer = yield* askNode(pass.nodeName, { kind: 'loadDrivers', uid: pass.uid, need, forced });
  const status = { status: 'WaitForDrivers' };
  switch (answer.kind) {
    case 'loaded':
      return done;
    case 'pending':
      return wait(answer.delayMs, answer.reason, { status });
    case 'failed':
      return failed(answer.reason, { status, events: [warningEachMinute('DriversLoadFailed', answer.reason)] });
  }
}
