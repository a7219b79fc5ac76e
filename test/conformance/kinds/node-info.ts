/** Golden node info: the record of a node, or the result of a discovery container, as it is used. Source: spec 04, 2.1. */
import { type NodeInfoResult, nodeInfoOf, nodeInfoOfResult } from '../../../actors/rules/node-info.ts';
import { isDriversBuilder } from '../../../messages/weka-modes.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { configMapOf, containerOf, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind: Kind = {
  name: 'node-info',
  result: (golden) => {
    const toolkit = {
      digests: configMapOf(golden)?.data,
      imageBaseUrl: settingsOf(golden).ocpToolkitImageBaseUrl,
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
