/** RBAC as the API server reads it, over the rules of the chart: may this request be made? Refuses the others, and tells of them. */
import type { Rule, RuleScope, Verb } from '../../deploy/permissions.ts';
import { OWN_DEPLOYMENT } from '../../deploy/permissions.ts';
import type { KubeApi, ListRequest, ObjectRequest } from '../../io/outside.ts';
import type { WatchRequest } from '../../messages/kube.ts';

export interface Where {
  /** Of the controller. */
  readonly namespace: string;
  readonly deployment: string;
  /** Namespaces of containers with a claim. */
  readonly claims?: readonly string[];
}
export type AnyRequest = ObjectRequest | ListRequest | (WatchRequest & { readonly verb: 'watch' });

const VERBS: Readonly<Record<AnyRequest['verb'], Verb>> = {
  get: 'get',
  list: 'list',
  watch: 'watch',
  create: 'create',
  replace: 'update',
  mergePatch: 'patch',
  jsonPatch: 'patch',
  delete: 'delete',
};

/** A list or watch that asks for one name by field selector counts as a request for that name. */
export function isGranted(rules: readonly Rule[], request: AnyRequest, where: Where): boolean {
  const type = 'ref' in request ? request.ref.type : request.type;
  const subresource = 'subresource' in request && request.subresource !== undefined ? `/${request.subresource}` : '';
  const resource = `${type.plural}${subresource}`;
  const namespace = namespaceOf(request);
  const name = nameOf(request);
  return rules.some(
    (rule) =>
      rule.group === type.group &&
      rule.resource === resource &&
      rule.verbs[VERBS[request.verb]] !== undefined &&
      (rule.name === undefined || (rule.name === OWN_DEPLOYMENT ? where.deployment : rule.name) === name) &&
      reaches(rule.scope, namespace, where),
  );
}

function reaches(scope: RuleScope, namespace: string | undefined, where: Where): boolean {
  if (scope === 'cluster') return true;
  if (namespace === undefined) return false;
  return scope === 'namespace' ? namespace === where.namespace : (where.claims ?? []).includes(namespace);
}
function namespaceOf(request: AnyRequest): string | undefined {
  if ('ref' in request) return request.ref.namespace;
  return 'object' in request ? request.object.metadata.namespace : request.namespace;
}
function nameOf(request: AnyRequest): string | undefined {
  if ('ref' in request) return request.ref.name;
  if ('object' in request) return undefined;
  return /^metadata\.name=(.*)$/.exec(request.fieldSelector ?? '')?.[1];
}

/** Answers 403 to what no rule grants, and tells `refused` of it in one line. */
export function grantedOnly(
  api: KubeApi,
  rules: readonly Rule[],
  where: Where,
  refused: (line: string) => void,
): KubeApi {
  const may = (request: AnyRequest): boolean => {
    if (isGranted(rules, request, where)) return true;
    const type = 'ref' in request ? request.ref.type : request.type;
    refused(`${request.verb} ${type.plural} ${namespaceOf(request) ?? '*'}/${nameOf(request) ?? '*'}`);
    return false;
  };
  const forbidden = { kind: 'refused', status: 403, reason: 'Forbidden', message: 'forbidden' } as const;
  return {
    request: async (request, signal) => (may(request) ? api.request(request, signal) : forbidden),
    list: async (request, signal) => (may(request) ? api.list(request, signal) : forbidden),
    watch: async (request, take, signal) =>
      may({ ...request, verb: 'watch' }) ? api.watch(request, take, signal) : forbidden,
  };
}
