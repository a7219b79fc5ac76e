/** Steps 43 and 44: hands the allocation to the pod as `resources.json`, and verifies it. Source: spec 05, 9; F34. */
import { checkPersistency, verifyResources, writeResources } from '../../../io/commands.ts';
import { done, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import type { Allocations } from '../../../messages/weka-container.ts';
import { isAllocatable } from '../../../messages/weka-modes.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { netDevices, resourcesOf, sameResources } from '../../rules/allocation/resources-json.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';

/** Nothing was written: what is written before the persistent directory is in place is lost. */
export const NO_PLACE = 'Persistency is not yet configured';
const NOT_YET = wait(WAIT_MS, NO_PLACE);

/** What the file must say; a text when that cannot be told. */
export function expectedResources({ spec, status }: Pass): Allocations | string {
  if (isAllocatable(spec.mode) && status.allocations === undefined) return 'no allocations';
  return resourcesOf(isAllocatable(spec.mode) ? status.allocations : undefined, netDevices(spec.network));
}

export function writeResourcesStep(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  return ask('drives', writeAndVerify(pass, target));
}

/** Written only where the pod's persistent directory is already in place; the rename makes the replacement atomic. */
export function* writeAndVerify(pass: Pass, target: PodTarget): Script<Verdict> {
  const persistency = yield* exec(target, checkPersistency());
  if (persistency.kind !== 'ok') return NOT_YET;
  const expected = expectedResources(pass);
  if (typeof expected === 'string') return failed(`failed to get expected allocations: ${expected}`);
  const command = writeResources(JSON.stringify(expected));
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
