/** What of the table of permissions a recorded request needed, and the same request again. Pure. */
import { OWN_DEPLOYMENT, RULES, type Rule, type Verb, verbsOf } from '../../deploy/permissions.ts';
import { DEPLOYMENT_NAME } from '../../deploy/sandbox/world/world.ts';
import type { Asked } from './audit.ts';
import { NAMESPACE, OPERATOR_NAMESPACE } from './fleet-story.ts';

/** Those that are given without further values of the chart. */
export const GIVEN: readonly Rule[] = RULES.filter(({ when }) => when === undefined);

export interface Right {
  readonly rule: Rule;
  readonly verb: Verb;
}
export const RIGHTS: readonly Right[] = GIVEN.flatMap((rule) => verbsOf(rule).map((verb) => ({ rule, verb })));

/** `claims: delete batch/jobs`. */
export const rightText = ({ rule, verb }: Right): string => {
  const { scope, group, resource, name } = rule;
  return `${scope}: ${verb} ${group === '' ? '' : `${group}/`}${resource}${name === undefined ? '' : ` ${name}`}`;
};
const nameOf = ({ name }: Rule): string | undefined => (name === OWN_DEPLOYMENT ? DEPLOYMENT_NAME : name);
const namespaceOf = ({ scope }: Rule): string => (scope === 'namespace' ? OPERATOR_NAMESPACE : NAMESPACE);

export const needs = (asked: Asked, { rule, verb }: Right): boolean =>
  asked.verb === verb &&
  asked.group === rule.group &&
  asked.resource === rule.resource &&
  (rule.name === undefined || asked.name === nameOf(rule)) &&
  (rule.scope === 'cluster' || asked.namespace === namespaceOf(rule));

const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
} as const satisfies Record<Verb, string>;

/** Without a body and as a dry run: an API server asks for rights before it looks at either, and nothing is changed. */
export function again(right: Right, recorded: Asked | undefined): { readonly method: string; readonly path: string } {
  const [path = '', query = ''] = (recorded?.uri ?? uriOf(right)).split('?');
  const parameters = new URLSearchParams(query);
  if (!['get', 'list', 'watch'].includes(right.verb)) parameters.set('dryRun', 'All');
  return { method: METHODS[right.verb], path: `${path}?${parameters}` };
}

/** For a right that no request of a life needed. */
function uriOf({ rule, verb }: Right): string {
  const { group, resource } = rule;
  const [plural = '', subresource] = resource.split('/');
  const version = group === 'weka.weka.io' ? 'v1alpha1' : group === 'metrics.k8s.io' ? 'v1beta1' : 'v1';
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const name = nameOf(rule);
  const ofMany = verb === 'list' || verb === 'watch';
  const unnamed = ofMany || (verb === 'create' && subresource === undefined);
  const query = new URLSearchParams({
    ...(verb === 'watch' ? { watch: 'true' } : {}),
    ...(ofMany && name !== undefined ? { fieldSelector: `metadata.name=${name}` } : {}),
  });
  const namespaced = ['nodes', 'namespaces'].includes(plural) ? [] : ['namespaces', namespaceOf(rule)];
  const path = [root, ...namespaced, plural, ...(unnamed ? [] : [name ?? 'nobody'])];
  return `${[...path, ...(subresource === undefined ? [] : [subresource])].join('/')}?${query}`;
}
