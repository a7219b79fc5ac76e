/** Which of the served paths a request means. Pure; answers nothing itself. */
import type { ObjectRef, ResourceType } from '../../../messages/kube.ts';
import { refOf } from '../../../messages/kube.ts';
import type { ServedType } from '../world/api.ts';

export type Route =
  | { readonly kind: 'health' | 'version' | 'coreVersions' | 'groups' | 'openApiRoot' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'resources' | 'openApi'; readonly group: string; readonly version: string }
  | { readonly kind: 'review'; readonly group: string; readonly plural: string }
  | { readonly kind: 'collection'; readonly served: ServedType; readonly namespace?: string }
  | { readonly kind: 'object'; readonly served: ServedType; readonly ref: ObjectRef; readonly subresource?: string };

/** Groups whose objects are asked once and never stored. */
export const REVIEW_GROUPS: readonly string[] = ['authentication.k8s.io', 'authorization.k8s.io'];

const FIXED: Readonly<Record<string, Route>> = {
  '/healthz': { kind: 'health' },
  '/readyz': { kind: 'health' },
  '/livez': { kind: 'health' },
  '/version': { kind: 'version' },
  '/api': { kind: 'coreVersions' },
  '/apis': { kind: 'groups' },
  '/openapi/v3': { kind: 'openApiRoot' },
};

/** `undefined`: not served. `path` is the undecoded path without the query. */
export function routeOf(path: string, types: readonly ServedType[]): Route | undefined {
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path;
  if (Object.hasOwn(FIXED, trimmed)) return FIXED[trimmed];
  const parts = decodeParts(trimmed);
  if (parts === undefined) return undefined;
  const [first, second, third, ...rest] = parts;
  if (first === 'openapi' && second === 'v3') return openApiRoute(parts.slice(2));
  if (first === 'api' && second !== undefined) return inGroup('', second, parts.slice(2), types);
  if (first !== 'apis' || second === undefined) return undefined;
  return third === undefined ? { kind: 'group', group: second } : inGroup(second, third, rest, types);
}

function decodeParts(path: string): readonly string[] | undefined {
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function openApiRoute(parts: readonly string[]): Route | undefined {
  const [root, first, second] = parts;
  if (root === 'api' && first !== undefined) return { kind: 'openApi', group: '', version: first };
  if (root === 'apis' && first !== undefined && second !== undefined)
    return { kind: 'openApi', group: first, version: second };
  return undefined;
}

function inGroup(
  group: string,
  version: string,
  parts: readonly string[],
  types: readonly ServedType[],
): Route | undefined {
  if (parts.length === 0) return { kind: 'resources', group, version };
  const [scope, namespace, plural, name, subresource, ...more] = parts;
  if (REVIEW_GROUPS.includes(group)) return scope === undefined ? undefined : { kind: 'review', group, plural: scope };
  const find = (wanted: string | undefined): ServedType | undefined =>
    types.find(({ type }) => type.group === group && type.version === version && type.plural === wanted);
  // `namespaces/x/status` is the status of a Namespace, `namespaces/x/pods` the pods inside it.
  const insideNamespace = scope === 'namespaces' && plural !== undefined && plural !== 'status';
  if (!insideNamespace) return plain(find(scope), parts.slice(1));
  const served = find(plural);
  if (served === undefined || !served.type.namespaced || namespace === undefined || more.length > 0) return undefined;
  if (name === undefined) return { kind: 'collection', served, namespace };
  return objectRoute(served, refOf(served.type, { namespace, name }), subresource);
}

/** A path without a namespace: a cluster-scoped object, or a collection over all namespaces. */
function plain(served: ServedType | undefined, parts: readonly string[]): Route | undefined {
  if (served === undefined || parts.length > 2) return undefined;
  const [name, subresource] = parts;
  if (name === undefined) return { kind: 'collection', served };
  return served.type.namespaced ? undefined : objectRoute(served, refOf(served.type, { name }), subresource);
}

const objectRoute = (served: ServedType, ref: ObjectRef, subresource: string | undefined): Route =>
  subresource === undefined ? { kind: 'object', served, ref } : { kind: 'object', served, ref, subresource };

/** `v1` or `group/version`. */
export const groupVersionOf = ({ group, version }: Pick<ResourceType, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;
