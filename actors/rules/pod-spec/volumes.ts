/** Volumes of the pod and where the main container sees them. Source: spec 04, 8; spec/README I2. */
import type { NodeInfo } from '../../../messages/node-info.ts';
import type { WekaContainer, WekaContainerSpec } from '../../../messages/weka-container.ts';
import {
  hasPersistentStorage,
  isAdhocOp,
  isDiscovery,
  isDriversBuilder,
  isDriversContainer,
  isTelemetry,
  usesDriveSharing,
} from '../../../messages/weka-modes.ts';
import { hostBaseDirectory } from '../node-info.ts';
import { copiesWekaFiles, needsToolkit } from './init-containers.ts';
import { clusterUidOf } from './metadata.ts';
import type { Volume, VolumeMount } from './pod-draft.ts';
import type { PodSettings } from './settings.ts';

/** A volume and all its mounts; `volume` is absent where another one's is mounted again. */
interface Fitting {
  readonly volume?: Volume;
  readonly mounts: readonly VolumeMount[];
}

const SECRETS = '/var/run/secrets/weka-operator';

/** `hugepageSize` names the medium; it is not used by the ad-hoc set. */
export function volumesOf(
  container: WekaContainer,
  info: NodeInfo,
  hugepageSize: string,
  settings: PodSettings,
): { readonly volumes: readonly Volume[]; readonly mounts: readonly VolumeMount[] } {
  const { spec } = container;
  const base = hostBaseDirectory(info.os);
  const fittings: readonly Fitting[] = [
    ...system(spec, hugepageSize),
    ...(hasPersistentStorage(spec.mode) ? persistence(container, base) : []),
    ...proxySocket(spec, base),
    ...credentials(spec),
    ...(isDriversContainer(spec.mode) ? drivers(spec, info, settings) : []),
    ...(isDiscovery(spec.mode) ? procFiles : []),
    ...(settings.otelPackagesInstallerImage === '' ? [] : [emptyDir('otel-packages', '/shared-python-packages')]),
  ];
  return {
    volumes: fittings.flatMap(({ volume }) => (volume === undefined ? [] : [volume])),
    mounts: fittings.flatMap(({ mounts }) => mounts),
  };
}

function system(spec: WekaContainerSpec, hugepageSize: string): readonly Fitting[] {
  const scripts = 'weka-boot-scripts';
  const hugepages: Fitting = {
    volume: { name: 'hugepages', emptyDir: { medium: `HugePages-${hugepageSize}` } },
    mounts: [{ name: 'hugepages', mountPath: '/dev/hugepages' }],
  };
  return [
    file('osrelease', '/etc/os-release', '/hostside/etc/os-release'),
    host('dev', '/dev', '/dev'),
    host('run', '/run', '/host/run'),
    host('sys', '/sys', '/sys'),
    {
      volume: { name: scripts, configMap: { name: scripts, defaultMode: 0o777 } },
      mounts: [
        { name: scripts, mountPath: '/opt/weka_runtime.py', subPath: 'weka_runtime.py' },
        { name: scripts, mountPath: '/etc/syslog-ng/syslog-ng.conf', subPath: 'syslog-ng.conf' },
        { name: scripts, mountPath: '/usr/local/bin/weka', subPath: 'run-weka-cli.sh' },
        { name: scripts, mountPath: '/usr/local/bin/wekaauthcli', subPath: 'run-weka-cli.sh' },
      ],
    },
    ...(isAdhocOp(spec.mode) ? [] : [hugepages]),
  ];
}

/** Directories of the host that outlive the pod; a claim comes on top of them. */
function persistence(container: WekaContainer, base: string): readonly Fitting[] {
  const { spec } = container;
  const { uid } = container.metadata;
  const own = 'weka-container-persistence-dir';
  const cluster = 'weka-cluster-persistence-dir';
  const shared = 'weka-container-shared-dir';
  const clusterUid = clusterUidOf(container);
  const telemetry = {
    name: cluster,
    mountPath: '/opt/weka/external_mounts/shared_boot_level',
    subPath: 'shared-configs',
  };
  return [
    {
      volume: directory(own, `${base}/containers/${uid}`),
      mounts: [
        { name: own, mountPath: '/host-binds/opt-weka' },
        { name: own, mountPath: '/var/log', subPath: 'var/log' },
        { name: own, mountPath: '/host-binds/boot-level', subPath: 'tmpfss/boot-level' },
      ],
    },
    {
      volume: directory(shared, `${base}/shared/containers/${uid}`),
      mounts: [{ name: shared, mountPath: '/host-binds/shared' }],
    },
    {
      volume: directory(cluster, `${base}/clusters/${clusterUid === '' ? 'cluster-less' : clusterUid}`),
      mounts: [
        { name: cluster, mountPath: '/host-binds/shared-configs', subPath: 'shared-configs' },
        ...(isTelemetry(spec.mode) ? [telemetry] : []),
      ],
    },
    ...(spec.pvc === undefined ? [] : [claim(spec.pvc.name)]),
  ];
}

