/** Steps 24, 45, 48: what a drivers builder built goes into the container that distributes drivers, and is looked after there. Source: spec 06, 4.8, 4.9; F32, I6. */
import {
  type Checked,
  checkUploadedDrivers,
  copyChecksum,
  copyDrivers,
  downloadDrivers,
  downloadVersion,
} from '../../../io/commands.ts';
import { type BuilderResult, parseBuilderResult } from '../../../io/weka-parsers/results.ts';
import { PODS_CONTAINER } from '../../../messages/resources.ts';
import { done, doneWith, failed, normal, skipped, type Verdict } from '../../../messages/verdict.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { namespaceOf, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask, type Throttle } from '../step.ts';
import { emptied } from './clear-status.ts';
import { dropResult } from './drop-result.ts';
import { setStatus } from './object.ts';

/** By convention, where neither allocation nor spec name one. */
const BUILDER_PORT = 60_002;

/** Step 45. */
export const updateBuilderStatus = (pass: Pass): Verdict => setStatus(pass, 'Building');

type Found = { readonly kind: 'found'; readonly target: PodTarget } | { readonly kind: 'none'; readonly why: string };
function targetOf(pass: Pass): Found {
  const { spec, view } = pass;
  const name = spec.uploadResultsTo ?? '';
  if (name === '') return { kind: 'none', why: 'uploadResultsTo is not set' };
  const namespace = namespaceOf(pass);
  if (view.containerByName(namespace, name) === undefined)
    return {
      kind: 'none',
      why: `error getting target dist container: wekacontainers.weka.weka.io "${name}" not found`,
    };
  const pod = view.pod(namespace, name);
  if (pod === undefined) return { kind: 'none', why: `pods "${name}" not found` };
  const { uid: podUid } = pod.metadata;
  return {
    kind: 'found',
    target: { namespace, pod: name, podUid, node: pod.spec?.nodeName ?? '', container: PODS_CONTAINER },
  };
}

/** Step 48 of a builder. All commands may be repeated: a failure repeats them from the first one. */
export function uploadResult(pass: Pass): Verdict | Ask {
  const { status, spec, pod } = pass;
  const found = targetOf(pass);
  if (found.kind === 'none') return failed(found.why);
  const podIp = pod?.status?.podIP ?? '';
  if (podIp === '') return failed('builder IP is not set');
  const result = parseBuilderResult(status.result ?? '');
  if (result.kind === 'bad') return dropResult(pass, `error unmarshalling execution result: ${result.why}`);
  const port = status.allocations?.wekaPort || spec.port || BUILDER_PORT;
  return ask('operation', upload(found.target, commandsOf(result.value, podIp, port)));
}
function commandsOf(result: BuilderResult, podIp: string, port: number): readonly Checked[] {
  const { wekaVersion: version, kernelSignature: signature, packSupported, copyOnly } = result;
  const built = { podIp, port, version, signature, packSupported };
  if (copyOnly) return [copyDrivers(built)];
  return packSupported
    ? [downloadVersion(built), downloadDrivers(built)]
    : [downloadDrivers(built), copyChecksum(built)];
}
function* upload(target: PodTarget, commands: readonly Checked[]): Script<Verdict> {
  for (const checked of commands) {
    if (checked.kind === 'invalid') return failed(checked.why);
    const outcome = yield* exec(target, checked.command);
    if (outcome.kind !== 'ok') return failed(`${execText(checked.command, outcome)}, ${stderrOf(outcome)}`);
  }
  return doneWith({ status: { status: 'Completed' } });
}

/**
 * Step 24: drivers that the distribution has lost are built anew. Anything else that fails says nothing about them: it is tried
 * again in its own time and holds up nothing (I6). Without packs there is nothing to ask for by signature.
 */
export function checkUploaded(pass: Pass): Verdict | Ask {
  if (pass.status.result === undefined) return done;
  const result = parseBuilderResult(pass.status.result);
  if (result.kind === 'bad') return skipped(`error unmarshalling execution result: ${result.why}`);
  const { wekaVersion: version, kernelSignature: signature, packSupported, copyOnly } = result.value;
  if (!packSupported || copyOnly || signature === '') return done;
  const found = targetOf(pass);
  if (found.kind === 'none') return skipped(found.why);
  const checked = checkUploadedDrivers({ version, signature });
  return checked.kind === 'invalid' ? skipped(checked.why) : ask('operation', check(pass, found.target, checked));
}
/** After a check that said nothing the next one comes soon. Source: spec 06, 0.5, 8.2 no. 32. */
export const ownTimer: Throttle = {
  everyMs: () => 7 * 60_000,
  againMs: () => 60_000,
  preset: true,
  stamp: 'success',
};
const LOST = ['Failed to download the drivers', 'Version missing'];
function* check(pass: Pass, target: PodTarget, { command }: Extract<Checked, { kind: 'ok' }>): Script<Verdict> {
  const outcome = yield* exec(target, command, 'periodic');
  if (outcome.kind === 'ok') return done;
  const stderr = stderrOf(outcome);
  const reason = `${execText(command, outcome)}, ${stderr}`;
  if (!LOST.some((text) => stderr.includes(text))) return skipped(reason);
  const events = [normal('DriversRebuild', 'Cannot load drivers, trigger re-build and re-upload')];
  return failed(reason, { events, status: emptied(pass.status) });
}
