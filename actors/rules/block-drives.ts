/** What blocking drives of their own makes of a node: its list, its capacity, and a new signing to come. Source: spec 06, 6.6. */
import type { Node } from '../../messages/resources.ts';
import { goJson } from './go-json.ts';
import { ANNOTATIONS, textsIn } from './node-annotations.ts';

export type BlockOutcome =
  | {
      readonly kind: 'blocked';
      /** Those that were not blocked before. */
      readonly serials: readonly string[];
      /** null: it is to be removed. */
      readonly annotations: Readonly<Record<string, string | null>>;
      /** For `status.capacity` and `status.allocatable` alike. */
      readonly resources: Readonly<Record<string, string>>;
    }
  /** The node does not have them, or all are blocked. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly reason: string };

export function blockDrives(node: Node, serials: readonly string[]): BlockOutcome {
  const all = textsIn(node, ANNOTATIONS.drives);
  if (typeof all === 'string') return { kind: 'failed', reason: `failed to unmarshal weka drives: ${all}` };
  const before = textsIn(node, ANNOTATIONS.blockedDrives);
  if (typeof before === 'string') return { kind: 'failed', reason: `failed to unmarshal blocked drives: ${before}` };
  const added = [...new Set(serials)].filter((serial) => all.includes(serial) && !before.includes(serial));
  if (added.length === 0) return { kind: 'nothing' };
  const blocked = [...before, ...added];
  return {
    kind: 'blocked',
    serials: added,
    annotations: { [ANNOTATIONS.blockedDrives]: goJson(blocked), [ANNOTATIONS.signHash]: null },
    resources: { 'weka.io/drives': String(all.filter((serial) => !blocked.includes(serial)).length) },
  };
}
