/**
 * Step 59: drives that have really failed are blocked on their node, so that step 60 removes them. Only those that two
 * samples of the agent and weka's own list agree on. Source: spec 06, 2.6, 8.2 no. 21 and 22; F15.
 */
import { parseContainerInfo } from '../../../io/weka-parsers/container-info.ts';
import { done, doneWith, failed, skipped, type Verdict, warning } from '../../../messages/verdict.ts';
import type { ContainerMetrics } from '../../../messages/weka-container.ts';
import { isDrive, usesDriveSharing } from '../../../messages/weka-modes.ts';
import { askAgent, type Script } from '../../calls.ts';
import { blockDrives } from '../../rules/block-drives.ts';
import { markedForDeletion, type Pass } from '../pass.ts';
import { agentText } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { writeNodeDrives } from './node-drives.ts';

/** A drive that comes or serves has not failed. */
const SOUND: ReadonlySet<string> = new Set(['ACTIVE', 'PHASING_IN']);

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
function block(name: string, serials: readonly string[]): Script<Verdict> {
  return writeNodeDrives(name, (node) => {
    const outcome = blockDrives(node, serials);
    if (outcome.kind === 'nothing') return { verdict: done };
    if (outcome.kind === 'failed') return { verdict: failed(outcome.reason) };
    const text = `Drives [${outcome.serials.join(' ')}] marked for removal from container`;
    return { drives: outcome, verdict: doneWith({ events: [warning('DrivesMarkedForRemoval', text)] }) };
  });
}
