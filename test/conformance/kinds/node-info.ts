/** Golden node info: the record of a node, or the result of a discovery container, as it is used. Source: spec 04, 2.1. */
import { type NodeInfoResult, nodeInfoOf, nodeInfoOfResult } from '../../../actors/rules/node-info.ts';
import { isDriversBuilder } from '../../../messages/weka-modes.ts';
import { asRecorded, type Golden, type Kind } from '../kind.ts';
import { configMapOf, containerOf, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind: Kind = {
  name: 'node-info',
  result: (golden) => {
    const toolkit = {
      digests: configMapOf(golden)?.data,
      imageBaseUrl: settingsOf(golden).ocpToolkitImageBaseUrl || vendorsUrl(golden),
      required: isDriversBuilder(containerOf(golden).spec.mode),
    };
    const text = golden.executionResult;
    return outcome(
      typeof text === 'string' ? nodeInfoOfResult(text, nodeOf(golden), toolkit) : nodeInfoOf(nodeOf(golden), toolkit),
    );
  },
  expected: asRecorded,
};

function outcome(result: NodeInfoResult): unknown {
  switch (result.kind) {
    case 'known':
      return { nodeInfo: result.info };
    case 'discover':
      return { nodeInfo: null };
    case 'failed':
      return { error: { kind: 'error', retrySeconds: 10, text: result.error } };
  }
}

/** The reference's default, which is the chart's here. Its host is the vendor's matter, its end is checked. */
function vendorsUrl({ result }: Golden): string {
  const image = (result as { nodeInfo?: { init_container_image?: string } }).nodeInfo?.init_container_image ?? '';
  return /^(\S+\/openshift-release-dev\/ocp-v4\.0-art-dev)@/.exec(image)?.[1] ?? '';
}
