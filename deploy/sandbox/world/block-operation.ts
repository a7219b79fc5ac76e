/**
 * What the sibling operator's actions block-drives and unblock-drives write to a node, with the set difference and the counts
 * that spec 06, 8.2 no. 17 to 19 ask for. Serials only. Pure. Source: spec 06, 6.6.
 */
import type { Node } from './objects.ts';

export type BlockAction = 'block-drives' | 'unblock-drives';
export const isBlockAction = (text: string | undefined): text is BlockAction =>
  text === 'block-drives' || text === 'unblock-drives';

export type BlockResult =
  | {
      readonly kind: 'done';
      readonly result: string;
      /** null takes one away. */
      readonly annotations: Readonly<Record<string, string | null>>;
      /** `weka.io/drives`, capacity and allocatable. */
      readonly drives: string;
    }
  /** Nothing is written to the node. */
  | { readonly kind: 'failed'; readonly result: string };

const [DRIVES, BLOCKED, HASH] = ['weka.io/weka-drives', 'weka.io/blocked-drives', 'weka.io/sign-drives-hash'];

export function blockOrUnblock(action: BlockAction, node: Node, serials: readonly string[]): BlockResult {
  const [all, before] = [listIn(node, DRIVES), listIn(node, BLOCKED)];
  const blocks = action === 'block-drives';
  const known = blocks ? all : before;
  const unknown = serials.filter((serial) => !known.includes(serial));
  if (unknown.length > 0) {
    const where = blocks ? 'available' : 'blocked';
    const err = `the following drives were not found in the ${where} drives list: [${unknown.join(' ')}]`;
    return { kind: 'failed', result: JSON.stringify({ err, result: '' }) };
  }
  const blocked = blocks ? [...new Set([...before, ...serials])] : before.filter((serial) => !serials.includes(serial));
  const text = `Successfully ${blocks ? 'blocked' : 'unblocked'} ${serials.length} drives on node ${node.metadata.name}`;
  return {
    kind: 'done',
    result: JSON.stringify({ result: text }),
    annotations: { [BLOCKED]: JSON.stringify(blocked), ...(blocks ? { [HASH]: null } : {}) },
    drives: String(all.filter((serial) => !blocked.includes(serial)).length),
  };
}
/** Anything else counts as empty. */
function listIn({ metadata: { annotations } }: Node, name: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(annotations?.[name] ?? '[]');
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}
