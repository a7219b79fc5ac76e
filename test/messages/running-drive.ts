/** The drive container of spec 01, 20.1, as it reads when running. */
import type { WekaContainer } from '../../messages/weka-container.ts';

const condition = (type: string, message = 'Completed successfully') => ({
  type,
  status: 'True',
  reason: 'Success',
  message,
  lastTransitionTime: '2026-02-10T09:12:31Z',
});
const drive = (index: number) => ({
  uuid: `2b1c3c1a-0b5e-4a7e-9f7c-6f5f0c6f9a0${index}`,
  added_time: '2026-02-10T09:19:02.113Z',
  device_path: `/dev/nvme${index}n1`,
  serial_number: `S6CSNA0T10000${index}`,
  status: 'ACTIVE',
});
const cluster = '0f6b3c1e-8c2f-4b58-9d77-3a1f5d2e9c40';
const image = 'registry.example.com/weka.io/weka-in-container:4.4.10.183';

export const runningDrive = {
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaContainer',
  metadata: {
    name: 'wk1-drive-6513270e-269e-4d37-b2a7-4de452e6b438',
    namespace: 'weka',
    uid: 'd23f0824-128b-4f33-8c5c-7fd0a6a3a450',
    resourceVersion: '4711',
    creationTimestamp: '2026-02-10T09:12:30Z',
    labels: { app: 'weka', 'weka.io/mode': 'drive', 'weka.io/cluster-id': cluster, 'weka.io/cluster-name': 'wk1' },
    finalizers: ['weka.weka.io/finalizer'],
    ownerReferences: [
      {
        apiVersion: 'weka.weka.io/v1alpha1',
        kind: 'WekaCluster',
        name: 'wk1',
        uid: cluster,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  spec: {
    image,
    imagePullSecret: 'weka-pull',
    name: 'drivex6513270ex269ex4d37xb2a7x4de452e6b438',
    mode: 'drive',
    numCores: 1,
    network: { ethDevice: 'eth1' },
    numDrives: 2,
    hugepages: 1800,
    hugepagesOffset: 400,
    hugepagesSize: '2Mi',
    driversDistService: 'https://drivers-dist.weka-operator-system.svc.cluster.local:60002',
    wekaSecretRef: { secretKeyRef: { key: `weka-operator-${cluster}`, name: '' } },
    cpuPolicy: 'auto',
    upgradePolicyType: 'manual',
    state: 'active',
    autoRemoveTimeout: '0s',
  },
  status: {
    status: 'Running',
    internalStatus: 'READY',
    managementIPs: ['10.0.12.13'],
    containerID: 3,
    clusterID: '8f2d9a3e-5b71-4c0e-9a46-0d6d2f1c7b55',
    conditions: [
      condition('ContainerAffinitySet'),
      condition('ContainerResourcesAllocated'),
      condition('ContainerResourcesWritten'),
      condition('JoinedCluster', 'Container joined cluster'),
    ],
    lastAppliedImage: image,
    lastAppliedSpec: 'd830a49ffbbdb4296f6635a6149f3e5417d991a70ce2ee7cc6c0688c9ad73719',
    nodeAffinity: 'node-03',
    allocations: {
      drives: ['S6CSNA0T100001', 'S6CSNA0T100002'],
      wekaPort: 35_000,
      agentPort: 35_303,
      netDevices: ['eth1'],
    },
    addedDrives: [drive(1), drive(2)],
    stats: {
      processes: { active: 2, created: 2, desired: 2 },
      cpuUtilization: '12.30',
      drives: { counters: { active: 2, created: 2, desired: 2 } },
      lastUpdate: '2026-02-10T09:25:00Z',
    },
    printer: { processes: '2/2/2', drives: '2/2/2', managementIPs: '10.0.12.13', nodeAffinity: 'node-03' },
  },
} as unknown as WekaContainer; // An example as JSON: brands and unions have no run-time trace.
