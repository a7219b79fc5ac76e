/**
 * Steps 10 and D8, and the labels' part of D26 and X17: a client tells its node's actor what it says of the CSI topology
 * labels. Nothing else depends on it: what is missing skips the labels alone. Source: spec 08, 2 and 10; README F25, F36, V9.
 */
import { CONDITIONS, type Condition } from '../../../messages/condition.ts';
import type { NodeName } from '../../../messages/ids.ts';
import type { CsiAnswer } from '../../../messages/node.ts';
import { done, doneWith, failed, skipped, type Verdict, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { isClient } from '../../../messages/weka-modes.ts';
import { askNode, type Script, sleep } from '../../calls.ts';
import { csiSays, driverOf } from '../../rules/csi.ts';
import { hasCondition, type Pass } from '../pass.ts';
import { withCondition } from '../run.ts';
import { type Ask, ask } from '../step.ts';

const managesCsi = ({ spec, settings }: Pass): boolean => isClient(spec.mode) && settings.csiInstallationEnabled;
/** Its node is known: gone ones have no labels. */
export const labelsItsNode = (pass: Pass): boolean => managesCsi(pass) && pass.node !== undefined;
/** What it applied stands in its status (V9). */
export const remembersDriver = ({ settings }: Pass): boolean => settings.csiCleanStaleLabels;
/** Labels of a driver that it no longer serves, CSI on or off. */
export const cleansLabels = (pass: Pass): boolean =>
  remembersDriver(pass) && isClient(pass.spec.mode) && pass.node !== undefined && rememberedDriver(pass) !== undefined;
/** Before they leave or pause, which the reference does not do (V9). */
export const followsLifecycle = (pass: Pass): boolean => labelsItsNode(pass) && pass.settings.csiLabelsFollowLifecycle;

export function manageCsiLabels(pass: Pass): Verdict | Ask {
  const { container, nodeName, view } = pass;
  const found = driverOf(container, view);
  if (found.kind === 'none' || nodeName === undefined) return done;
  if (found.kind === 'unknown') return skipped(found.why, { events: [notKept(found.why)] });
  const { driver } = found;
  const says = pluginIsThere(pass, driver) ? csiSays(container, pass.settings, pass.wallMs) : 'no';
  // Durable before it is used: a driver that is not remembered could not be cleaned up after.
  if (remembersDriver(pass) && rememberedDriver(pass) !== driver) {
    return says === 'yes' ? remember(pass, driver) : done;
  }
  return ask('csi', said(askNode(nodeName, { kind: 'csiClaim', uid: pass.uid, driver, says })));
}
const pluginIsThere = ({ settings, view, nodeName }: Pass, driver: string): boolean =>
  !settings.csiRequireNodePlugin || (nodeName !== undefined && view.csiDrivers(nodeName).includes(driver));

/** V9: the driver changed, or CSI was turned off. */
export function cleanStaleLabels(pass: Pass): Verdict | Ask {
  const { container, nodeName, view, settings } = pass;
  const before = rememberedDriver(pass);
  const found = driverOf(container, view);
  if (before === undefined || nodeName === undefined) return done;
  if (settings.csiInstallationEnabled && (found.kind !== 'driver' || found.driver === before)) return done;
  return ask('csi', clean(pass, nodeName, before));
}
function* clean(pass: Pass, node: NodeName, driver: string): Script<Verdict> {
  const verdict = yield* leave(pass, node, driver);
  if (verdict.kind !== 'done') return verdict;
  return doneWith({
    status: { conditions: conditionsWith(pass, { status: 'False', reason: 'Cleaned', message: driver }) },
  });
}

/** In the finaliser: once this is done no label stands because of this client alone. */
export function* leaveCsiLabels(pass: Pass): Script<Verdict> {
  const { container, nodeName, node, view } = pass;
  const before = rememberedDriver(pass);
  if (nodeName === undefined || node === undefined || !isClient(pass.spec.mode)) return done;
  if (!managesCsi(pass) && !(remembersDriver(pass) && before !== undefined)) return done;
  const found = driverOf(container, view);
  // What can no longer be derived is remembered: in its status, or by the node's actor.
  const derived = found.kind === 'driver' ? [found.driver] : [];
  const drivers = new Set<string | undefined>(
    remembersDriver(pass) && before !== undefined ? [...derived, before] : derived,
  );
  for (const driver of drivers.size === 0 ? [undefined] : drivers) {
    const verdict = yield* leave(pass, nodeName, driver);
    if (verdict.kind !== 'done') return verdict;
  }
  return done;
}
function* leave({ uid }: Pass, node: NodeName, driver: string | undefined): Script<Verdict> {
  for (let tries = TRIES; ; tries -= 1) {
    const answer = yield* askNode(node, { kind: 'csiLeave', uid, driver });
    if (answer.kind !== 'pending') return verdictOf(answer, 'failed to update node to unset CSI topology labels: ');
    if (tries <= 1) return wait(answer.delayMs, answer.reason);
    yield* sleep(answer.delayMs);
  }
}
const TRIES = 10;

function* said(asking: Script<CsiAnswer>): Script<Verdict> {
  const answer = yield* asking;
  // The node's actor goes on by itself: nobody has to wait for it.
  return answer.kind === 'pending' ? done : verdictOf(answer);
}
function verdictOf(answer: Exclude<CsiAnswer, { kind: 'pending' }>, prefix = ''): Verdict {
  if (answer.kind === 'kept') return done;
  const reason = `${prefix}${answer.reason}`;
  return failed(reason, { events: [notKept(reason)] });
}
const notKept = (why: string) => warningEachMinute('CsiLabelsError', why);

function remember(pass: Pass, driver: string): Verdict {
  return doneWith({
    status: { conditions: conditionsWith(pass, { status: 'True', reason: 'Success', message: driver }) },
    lookAgainMs: 1_000,
  });
}
/** The message is the driver's name, and nothing else. */
const rememberedDriver = (pass: Pass): string | undefined =>
  hasCondition(pass, CONDITIONS.csiLabelsApplied)
    ? pass.status.conditions?.find(({ type }) => type === CONDITIONS.csiLabelsApplied)?.message
    : undefined;
const conditionsWith = (pass: Pass, said: Pick<Condition, 'status' | 'reason' | 'message'>) =>
  withCondition(pass.status, { type: CONDITIONS.csiLabelsApplied, ...said }, pass.wallMs).conditions;
