/** Empties the container's persistent directory through a Job on its node. Source: spec 03, 7; F24, F39. */
import type { NodeName } from '../../../messages/ids.ts';
import { type Draft, JOBS, refOf } from '../../../messages/kube.ts';
import { conditionOf, type Job, nodeReady } from '../../../messages/resources.ts';
import { done, failed, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { hasPersistentStorage } from '../../../messages/weka-modes.ts';
import { kube, type Script } from '../../calls.ts';
import { knownInfo } from '../../node/discovery.ts';
import { hostBaseDirectory } from '../../rules/node-info.ts';
import { namespaceOf, type Pass } from '../pass.ts';
import { kubeFailed, kubeText } from '../said.ts';

/** Remembered in the status: the directory is empty, also when the Job has gone since (F24). */
export const CLEANED = 'PersistentDirCleaned';
const VOLUME = 'weka-container-data';

/** What is emptied, all of it, and from which node. */
export interface PersistentDir {
  readonly path: string;
  readonly node: NodeName;
  /** Of the node's record; absent without one. */
  readonly os: string | undefined;
  /** The claim it lies in; absent: it is the node's own. */
  readonly claim: string | undefined;
}

/**
 * Where the data of this container lie, and of no other: its uid ends the path. A text: why that is not certain, and
 * nothing may be emptied. Source: spec 03, 14 no. 9.
 */
export function ownDirectory({ spec, node, nodeName, uid, settings, view }: Pass): PersistentDir | string {
  if (uid === undefined || nodeName === undefined || !/^[0-9a-zA-Z-]+$/.test(uid)) return 'no uid or node to clean up';
  const claim = spec.pvc === undefined ? undefined : (spec.pvc.name ?? '');
  if (settings.localDataPvc !== '' && claim === undefined)
    return 'race, container was not updated for on-container-spec pvc';
  const info = node === undefined ? undefined : knownInfo(node, view, settings);
  const os = info?.kind === 'known' ? info.info.os : undefined;
  const base = claim === undefined ? hostBaseDirectory(os) : '/opt/k8s-weka';
  return { path: `${base}/containers/${uid}`, node: nodeName, os, claim };
}

/** Done when there is nothing to be emptied, or no node to empty it on. */
export function* cleanPersistentDir(pass: Pass, directoryOf: typeof ownDirectory): Script<Verdict> {
  const { spec, status, node, nodeName, view } = pass;
  if (spec.overrides?.skipCleanupPersistentDir === true || status.timestamps?.[CLEANED] !== undefined) return done;
  if (nodeName === undefined || !hasPersistentStorage(spec.mode)) return done;
  if (spec.pvc === undefined) {
    if (node === undefined) return view.synced() ? done : wait(WAIT_MS, 'nodes are not known yet');
    if (!nodeReady(node))
      return wait(15_000, 'container node is not ready, cannot perform cleanup persistent dir operation');
  }
  const directory = directoryOf(pass);
  return typeof directory === 'string' ? failed(directory) : yield* runJob(pass, directory);
}

function* runJob(pass: Pass, directory: PersistentDir): Script<Verdict> {
  const draft = cleanUpJob(pass, directory);
  const ref = refOf(JOBS, draft.metadata);
  const job = yield* kube<Job>({ verb: 'get', ref }, 'removal');
  if (job.kind === 'notFound') {
    const created = yield* kube({ verb: 'create', type: JOBS, object: draft }, 'removal');
    if (created.kind !== 'ok' && created.kind !== 'alreadyExists')
      return failed(`failed to create the clean-up job: ${kubeText(created)}`);
    return wait(WAIT_MS, `job is not done yet - ${draft.metadata.name}`);
  }
  if (job.kind !== 'ok') return kubeFailed('failed to read the clean-up job', job);
  const { status, metadata } = job.answer;
  if ((status?.succeeded ?? 0) > 0) {
    const deleted = yield* kube({ verb: 'delete', ref, uid: metadata.uid, propagation: 'Background' }, 'removal');
    if (deleted.kind !== 'ok' && deleted.kind !== 'notFound')
      return kubeFailed('failed to delete the clean-up job', deleted);
    return { kind: 'done', status: { timestamps: { [CLEANED]: new Date(pass.wallMs).toISOString() } } };
  }
  if (conditionOf(status?.conditions, 'Failed')?.status !== 'True')
    return wait(WAIT_MS, `job is not done yet - ${metadata.name}`);
  yield* kube({ verb: 'delete', ref, uid: metadata.uid, propagation: 'Background' }, 'removal');
  const text = `clean-up job ${metadata.name} failed, it is made again`;
  return failed(text, { events: [warningEachMinute('CleanupJobFailed', text)] });
}

/** Values reach the shell as positional arguments, never as its text. */
export function cleanUpJob(pass: Pass, { path, node, os, claim }: PersistentDir): Draft & { readonly spec: unknown } {
  const { container, spec, uid, settings } = pass;
  const hostPath = claim === undefined;
  const tolerations = [
    ...(spec.tolerations ?? []),
    ...(settings.skipAuxNoScheduleToleration
      ? []
      : [
          { operator: 'Exists', effect: 'NoSchedule' },
          { operator: 'Exists', effect: 'PreferNoSchedule' },
        ]),
  ];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `weka-cleanup-container-${uid}`,
      namespace: hostPath ? settings.operatorNamespace : namespaceOf(pass),
      ...(container.metadata.labels === undefined ? {} : { labels: container.metadata.labels }),
    },
    spec: {
      ttlSecondsAfterFinished: 900,
      template: {
        spec: {
          restartPolicy: 'OnFailure',
          nodeName: node,
          ...(hostPath
            ? { nodeSelector: { 'kubernetes.io/hostname': node } }
            : spec.nodeSelector === undefined
              ? {}
              : { nodeSelector: spec.nodeSelector }),
          tolerations,
          serviceAccountName: settings.maintenanceServiceAccount,
          ...(settings.maintenanceImagePullSecret === ''
            ? {}
            : { imagePullSecrets: [{ name: settings.maintenanceImagePullSecret }] }),
          containers: [
            {
              name: 'cleanup-persistent-dir',
              image: settings.maintenanceImage,
              command: ['sh', '-c', EMPTY_DIR, 'cleanup', path],
              ...(os === 'rhcos' ? { securityContext: { privileged: true } } : {}),
              volumeMounts: [
                hostPath
                  ? { name: VOLUME, mountPath: path }
                  : { name: VOLUME, mountPath: '/opt/k8s-weka/containers', subPath: 'containers' },
              ],
            },
          ],
          volumes: [
            claim === undefined
              ? { name: VOLUME, hostPath: { path, type: 'DirectoryOrCreate' } }
              : { name: VOLUME, persistentVolumeClaim: { claimName: claim } },
          ],
        },
      },
    },
  };
}
/** `$1`: the directory. Names that begin with a dot go too (F24); the directory itself may be a mount and stays. */
const EMPTY_DIR =
  'echo "Cleanup container data $1" && find "$1" -mindepth 1 -delete 2>&1 && echo "Cleanup done" || { echo "Cannot delete specified dir"; sleep 5; exit 1; }';
