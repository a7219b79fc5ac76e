/** Deliberate difference of node info. Source: spec/README, section 5: F27. */
import type { DeliberateDifference } from '../deliberate.ts';

interface Outcome {
  readonly nodeInfo?: { readonly os?: string; readonly os_build_id?: string; readonly init_container_image?: string };
}

export const nodeInfoDifferences: readonly DeliberateDifference[] = [
  {
    id: 'F27',
    kind: 'node-info',
    what: 'a driver toolkit image that cannot be found is an error for builders only',
    undo: (ours) => {
      const { nodeInfo } = ours as Outcome;
      if (nodeInfo?.os !== 'rhcos' || nodeInfo.init_container_image !== undefined) return ours;
      return { error: { kind: 'error', retrySeconds: 10, text: missing(nodeInfo.os_build_id) } };
    },
  },
];

const missing = (release: string | undefined): string =>
  release === undefined
    ? 'Failed to get OCP version from node'
    : `Failed to get OCP toolkit image for version ${release}: Failed to fetch image tag ${release} from configmap ocp-driver-toolkit-images`;
