/** A fleet at rest as objects, and what its containers answer: each as the flows leave it, without its history. */
import { expectedResources } from '../../actors/rules/allocation/expected-resources.ts';
import { podMetadata } from '../../actors/rules/pod-spec/metadata.ts';
import type { Config } from '../../config.ts';
import { rfc3339 } from '../../io/clock.ts';
import { CONDITIONS, successTexts } from '../../messages/condition.ts';
import type { NodeName } from '../../messages/ids.ts';
import type { Pod, Secret } from '../../messages/resources.ts';
import type { ContainerMode, WekaContainer } from '../../messages/weka-container.ts';
import { isAllocatable, isDrive, shouldJoinCluster } from '../../messages/weka-modes.ts';
import { testConfig } from '../support/config.ts';
import { BORN, containerOf, memberOf, nodeOf, OPERATOR_NAMESPACE, podFor } from '../support/containers.ts';

export const SETTINGS: Config = testConfig({ POD_NAMESPACE: OPERATOR_NAMESPACE });

/** `count` containers, the modes in turn: a node has one of each. */
export const settledContainers = (count: number, modes: readonly ContainerMode[]): readonly WekaContainer[] =>
  Array.from({ length: count }, (_none, index) => {
    const mode = modes[index % modes.length];
    if (mode === undefined) throw new Error('no modes');
    return settledContainer(mode, index, `node-${Math.floor(index / modes.length)}` as NodeName); // Made up here.
  });

export const TOKEN: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'weka-node-agent-secret', uid: 'token', resourceVersion: '1', creationTimestamp: BORN },
  data: { token: 'eA==' },
};

function settledContainer(mode: ContainerMode, index: number, node: NodeName): WekaContainer {
  const name = `${mode}-${String(index).padStart(4, '0')}`;
  const types = [
    ...(isAllocatable(mode) ? (['affinitySet', 'resourcesAllocated'] as const) : []),
    ...(isAllocatable(mode) || mode === 'client' ? (['resourcesWritten'] as const) : []),
    ...(shouldJoinCluster(mode) ? (['joinedCluster'] as const) : []),
    ...(mode === 's3' ? (['joinedS3Cluster'] as const) : []),
    ...(mode === 'drivers-builder' ? (['resultsReceived', 'resultsProcessed'] as const) : []),
  ];
  const conditions = types.map((type) => ({
    type: CONDITIONS[type],
    status: 'True' as const,
    ...successTexts(CONDITIONS[type]),
    lastTransitionTime: BORN,
  }));
  const joined = shouldJoinCluster(mode);
  const serial = `S${index}`;
  const status = {
    conditions,
    nodeAffinity: node,
    printer: { nodeAffinity: node, ...(joined ? { managementIPs: '10.0.0.1' } : {}) },
    ...(joined ? { managementIPs: ['10.0.0.1'] } : {}),
    ...(isDrive(mode)
      ? {
          allocations: { wekaPort: 35000, agentPort: 35303, drives: [serial] },
          addedDrives: [
            { uuid: `uuid-${serial}`, serial_number: serial, status: 'ACTIVE', added_time: '', device_path: '/dev/x' },
          ],
        }
      : {}),
    ...(mode === 'drivers-builder' ? { status: 'Completed' } : {}),
  };
  const spec = { nodeAffinity: node, ...(isDrive(mode) ? { numDrives: 1 } : {}) };
  if (joined) return memberOf(mode, name, index, { spec, status });
  const running = { status: 'Running', internalStatus: 'READY', lastAppliedImage: containerOf(mode).spec.image };
  return containerOf(mode, { name, spec, status: { ...running, ...status } });
}
export function settledPod(container: WekaContainer): Pod {
  const metadata = podMetadata(container, { labels: {}, annotations: {} }, SETTINGS.podKeepForeignLabels);
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(Date.parse(BORN)) }];
  return podFor(container, {
    metadata,
    node: container.status?.nodeAffinity ?? '',
    status: { phase: 'Running', conditions },
  });
}

/** What the commands of a settled container print; anything else prints nothing, and would be told by a test. */
export function settledAnswer(container: WekaContainer, command: string): string {
  const { status, spec } = container;
  if (command.includes('weka local ps')) {
    const ready = { display_status: 'READY' };
    return JSON.stringify([{ name: spec.name, runStatus: 'Running', internalStatus: ready }]);
  }
  if (command.includes('feature_flags.json')) return '{}';
  if (command.includes('management_ips')) return `${status?.managementIPs?.join('\n')}\n`;
  if (command.includes('resources.json')) {
    const expected = expectedResources(container, nodeOf(status?.nodeAffinity ?? ''), SETTINGS);
    return JSON.stringify(expected.kind === 'known' ? expected.resources : undefined);
  }
  if (command.includes('container-get-identity')) {
    return JSON.stringify({
      has_value: true,
      value: { cluster_guid: status?.clusterID, host_id: status?.containerID },
    });
  }
  return '';
}
