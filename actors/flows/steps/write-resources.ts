/** Steps 43 and 44: hands the allocation to the pod as `resources.json`, and verifies it, also in each new pod. Source: spec 05, 9; F34. */
import { createHash } from 'node:crypto';
import { checkPersistency, verifyResources, writeResources } from '../../../io/commands.ts';
import { CONDITIONS } from '../../../messages/condition.ts';
import { sameJson } from '../../../messages/merge-patch.ts';
import { done, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import type { Allocations } from '../../../messages/weka-container.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { expectedResources as expectedOn } from '../../rules/allocation/expected-resources.ts';
import { resourcesText, sameResources } from '../../rules/allocation/resources-json.ts';
import { hasCondition, ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';

/** Nothing was written: what is written before the persistent directory is in place is lost. */
export const NO_PLACE = 'Persistency is not yet configured';
const NOT_YET = wait(WAIT_MS, NO_PLACE);

/** What the file must say; a text when that cannot be told. */
export function expectedResources({ container, node, nodeName, settings }: Pass): Allocations | string {
  if (node === undefined) return `failed to get node ${nodeName}: not found`;
  const expected = expectedOn(container, node, settings);
  return expected.kind === 'known' ? expected.resources : expected.reason;
}

export function writeResourcesStep(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  return ask('drives', writeAndVerify(pass, target));
}

/** Written only where the pod's persistent directory is already in place; the rename makes the replacement atomic. */
export function* writeAndVerify(pass: Pass, target: PodTarget): Script<Verdict> {
  const check = checkPersistency();
  const persistency = yield* exec(target, check);
  // Nobody would find out why it waits for ever.
  if (persistency.kind === 'forbidden') return failed(execText(check, persistency));
  if (persistency.kind !== 'ok') return NOT_YET;
  const expected = expectedResources(pass);
  if (typeof expected === 'string') return failed(`failed to get expected allocations: ${expected}`);
  const command = writeResources(resourcesText(expected));
  const written = yield* exec(target, command);
  if (written.kind !== 'ok') {
    // The script tests the marker again: it went in between (05 A-12).
    if (written.kind === 'exit' && written.code === 1) return NOT_YET;
    return failed(`error writing resources.json: ${execText(command, written)}, ${stderrOf(written)}`);
  }
  return (yield* verify(target, expected)) ?? done;
}

/** Undefined: the file says what is expected. Else why not, as a verdict. */
export function* verify(target: PodTarget, expected: Allocations): Script<Verdict | undefined> {
  const command = verifyResources();
  const read = yield* exec(target, command);
  if (read.kind !== 'ok') return failed(`error reading resources.json: ${execText(command, read)}, ${stderrOf(read)}`);
  const found = parsed(read.stdout);
  if (typeof found === 'string') return failed(`invalid JSON in resources.json: ${found}`);
  return sameResources(found, expected)
    ? undefined
    : failed('resources.json content does not match expected allocations');
}
function parsed(text: string): Allocations | string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Allocations) : 'not an object'; // Compared field by field.
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Step 44: an unhealthy container may have lost its file. Its outcome never ends the pass. */
export function checkUnhealthyPodResources(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  return ask('drives', repair(pass, target));
}
/** Verifies, and writes again where the file is wrong. A command that timed out tells nothing about the file. */
export function* repair(pass: Pass, target: PodTarget): Script<Verdict> {
  const expected = expectedResources(pass);
  if (typeof expected === 'string') return failed(`failed to get expected allocations: ${expected}`);
  const wrong = yield* verify(target, expected);
  if (wrong === undefined) return done;
  if (wrong.kind === 'failed' && wrong.reason.includes('context deadline exceeded')) return wait(10_000, wrong.reason);
  return yield* writeAndVerify(pass, target);
}

/** Whether the API knows what the working copy says was allocated: nothing else may reach the pod. */
export const allocationsAreStored = ({ uid, view, status }: Pass): boolean =>
  sameJson(view.container(uid)?.status?.allocations ?? {}, status.allocations ?? {});
/** Once written, a file may still be of an earlier allocation, or lost with an earlier pod. */
export const mayBeOutdated = (pass: Pass): boolean =>
  hasCondition(pass, CONDITIONS.resourcesWritten) && allocationsAreStored(pass);
/** What a key was calculated from: while these stay, it stays. */
interface Keyed {
  readonly spec: Pass['spec'];
  readonly node: Pass['node'];
  readonly podUid: string | undefined;
  readonly key: string;
}
/** Each pass asks for the key, and nearly each gets the same: 15 us for a look-up (measured with the tree benchmark). */
const keys = new WeakMap<object, Keyed>();
/** One verification for each pod and content; short, since a container at rest remembers it. */
export function podAndContent(pass: Pass): string {
  const { spec, node, pod, status } = pass;
  const podUid = pod?.metadata.uid;
  const known = status.allocations === undefined ? undefined : keys.get(status.allocations);
  if (known?.spec === spec && known.node === node && known.podUid === podUid) return known.key;
  const expected = expectedResources(pass);
  const key = createHash('sha256')
    .update(`${podUid}/${typeof expected === 'string' ? expected : resourcesText(expected)}`)
    .digest('base64url')
    .slice(0, 12);
  if (status.allocations !== undefined) keys.set(status.allocations, { spec, node, podUid, key });
  return key;
}
/** Step 43v. The condition stays: the file was written once. */
export function verifyOfPod(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  return ask('drives', verifiedSoon(pass, target));
}
function* verifiedSoon(pass: Pass, target: PodTarget): Script<Verdict> {
  const verdict = yield* repair(pass, target);
  return verdict.kind === 'done' ? verdict : { ...verdict, lookAgainMs: WAIT_MS };
}
