/** Watches which container has which NIC of a node, by the node's record, and tells the oracle of a second one. Source: spec 01, 13.3; 05, 10.3. */
import type { Cache } from './cache.ts';
import type { Node } from './objects.ts';
import type { Oracle } from './oracle.ts';

const ALLOCATIONS = 'weka.io/allocations';

export function watchNicHolders(oracle: Oracle, nodes: Cache<Node>): void {
  nodes.listen((after, before) => {
    const text = after?.metadata.annotations?.[ALLOCATIONS];
    if (after === undefined || text === undefined || text === before?.metadata.annotations?.[ALLOCATIONS]) return;
    const holders = new Map<string, string>();
    for (const [container, nics] of recorded(text)) {
      for (const mac of nics) {
        const other = holders.get(mac);
        if (other === undefined) holders.set(mac, container);
        else oracle.report('nic-held-twice', container, `${after.metadata.name} NIC ${mac} is held by ${other}`);
      }
    }
  });
}

/** Container to MAC addresses; nothing of a record that cannot be read. */
function recorded(text: string): readonly (readonly [string, readonly string[]])[] {
  try {
    const record = JSON.parse(text) as Readonly<Record<string, { nics?: readonly string[] }>>; // Its only writer's shape.
    return Object.entries(record).map(([container, { nics = [] }]) => [container, nics]);
  } catch {
    return [];
  }
}
