/**
 * The one pod of a WekaContainer, from the container, what is known of its node, and the configuration. Pure: no clock, no
 * chance, no look-up; the same input gives the same pod. Source: spec 04, 1 to 11; spec/README F26, F27, I2, V3, V10.
 */
import { createHash } from 'node:crypto';
import type { ContainerPort } from '../../../messages/core-types.ts';
import type { NodeInfo } from '../../../messages/node-info.ts';
import { PODS_CONTAINER } from '../../../messages/resources.ts';
import type { WekaContainer, WekaContainerSpec } from '../../../messages/weka-container.ts';
import { isDriversContainer, isHostNetwork } from '../../../messages/weka-modes.ts';
import { nicsRequested } from '../node-info.ts';
import { podTolerations } from '../tolerations.ts';
import { podAffinity } from './affinity.ts';
import { planCpu } from './cpu.ts';
import { environment, lateEnvironment } from './environment.ts';
import { hugepagesOf } from './hugepages.ts';
import { initContainers, needsToolkit } from './init-containers.ts';
import { controllerReference, podMetadata } from './metadata.ts';
import { graceSeconds } from './modes.ts';
import type { PodContainer, PodDraft, PodSpec } from './pod-draft.ts';
import { resourcesOf } from './resources.ts';
import type { PodSettings } from './settings.ts';
import { volumesOf } from './volumes.ts';

export interface PodOptions {
  readonly settings: PodSettings;
  /** The image chosen by the rule of spec 04, 6.1; absent: `spec.image`. */
  readonly image?: string;
  /** Fresh addresses of the cluster, instead of `spec.joinIpPorts`; absent or empty: those of the spec. */
  readonly joinIps?: readonly string[];
}

/** `error` is the builder's own text, without the prefix `Failed to create pod spec: ` of the step that reports it. */
export type BuiltPod =
  | { readonly kind: 'ok'; readonly pod: PodDraft }
  | { readonly kind: 'failed'; readonly error: string };

/** Ready to be created: with its controller owner reference. Never throws, whatever the spec says. */
export function buildPod(container: WekaContainer, info: NodeInfo, options: PodOptions): BuiltPod {
  const { metadata } = container;
  const { settings } = options;
  const built = buildSpec(container, info, options);
  if (built.kind === 'failed') return built;
  const { labels, annotations } = podMetadata(container, NONE, settings.podKeepForeignLabels);
  const hash = settings.podSpecDriftReport ? specHash(container, info, settings) : undefined;
  const allAnnotations = hash === undefined ? annotations : { ...annotations, [SPEC_HASH]: hash };
  const pod: PodDraft = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      ...(Object.keys(allAnnotations).length === 0 ? {} : { annotations: allAnnotations }),
      ownerReferences: [controllerReference(container)],
    },
    spec: built.spec,
  };
  return { kind: 'ok', pod };
}

const NONE = { labels: {}, annotations: {} };

/** Annotation with the hash of the spec that a pod was built from, with POD_SPEC_DRIFT_REPORT. */
export const SPEC_HASH = 'weka.io/pod-spec-hash';

/**
 * Tells two containers apart whose pods would differ although nothing but a new pod can bring the difference about. So
 * it leaves out what binding, allocation and joining change, the image (an upgrade's matter) and tolerations (updated live).
 * Undefined where no pod can be built.
 */
export function specHash(container: WekaContainer, info: NodeInfo, settings: PodSettings): string | undefined {
  const { status: _, ...unbound } = container;
  const { joinIpPorts: __, tolerations: ___, ...spec } = container.spec;
  const built = buildSpec({ ...unbound, spec }, info, { settings, image: 'any' });
  if (built.kind === 'failed') return undefined;
  return createHash('sha256').update(JSON.stringify(built.spec)).digest('hex');
}

type BuiltSpec = { readonly kind: 'ok'; readonly spec: PodSpec } | { readonly kind: 'failed'; readonly error: string };

