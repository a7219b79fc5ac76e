/**
 * Step 59: drives that have really failed are blocked on their node, so that step 60 removes them. Only those that two
 * samples of the agent and weka's own list agree on. Source: spec 06, 2.6, 8.2 no. 21 and 22; F15.
 */
import { parseContainerInfo } from '../../../io/weka-parsers/container-info.ts';
import { type KubeOutcome, NODES, refOf } from '../../../messages/kube.ts';
import type { Node } from '../../../messages/resources.ts';
import { done, doneWith, failed, skipped, type Verdict, warning } from '../../../messages/verdict.ts';
import type { ContainerMetrics } from '../../../messages/weka-container.ts';
import { isDrive, usesDriveSharing } from '../../../messages/weka-modes.ts';
import { askAgent, kube, type Script } from '../../calls.ts';
import { blockDrives } from '../../rules/block-drives.ts';
import { markedForDeletion, type Pass } from '../pass.ts';
import { agentText, kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';

/** A drive that comes or serves has not failed. */
const SOUND: ReadonlySet<string> = new Set(['ACTIVE', 'PHASING_IN']);
const TRIES = 3;

const failures = (stats: ContainerMetrics | undefined): readonly string[] =>
  (stats?.drives?.failures ?? []).flatMap(({ serialId }) => serialId?.trim() || []);

/** Failed by the last written sample and by weka's list, which step 58 of this pass has fetched. */
function suspects({ status }: Pass): readonly string[] {
  const bad = new Set(failures(status.stats));
  return (status.addedDrives ?? []).flatMap(({ serial_number: serial, status: drive }) =>
    bad.has(serial) && !SOUND.has(drive) ? [serial] : [],
  );
}
/** So much later a sample is another one: the agent asks its container anew each time. */
function isOld({ status, settings, wallMs }: Pass): boolean {
  const ageMs = wallMs - Date.parse(status.stats?.lastUpdate ?? '');
  return ageMs >= settings.metricsContainersPollingRateMs / 2;
}

export const hasFailedDrives = (pass: Pass): boolean =>
  pass.settings.removeFailedDrivesFromWeka &&
  isDrive(pass.spec.mode) &&
  !usesDriveSharing(pass.spec) &&
  !markedForDeletion(pass) &&
  pass.status.internalStatus === 'READY' &&
  isOld(pass) &&
  pass.node !== undefined &&
  blockDrives(pass.node, suspects(pass)).kind !== 'nothing';

export function markFailed(pass: Pass): Verdict | Ask {
  return ask('drives', mark(pass));
}
function* mark(pass: Pass): Script<Verdict> {
  const { nodeName, uid, settings } = pass;
  if (nodeName === undefined) return failed('container has no node affinity');
  const timeoutMs = settings.metricsContainersRequestTimeoutGetContainerInfoMs;
  const body = JSON.stringify({ container_id: uid });
  const answer = yield* askAgent(nodeName, { method: 'POST', path: '/getContainerInfo', body, timeoutMs });
  // Without a second sample nothing has failed; what follows does not depend on it.
  if (answer.kind !== 'ok') return skipped(agentText(answer));
  const info = parseContainerInfo(answer.body);
  if (info.kind === 'bad') return skipped(info.why);
  const again = new Set(failures(info.value));
  const serials = suspects(pass).filter((serial) => again.has(serial));
  return serials.length === 0 ? done : yield* block(nodeName, serials);
}
/** Under the resourceVersion of what was read; kubelets write their node all the time. */
function* block(name: string, serials: readonly string[]): Script<Verdict> {
  const ref = refOf(NODES, { name });
  let last: KubeOutcome = { kind: 'conflict', message: '' };
  for (let left = TRIES; left > 0 && last.kind === 'conflict'; left -= 1) {
    const read = yield* kube<Node>({ verb: 'get', ref });
    if (read.kind !== 'ok') return kubeFailed('failed to get node', read);
    const outcome = blockDrives(read.answer, serials);
    if (outcome.kind === 'nothing') return done;
    if (outcome.kind === 'failed') return failed(outcome.reason);
    const { resources, annotations } = outcome;
    const status = { capacity: resources, allocatable: resources };
    const patch = { metadata: lock(read.answer), status };
    last = yield* kube({ verb: 'mergePatch', ref, subresource: 'status', patch });
    if (last.kind !== 'ok') continue;
    last = yield* kube({ verb: 'mergePatch', ref, patch: { metadata: { ...lock(last.answer), annotations } } });
    if (last.kind !== 'ok') continue;
    const text = `Drives [${outcome.serials.join(' ')}] marked for removal from container`;
    return doneWith({ events: [warning('DrivesMarkedForRemoval', text)] });
  }
  return kubeFailed('failed to update node', last);
}
const lock = ({ metadata }: { readonly metadata: { readonly uid: string; readonly resourceVersion?: string } }) => ({
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});
