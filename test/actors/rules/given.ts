/** Containers, nodes and settings for tests of the pod rules: small, complete, one argument for what a test is about. */

import { buildPod, type PodOptions } from '../../../actors/rules/pod-spec/build-pod.ts';
import type { PodContainer, PodDraft } from '../../../actors/rules/pod-spec/pod-draft.ts';
import { type Config, readConfig } from '../../../config.ts';
import type { OwnerReference } from '../../../messages/kube.ts';
import type { NodeInfo } from '../../../messages/node-info.ts';
import type { Node, Pod } from '../../../messages/resources.ts';
import type { ContainerMode, WekaContainer, WekaContainerSpec } from '../../../messages/weka-container.ts';

/** The program's defaults. */
export const SETTINGS: Config = defaults({
  VERSION: 'v1.10.0',
  WEKA_OCP_PULL_SECRET: '',
  WEKA_OPERATOR_MAINTENANCE_SA_NAME: '',
  OPERATOR_METRICS_BIND_ADDRESS: ':0',
  HEALTH_PROBE_BIND_ADDRESS: ':0',
});

function defaults(required: Readonly<Record<string, string>>): Config {
  const read = readConfig(required);
  if (read.kind === 'bad') throw new Error(read.problems.join('; '));
  return read.config;
}

export const HYPERTHREADED: NodeInfo = {
  is_ht: true,
  os: 'ubuntu',
  kubernetes_distro: 'k8s',
  boot_id: 'boot',
  schema: 3,
};
export const PLAIN: NodeInfo = { ...HYPERTHREADED, is_ht: false };

export const CLUSTER: OwnerReference = {
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaCluster',
  name: 'c1',
  uid: 'cluster-uid',
  controller: true,
};

type Meta = Partial<WekaContainer['metadata']>;
type Status = NonNullable<WekaContainer['status']>;

/** A container of one core with the schema's defaults. */
export function container(
  mode: ContainerMode,
  spec: Partial<WekaContainerSpec> = {},
  more: { readonly metadata?: Meta; readonly status?: Partial<Status> } = {},
): WekaContainer {
  return {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: {
      name: 'c',
      namespace: 'weka',
      uid: 'container-uid',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...more.metadata,
    },
    spec: {
      image: 'registry.example/weka:1',
      name: 'w',
      mode,
      numCores: 1,
      cpuPolicy: 'auto',
      network: {},
      upgradePolicyType: 'manual',
      state: 'active',
      autoRemoveTimeout: '0s',
      ...spec,
    },
    status: { status: 'Init', ...more.status },
  };
}

/** The pod; throws with the builder's text when there is none. */
export function podOf(
  given: WekaContainer,
  info: NodeInfo = HYPERTHREADED,
  options: Partial<Omit<PodOptions, 'settings'>> & { readonly settings?: Partial<Config> } = {},
): PodDraft {
  const built = buildPod(given, info, { ...options, settings: { ...SETTINGS, ...options.settings } });
  if (built.kind === 'failed') throw new Error(built.error);
  return built.pod;
}

export function errorOf(given: WekaContainer, info: NodeInfo = HYPERTHREADED): string {
  const built = buildPod(given, info, { settings: SETTINGS });
  if (built.kind === 'ok') throw new Error('a pod was built');
  return built.error;
}

export function mainOf(pod: PodDraft): PodContainer {
  const [main] = pod.spec.containers;
  if (main === undefined) throw new Error('the pod has no container');
  return main;
}

/** The value of a variable of the main container; undefined when it is not set. */
export const env = (pod: PodDraft, name: string): string | undefined =>
  mainOf(pod).env?.find((variable) => variable.name === name)?.value;

/** Mount paths of the main container with the volume each shows. */
export const mounted = (pod: PodDraft, mountPath: string): string | undefined =>
  mainOf(pod).volumeMounts.find((mount) => mount.mountPath === mountPath)?.name;

export const volume = (pod: PodDraft, name: string) => pod.spec.volumes.find((one) => one.name === name);

export const limits = (pod: PodDraft) => mainOf(pod).resources?.limits;
export const requests = (pod: PodDraft) => mainOf(pod).resources?.requests ?? {};

export function node(
  name: string,
  more: {
    metadata?: Partial<Node['metadata']>;
    spec?: Node['spec'];
    ready?: boolean;
    bootID?: string;
    cpu?: string;
  } = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...more.metadata,
    },
    spec: more.spec ?? {},
    status: {
      conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True' }],
      allocatable: { cpu: more.cpu ?? '8' },
      nodeInfo: { bootID: more.bootID ?? 'boot' },
    },
  };
}

/** A pod that lives, as the API server returns it. */
export function livePod(metadata: Partial<Pod['metadata']> = {}, spec: NonNullable<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'c',
      namespace: 'weka',
      uid: 'pod-uid',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec,
  };
}
