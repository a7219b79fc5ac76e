/**
 * Rows 21, 22, P4, P5: an envoy without s3 and a telemetry container without compute beside it are of no use, and go when
 * that lasts. Source: spec 02, 6.15; spec 07, 11; F20.
 */
import {
  done,
  doneWith,
  type EventNote,
  failed,
  normal,
  type Verdict,
  WAIT_MS,
  wait,
} from '../../../messages/verdict.ts';
import { type ContainerMode, TIMESTAMPS, type WekaContainer } from '../../../messages/weka-container.ts';
import { kube, type Script } from '../../calls.ts';
import { containerRef, namespaceOf, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';

interface Rule {
  readonly neighbour: ContainerMode;
  readonly timestamp: string;
  readonly graceMs: (pass: Pass) => number;
  readonly waits: string;
  readonly note: EventNote;
}
export const deleteEnvoyIfNoS3Neighbor = unlessNeighbour({
  neighbour: 's3',
  timestamp: TIMESTAMPS.noS3Neighbor,
  graceMs: ({ settings }) => settings.deleteEnvoyWithoutS3NeighborTimeoutMs,
  waits: 'Envoy container has no S3 neighbor, waiting for 5 minutes before deleting it',
  note: normal('EnvoyContainerWithoutS3Neighbor', 'Envoy container has no S3 neighbor, deleting it'),
});
export const deleteTelemetryIfNoComputeNeighbor = unlessNeighbour({
  neighbour: 'compute',
  timestamp: TIMESTAMPS.noComputeNeighbor,
  graceMs: ({ settings }) => settings.deleteTelemetryWithoutComputeNeighborTimeoutMs,
  waits: 'Telemetry container has no compute neighbor, waiting before deleting it',
  note: normal('TelemetryContainerWithoutComputeNeighbor', 'Telemetry container has no compute neighbor, deleting it'),
});

const LOOK_AGAIN_MS = 15_000;

function unlessNeighbour(rule: Rule) {
  return (pass: Pass): Verdict | Ask => {
    const { container, nodeName, status, view, wallMs } = pass;
    // One that waits for its node has no neighbours yet, and none is missed.
    if (nodeName === undefined || !view.synced()) return done;
    const [owner, ...more] = container.metadata.ownerReferences ?? [];
    if (owner === undefined) return failed('no owner references found');
    if (more.length > 0) return failed('more than one owner reference found');
    const since = status.timestamps?.[rule.timestamp];
    if (view.containersOfOwner(owner.uid).some((other) => isNeighbour(pass, rule.neighbour, other))) {
      return since === undefined ? done : doneWith({ status: { timestamps: { [rule.timestamp]: null } } });
    }
    if (since === undefined) {
      const timestamps = { [rule.timestamp]: new Date(wallMs).toISOString() };
      return wait(LOOK_AGAIN_MS, rule.waits, { status: { timestamps } });
    }
    // A time that cannot be read is no reason to go.
    return wallMs - Date.parse(since) >= rule.graceMs(pass) ? ask('object', leave(pass, rule)) : done;
  };
}
/** In any state: it may be on its way out, but it is there. */
const isNeighbour = (pass: Pass, mode: ContainerMode, { metadata, spec, status }: WekaContainer): boolean =>
  metadata.namespace === namespaceOf(pass) &&
  metadata.labels?.['weka.io/mode'] === mode &&
  (spec.nodeAffinity || status?.nodeAffinity) === pass.nodeName;

/** Nothing is written after it: the object has changed by the delete, and its flow ends here (F5, F20). */
function* leave(pass: Pass, { note }: Rule): Script<Verdict> {
  const { resourceVersion } = pass.container.metadata;
  const request = { verb: 'delete', ref: containerRef(pass), uid: pass.uid, resourceVersion } as const;
  const outcome = yield* kube(request, 'removal');
  if (outcome.kind !== 'ok' && outcome.kind !== 'notFound') return kubeFailed('failed to delete container', outcome);
  return wait(WAIT_MS, note.message, { events: [note] });
}
