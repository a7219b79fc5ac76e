/** Step 29: a Job copies a container's data from its claim to its node; then the claim is dropped from the spec. Source: spec 02, 6.19; spec 03, 10; F23. */
import { type Draft, JOBS, refOf } from '../../../messages/kube.ts';
import type { NodeInfo } from '../../../messages/node-info.ts';
import type { Job } from '../../../messages/resources.ts';
import { done, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { askNode, kube, type Script } from '../../calls.ts';
import { hostBaseDirectory } from '../../rules/node-info.ts';
import { controllerReference } from '../../rules/pod-spec/metadata.ts';
import { containerRef, type Pass, podAbsent } from '../pass.ts';
import { kubeFailed, kubeText } from '../said.ts';
import { type Ask, ask } from '../step.ts';

const DATA = 'weka-container-data';

/** The pod must not run meanwhile: what it writes would be lost. */
export const migratesPvc = (pass: Pass): boolean =>
  podAbsent(pass) && pass.spec.pvc !== undefined && pass.spec.overrides?.migrateOutFromPvc === true;

export const migratePvc = (pass: Pass): Ask => ask('object', migrate(pass));
function* migrate(pass: Pass): Script<Verdict> {
  const { nodeName, container } = pass;
  if (nodeName === undefined) return failed('container has no node to move its data to');
  // Where the data belongs depends on the node's system: nothing is copied on a guess.
  const found = yield* askNode(nodeName, { kind: 'discover', uid: pass.uid });
  if (found.kind === 'pending') return wait(WAIT_MS, found.reason);
  if (found.kind === 'failed') return failed(found.reason);
  const draft = migrateJob(pass, nodeName, found.info);
  const { name } = draft.metadata;
  const ref = refOf(JOBS, draft.metadata);
  const job = yield* kube<Job>({ verb: 'get', ref });
  if (job.kind === 'notFound') {
    const created = yield* kube({ verb: 'create', type: JOBS, object: draft });
    if (created.kind !== 'ok' && created.kind !== 'alreadyExists')
      return failed(`failed to create the pvc migrate job: ${kubeText(created)}`);
    return wait(WAIT_MS, `pvc migrate job ${name} is not complete yet`);
  }
  if (job.kind !== 'ok') return kubeFailed('failed to refresh job status', job);
  const { status } = job.answer;
  if ((status?.succeeded ?? 0) > 0) {
    const { resourceVersion } = container.metadata;
    const patch = { metadata: { resourceVersion }, spec: { pvc: null } };
    const dropped = yield* kube({ verb: 'mergePatch', ref: containerRef(pass), patch });
    return dropped.kind === 'ok' ? done : kubeFailed('failed to patch container spec after PVC migration', dropped);
  }
  // Until its time to live is over; then it is made again.
  if ((status?.failed ?? 0) > 0) return failed(`pvc migrate job ${name} failed`);
  return wait(WAIT_MS, `pvc migrate job ${name} is not complete yet`);
}

/** `$1` the new place, `$2` the old one. */
const COPY = 'mkdir -p "$1" && cp -aT "$2" "$1"';

export function migrateJob(
  { container, spec, uid, settings }: Pass,
  node: string,
  info: NodeInfo,
): Draft & { readonly spec: unknown } {
  const namespace = settings.operatorNamespace;
  // An owner must be of the same namespace.
  const owned = container.metadata.namespace === namespace;
  const any = [
    { operator: 'Exists', effect: 'NoSchedule' },
    { operator: 'Exists', effect: 'PreferNoSchedule' },
  ];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `weka-pvc-migrate-${uid}`,
      namespace,
      ...(container.metadata.labels === undefined ? {} : { labels: container.metadata.labels }),
      ...(owned ? { ownerReferences: [controllerReference(container)] } : {}),
    },
    spec: {
      ttlSecondsAfterFinished: 900,
      backoffLimit: 3,
      template: {
        spec: {
          restartPolicy: 'OnFailure',
          nodeSelector: { 'kubernetes.io/hostname': node },
          tolerations: [...(spec.tolerations ?? []), ...(settings.skipAuxNoScheduleToleration ? [] : any)],
          serviceAccountName: settings.maintenanceServiceAccount,
          ...(settings.maintenanceImagePullSecret === ''
            ? {}
            : { imagePullSecrets: [{ name: settings.maintenanceImagePullSecret }] }),
          containers: [
            {
              name: 'pvc-migrate',
              image: settings.maintenanceImage,
              command: ['sh', '-c', COPY, 'migrate', `/destination/containers/${uid}/`, `/source/containers/${uid}/`],
              ...(info.os === 'rhcos' ? { securityContext: { privileged: true } } : {}),
              volumeMounts: [
                { name: `${DATA}-pvc`, mountPath: '/source' },
                { name: `${DATA}-host`, mountPath: '/destination' },
              ],
            },
          ],
          volumes: [
            { name: `${DATA}-pvc`, persistentVolumeClaim: { claimName: spec.pvc?.name ?? '' } },
            { name: `${DATA}-host`, hostPath: { path: hostBaseDirectory(info.os), type: 'DirectoryOrCreate' } },
          ],
        },
      },
    },
  };
}
