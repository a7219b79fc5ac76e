/** Lists in pages and the filters of lists and watches. Writes nothing. Source: apiserver v0.36.3, pkg/storage. */

import { parseLabelSelector } from '../../../../io/label-selector.ts';
import type { ListRequest } from '../../../../io/outside.ts';
import type { KubeList, KubeObject } from '../../../../messages/kube.ts';
import type { Core, TypeTable } from './core.ts';
import { parseFieldSelector } from './field-selector.ts';
import { at, type Stored } from './json.ts';
import { keyOf } from './object-table.ts';
import { badRequest, gone, ok, type Result, tooLarge } from './refusals.ts';

export interface Filter {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

const everything = (): boolean => true;

/** Whether an object passes all parts of a filter; a selector that cannot be read is refused with 400. */
export function matcherOf({ definition }: TypeTable, filter: Filter): Result<(object: Stored) => boolean> {
  const { namespace, labelSelector = '', fieldSelector = '' } = filter;
  const byLabel = parseLabelSelector(labelSelector);
  if (byLabel.kind === 'invalid') return badRequest(byLabel.message);
  const byField = parseFieldSelector(fieldSelector, definition.fields);
  if (byField.kind === 'invalid') return badRequest(byField.message);
  const anyNamespace = namespace === undefined || namespace === '' || !definition.served.type.namespaced;
  if (anyNamespace && labelSelector === '' && fieldSelector === '') return ok(everything);
  return ok(
    (object) =>
      (anyNamespace || object.metadata.namespace === namespace) &&
      byLabel.matches(object.metadata.labels) &&
      byField.matches(object),
  );
}

const CONTINUE_TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.';

const LIST_TOO_OLD = 'The resourceVersion for the provided list is too old.';

/** A page, or all. All pages of one list show the state at the first page's revision. */
export function listObjects(
  core: Core,
  typeTable: TypeTable,
  request: ListRequest & { readonly exactly?: boolean },
): Result<KubeList> {
  const matches = matcherOf(typeTable, request);
  if (matches.kind !== 'ok') return matches;
  const { definition, table } = typeTable;
  const namespace = definition.served.type.namespaced && request.namespace ? request.namespace : undefined;
  const newest = core.revision();
  const first = request.exactly === true ? Number(request.resourceVersion) : newest;
  const from = request.continue ? readToken(request.continue) : { revision: first, after: '' };
  if (from !== undefined && from.revision > newest) return tooLarge(from.revision, newest);
  if (from === undefined) return badRequest('invalid continue token: continue key is not valid');
  const objects = table.listAt(from.revision, namespace);
  if (objects === undefined) return gone(request.continue ? CONTINUE_TOO_OLD : LIST_TOO_OLD);
  const limit = request.limit === undefined || request.limit <= 0 ? Number.POSITIVE_INFINITY : request.limit;
  const items: Stored[] = [];
  let more = false;
  for (const object of objects) {
    if (from.after !== '' && keyOfObject(object) <= from.after) continue;
    if (!matches.answer(object)) continue;
    more = items.length >= limit;
    if (more) break;
    items.push(object);
  }
  const last = items.at(-1);
  return ok({
    items: items as readonly KubeObject[],
    resourceVersion: String(from.revision),
    ...(more && last !== undefined ? { continue: token(from.revision, keyOfObject(last)) } : {}),
  });
}

const keyOfObject = ({ metadata }: Stored): string => keyOf(metadata.namespace, metadata.name);
const token = (revision: number, after: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');

function readToken(text: string): { readonly revision: number; readonly after: string } | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const [revision, after] = [at(read, 'rv'), at(read, 'start')];
    return typeof revision === 'number' && typeof after === 'string' ? { revision, after } : undefined;
  } catch {
    return undefined;
  }
}