function buildSpec(container: WekaContainer, info: NodeInfo, options: PodOptions): BuiltSpec {
  const { spec } = container;
  const { settings } = options;
  const image = options.image ?? spec.image;
  if (image === '') return failed('image is required');
  const plan = planCpu(spec, info.is_ht === true, settings.cpuAutoHonoursCoreIds);
  if (plan.kind === 'failed') return plan;
  if (needsToolkit(spec, info) && (info.init_container_image ?? '') === '') {
    return failed('cannot create build container for OCP without Toolkit image');
  }

  const hugepages = hugepagesOf(spec, settings);
  const joinIps = (options.joinIps?.length ?? 0) > 0 ? options.joinIps : spec.joinIpPorts;
  const { coreIds } = plan;
  const { memory } = hugepages;
  const env = environment(container, { info, image, joinIps: joinIps ?? [], memory, coreIds, settings });
  const resources = resourcesOf(spec, plan.cpu, hugepages, nicsRequested(info, settings.okeEnableNicsAllocation));
  const { volumes, mounts } = volumesOf(container, info, hugepages.size, settings);
  const ports = portsOf(spec, settings);
  const main: PodContainer = {
    name: PODS_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['python3', '/opt/weka_runtime.py'],
    securityContext: { privileged: true },
    ...(ports.length === 0 ? {} : { ports }),
    env: [...env, ...lateEnvironment(container, settings)],
    resources,
    volumeMounts: mounts,
  };
  const before = initContainers(spec, info, env, resources, settings);
  const podSpec: PodSpec = {
    ...placement(container, settings),
    ...hostAccess(spec, info, settings),
    ...accounts(spec, info, settings),
    terminationGracePeriodSeconds: graceSeconds(spec.mode),
    ...(before.length === 0 ? {} : { initContainers: before }),
    containers: [main],
    volumes,
  };
  return { kind: 'ok', spec: podSpec };
}

const failed = (error: string) => ({ kind: 'failed', error }) as const;

type Placement = Pick<PodSpec, 'affinity' | 'tolerations' | 'topologySpreadConstraints' | 'priorityClassName'>;

function placement(container: WekaContainer, settings: PodSettings): Placement {
  const { spec, status } = container;
  const nodeName = spec.nodeAffinity || status?.nodeAffinity || '';
  const priority = nodeName === '' ? settings.priorityClassInitial : settings.priorityClassTargeted;
  const spread = spec.topologySpreadConstraints ?? [];
  return {
    affinity: podAffinity(container, nodeName, settings.allowMultipleProtocolsPerNode),
    tolerations: podTolerations(spec, settings),
    ...(spread.length === 0 ? {} : { topologySpreadConstraints: spread }),
    ...(priority === '' ? {} : { priorityClassName: priority }),
  };
}

/** On COS a drivers pod works in the namespaces of the host; its DNS policy stays that of its mode. */
function hostAccess(
  spec: WekaContainerSpec,
  info: NodeInfo,
  settings: PodSettings,
): Pick<PodSpec, 'hostNetwork' | 'hostPID' | 'dnsPolicy'> {
  const cosDrivers = isDriversContainer(spec.mode) && info.os === 'cos';
  const dnsPolicy = isHostNetwork(spec.mode) ? settings.dnsPolicyHostNetwork : settings.dnsPolicyK8sNetwork;
  return {
    ...(isHostNetwork(spec.mode) || cosDrivers ? { hostNetwork: true } : {}),
    ...(spec.hostPID === true || cosDrivers ? { hostPID: true } : {}),
    ...(dnsPolicy === '' ? {} : { dnsPolicy }),
  };
}

function accounts(
  spec: WekaContainerSpec,
  info: NodeInfo,
  settings: PodSettings,
): Pick<PodSpec, 'serviceAccountName' | 'imagePullSecrets'> {
  const serviceAccountName = spec.serviceAccountName ?? '';
  const secrets = [spec.imagePullSecret ?? '', needsToolkit(spec, info) ? settings.ocpPullSecret : ''];
  const imagePullSecrets = secrets.filter((name) => name !== '').map((name) => ({ name }));
  return {
    ...(serviceAccountName === '' ? {} : { serviceAccountName }),
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets }),
  };
}

/** From the deprecated list; `exposedPorts` only with POD_DECLARE_EXPOSED_PORTS (spec/README V3). */
function portsOf(spec: WekaContainerSpec, settings: PodSettings): readonly ContainerPort[] {
  const deprecated = (spec.exposePorts ?? []).map((containerPort) => ({ containerPort, protocol: 'TCP' }));
  return settings.podDeclareExposedPorts ? [...deprecated, ...(spec.exposedPorts ?? [])] : deprecated;
}
