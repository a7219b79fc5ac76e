/**
 * Operations on nodes as the sibling operator runs them: which helper an operation puts on a node, and what its results
 * come to. Pure; a kind is added by one row. Source: spec 06, 6.1 to 6.3; 05, 10.1.
 */
import type { OperationSpec } from '../../../messages/weka-cluster.ts';
import type { Node } from './objects.ts';

export type Action = 'sign-drives' | 'discover-drives' | 'ensure-nics';

/** What a helper needs beyond what all have; `instruction` is the text of its payload. */
export interface HelperPlan {
  readonly name: string;
  readonly mode: 'adhoc-op' | 'adhoc-op-with-container';
  readonly instruction: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}
export interface OperationKind {
  /** Image where the operation names none. */
  readonly image: string | undefined;
  /** A word by which images that cannot do it are known. */
  readonly refusesImage: string | undefined;
  /** Which of the selected nodes it looks at. */
  readonly takes: (node: Node) => boolean;
  readonly helper: (
    owner: { readonly name: string; readonly uid: string },
    node: Node,
    spec: OperationSpec,
  ) => HelperPlan;
  /** Text for people, from node name to the text of its result. */
  readonly resultText: (results: ReadonlyMap<string, string>) => string;
  /** What the sibling itself writes to the node; undefined: nothing, or a result that cannot be read. */
  readonly nodeWrite: (
    result: string,
  ) =>
    | { readonly annotation: [name: string, text: string]; readonly capacity: [name: string, count: string] }
    | undefined;
}

export const SIGN_DRIVES_IMAGE = 'registry.example.com/weka.io/sign-drives:v1.0.0';
/** Ports that no weka container of a cluster uses. */
const APART = { port: 60_040, agentPort: 60_039 };
const nothing = (): undefined => undefined;

export const KINDS: Readonly<Record<Action, OperationKind>> = {
  'sign-drives': {
    image: SIGN_DRIVES_IMAGE,
    refusesImage: 'weka.io/weka-in-container',
    takes: isReady,
    helper: (_owner, node, { payload }) => ({
      name: `weka-sign-and-discover-drives-${node.metadata.name}`,
      mode: 'adhoc-op',
      instruction: JSON.stringify({ ...payload, excludedSerialIds: knownSerials(node) }),
      labels: { app: 'weka' },
      spec: { hostPID: true },
    }),
    resultText: signedText,
    nodeWrite: nothing,
  },
  'discover-drives': {
    image: undefined,
    refusesImage: undefined,
    takes: ({ metadata }) => (metadata.annotations?.['weka.io/weka-drives'] ?? '') === '',
    helper: ({ uid }, node) => ({
      name: `weka-discover-drives-${uid}-${node.metadata.uid}`,
      mode: 'adhoc-op',
      instruction: undefined,
      labels: {},
      spec: APART,
    }),
    resultText: (results) =>
      JSON.stringify(Object.fromEntries([...results].map(([node, text]) => [node, decoded(text)]))),
    nodeWrite: nothing,
  },
  'ensure-nics': {
    image: undefined,
    refusesImage: undefined,
    takes: () => true,
    helper: ({ name }, node, { payload }) => ({
      name: `weka-adhoc-${name}-${node.metadata.uid}`,
      mode: 'adhoc-op-with-container',
      instruction: JSON.stringify(payload ?? {}),
      labels: {},
      spec: APART,
    }),
    resultText: (results) => JSON.stringify({ results: Object.fromEntries(results) }),
    nodeWrite: (result) => {
      const { nics } = decoded(result);
      if (!Array.isArray(nics)) return undefined;
      return {
        annotation: ['weka.io/weka-nics', JSON.stringify(nics)],
        capacity: ['weka.io/nics', String(nics.length)],
      };
    },
  },
};

export const isAction = (text: string): text is Action => Object.hasOwn(KINDS, text);

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

/** Serials that an earlier run has put on record, of either kind. */
function knownSerials({ metadata: { annotations } }: Node): readonly string[] {
  const shared = decodedList(annotations?.['weka.io/weka-shared-drives']).map(
    (drive) => (drive as { serial?: string }).serial,
  );
  return [...decodedList(annotations?.['weka.io/weka-drives']), ...shared].map(String);
}

function signedText(results: ReadonlyMap<string, string>): string {
  const counts = [...results].flatMap(([node, text]) => {
    const { drives, proxy_drives: proxyDrives } = decoded(text);
    const found = Array.isArray(proxyDrives) ? proxyDrives : drives;
    return Array.isArray(found) && found.length > 0 ? [[node, found.length] as const] : [];
  });
  if (counts.length === 0) return JSON.stringify({ message: 'No new drives signed' });
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const message = `Signed ${total} drives on ${results.size} nodes`;
  return JSON.stringify({ message, results: Object.fromEntries(counts) });
}

function decoded(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}; // Narrowed just now.
  } catch {
    return {};
  }
}
function decodedList(text: string | undefined): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
