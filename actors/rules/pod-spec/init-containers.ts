/** Containers that run before the main one, in the order in which they do. Source: spec 04, 9; spec/README V10. */
import type { NodeInfo } from '../../../messages/node-info.ts';
import type { WekaContainerSpec } from '../../../messages/weka-container.ts';
import { isDriversBuilder, isDriversContainer } from '../../../messages/weka-modes.ts';
import { COPY_DRIVER_TOOLKIT, COPY_WEKA_FILES, INSTALL_OTEL_PACKAGES, LOAD_UIO } from './init-scripts.ts';
import type { EnvVar, PodContainer, Resources } from './pod-draft.ts';
import type { PodSettings } from './settings.ts';

const privileged = { privileged: true } as const;

/** True when the loader's image lacks the weka files and they come from the image that `instructions.payload` names. */
export const copiesWekaFiles = (spec: WekaContainerSpec): boolean =>
  isDriversContainer(spec.mode) && spec.instructions?.type === 'copy-weka-files-to-driver-loader';

/** `env` is that of the main container, `main` its resources: with INIT_CONTAINER_RESOURCES they keep the pod's quality of service. */
export function initContainers(
  spec: WekaContainerSpec,
  info: NodeInfo,
  env: readonly EnvVar[],
  main: Resources,
  settings: PodSettings,
): readonly PodContainer[] {
  const chosen = [
    ...(copiesWekaFiles(spec) ? [copyWekaFiles(spec.instructions?.payload ?? '')] : []),
    ...(isDriversContainer(spec.mode) && info.os === 'cos' ? [loadUio(settings.uioLoaderImage)] : []),
    ...(needsToolkit(spec, info) ? [copyToolkit(info.init_container_image ?? '', env)] : []),
    ...(settings.otelPackagesInstallerImage === '' ? [] : [installOtel(settings.otelPackagesInstallerImage)]),
  ];
  if (!settings.initContainerResources) return chosen;
  return chosen.map((container) => ({ ...container, resources: cpuAndMemory(main) }));
}

/** A builder on OpenShift takes the kernel sources from the toolkit image. */
export const needsToolkit = (spec: WekaContainerSpec, info: NodeInfo): boolean =>
  isDriversBuilder(spec.mode) && info.os === 'rhcos';

const copyWekaFiles = (image: string): PodContainer => ({
  name: 'init-setup',
  image,
  command: ['sh', '-c'],
  args: [COPY_WEKA_FILES],
  volumeMounts: [{ name: 'shared-weka-version-data', mountPath: '/shared-weka-version-data' }],
});

const loadUio = (image: string): PodContainer => ({
  name: 'uio-loader-init',
  image,
  command: ['/bin/sh', '-c', LOAD_UIO],
  securityContext: privileged,
  volumeMounts: [{ name: 'host-modules', mountPath: '/lib/modules', readOnly: true }],
});

const copyToolkit = (image: string, env: readonly EnvVar[]): PodContainer => ({
  name: 'driver-toolkit-init',
  image,
  command: ['/bin/sh', '-c', COPY_DRIVER_TOOLKIT],
  env,
  securityContext: privileged,
  volumeMounts: [
    { name: 'driver-toolkit-shared', mountPath: '/driver-toolkit-shared', mountPropagation: 'Bidirectional' },
  ],
});

const installOtel = (image: string): PodContainer => ({
  name: 'otel-packages-installer',
  image,
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', INSTALL_OTEL_PACKAGES],
  volumeMounts: [{ name: 'otel-packages', mountPath: '/shared-python-packages' }],
});

/** Equal to the main container's, so that neither the sum the scheduler sees nor the class of service changes. */
function cpuAndMemory({ requests, limits }: Resources): Resources {
  const only = ({ cpu = '0', memory = '0' }: Readonly<Record<string, string>>) => ({ cpu, memory });
  return limits === undefined ? { requests: only(requests) } : { requests: only(requests), limits: only(limits) };
}