const claim = (claimName: string): Fitting => {
  const name = 'weka-container-global-persistence-dir';
  return {
    volume: { name, persistentVolumeClaim: { claimName } },
    mounts: [{ name, mountPath: '/opt/weka-global-persistence' }],
  };
};

/** The proxy serves its drives by a socket: to drive containers, and to the signing of a drive. */
function proxySocket(spec: WekaContainerSpec, base: string): readonly Fitting[] {
  if (spec.mode === 'ssdproxy' || (spec.mode === 'drive' && usesDriveSharing(spec))) {
    const name = 'weka-proxy-socket-dir';
    return [{ volume: directory(name, `${base}/ssdproxy/`), mounts: [{ name, mountPath: '/host-binds/ssdproxy' }] }];
  }
  const uuid = signingProxy(spec);
  if (uuid === '') return [];
  const name = 'weka-ssdproxy-local-socket';
  const path = `${base}/shared/containers/${uuid}/local-sockets/ssdproxy`;
  return [{ volume: directory(name, path), mounts: [{ name, mountPath: '/host-binds/ssdproxy-local-socket' }] }];
}

/** UID of the proxy container whose socket a signing operation needs; empty when it needs none. */
function signingProxy({ mode, instructions }: WekaContainerSpec): string {
  if (!isAdhocOp(mode) || instructions?.type !== 'sign-drives') return '';
  try {
    const payload = JSON.parse(instructions.payload ?? '') as { ssd_proxy_container_uuid?: unknown } | null;
    const uuid = payload?.ssd_proxy_container_uuid;
    return typeof uuid === 'string' ? uuid : '';
  } catch {
    return ''; // A payload that is no JSON is the signing program's to report.
  }
}

function credentials(spec: WekaContainerSpec): readonly Fitting[] {
  const info = spec.nodeInfoConfigMap ?? '';
  const user = spec.wekaSecretRef?.secretKeyRef?.key ?? ''; // The key names the Secret.
  const additional = Object.entries(spec.additionalSecrets ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    ...(info === ''
      ? []
      : [
          {
            volume: { name: 'node-info', configMap: { name: info } },
            mounts: [{ name: 'node-info', mountPath: '/etc/wekaio/node-info' }],
          },
        ]),
    ...(user === '' ? [] : [secret('weka-credentials', user, `${SECRETS}/operator-user`)]),
    ...additional.map(([key, secretName]) => secret(`${key}-secret`, secretName, `${SECRETS}/${key}`)),
  ];
}

function drivers(spec: WekaContainerSpec, info: NodeInfo, settings: PodSettings): readonly Fitting[] {
  const builder = isDriversBuilder(spec.mode);
  return [
    ...(copiesWekaFiles(spec) ? [emptyDir('shared-weka-version-data', '/shared-weka-version-data')] : []),
    ...(info.os === 'cos' ? cosDrivers : hostModules),
    ...(builder && info.os === 'cos'
      ? [secret('gcloud-credentials', settings.cosServiceAccountSecret, '/var/secrets/google')]
      : []),
    ...(needsToolkit(spec, info) ? [toolkit] : []),
  ];
}

const procFiles: readonly Fitting[] = [
  file('proc-sysrq-trigger', '/proc/sysrq-trigger', '/hostside/proc/sysrq-trigger'),
  file('proc-cmdline', '/proc/cmdline', '/hostside/proc/cmdline'),
];

const cosDrivers: readonly Fitting[] = [
  { mounts: [{ name: 'weka-boot-scripts', mountPath: '/devenv.sh', subPath: 'devenv.sh' }] },
  // Mounted by the init container that loads uio only.
  { volume: { name: 'host-modules', hostPath: { path: '/lib/modules' } }, mounts: [] },
  ...procFiles,
];

const hostModules: readonly Fitting[] = [
  {
    volume: { name: 'libmodules', hostPath: { path: '/lib/modules' } },
    mounts: [{ name: 'libmodules', mountPath: '/lib/modules', readOnly: true }],
  },
  host('usrsrc', '/usr/src', '/usr/src'),
];

const toolkit: Fitting = {
  volume: { name: 'driver-toolkit-shared', emptyDir: {} },
  mounts: [{ name: 'driver-toolkit-shared', mountPath: '/driver-toolkit-shared', mountPropagation: 'HostToContainer' }],
};

function host(name: string, path: string, mountPath: string): Fitting {
  return { volume: { name, hostPath: { path } }, mounts: [{ name, mountPath }] };
}
function file(name: string, path: string, mountPath: string): Fitting {
  return { volume: { name, hostPath: { path, type: 'File' } }, mounts: [{ name, mountPath }] };
}
function secret(name: string, secretName: string, mountPath: string): Fitting {
  return { volume: { name, secret: { secretName } }, mounts: [{ name, mountPath }] };
}
function emptyDir(name: string, mountPath: string): Fitting {
  return { volume: { name, emptyDir: {} }, mounts: [{ name, mountPath }] };
}
function directory(name: string, path: string): Volume {
  return { name, hostPath: { path, type: 'DirectoryOrCreate' } };
}
