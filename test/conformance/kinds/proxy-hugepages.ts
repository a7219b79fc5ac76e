/** Golden sizes of a proxy, from the shared drives of its node. Source: spec 04, 10.3. */
import { proxyHugepages } from '../../../actors/rules/proxy-hugepages.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { nodeOf } from '../read.ts';

export const kind: Kind = {
  name: 'proxy-hugepages',
  result: (golden) => {
    const size = proxyHugepages(nodeOf(golden));
    return size.kind === 'ok'
      ? { hugepagesWithoutOffset: size.baseMiB }
      : { error: { kind: 'error', retrySeconds: 10, text: size.error } };
  },
  expected: asRecorded,
};
