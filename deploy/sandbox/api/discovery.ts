/** What the server serves, in both forms of Kubernetes discovery, and its version. Pure. */
import type { ServedType } from '../world/api.ts';
import { groupVersionOf } from './routes.ts';

/** Media type of aggregated discovery, as asked for and as answered. */
export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** The version whose behaviour is modelled. kubectl works with servers one minor version away. */
export const VERSION = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+modelled',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'modelled',
} as const;

interface Review {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}
const review = (group: string, kind: string, plural: string): Review => ({ group, version: 'v1', kind, plural });
/** Asked by POST, answered at once, never stored. */
export const REVIEWS: readonly Review[] = [
  review('authentication.k8s.io', 'SelfSubjectReview', 'selfsubjectreviews'),
  review('authentication.k8s.io', 'TokenReview', 'tokenreviews'),
  review('authorization.k8s.io', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews'),
  review('authorization.k8s.io', 'SubjectAccessReview', 'subjectaccessreviews'),
];

interface Resource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}
interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly Resource[];
}

const OBJECT_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Each served group and version once, core first, with its resources and their subresources by name. */
function groupVersions(types: readonly ServedType[]): readonly GroupVersion[] {
  const byName = new Map<string, { group: string; version: string; resources: Resource[] }>();
  const add = (key: { group: string; version: string }, ...resources: Resource[]): void => {
    const name = groupVersionOf(key);
    const entry = byName.get(name) ?? { group: key.group, version: key.version, resources: [] };
    entry.resources.push(...resources);
    byName.set(name, entry);
  };
  for (const served of types) add(served.type, ...resourcesOf(served));
  for (const each of REVIEWS) {
    const { plural: name, kind } = each;
    add(each, { name, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] });
  }
  const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
  for (const { resources } of byName.values()) resources.sort((left, right) => order(left.name, right.name));
  return [...byName.values()].sort(
    (left, right) => order(left.group, right.group) || order(left.version, right.version),
  );
}

function resourcesOf({ type, singular, shortNames, categories, hasStatus }: ServedType): readonly Resource[] {
  const { kind, namespaced, plural } = type;
  const sub = (name: string, subKind: string, verbs: readonly string[]): Resource => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind: subKind,
    verbs,
  });
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: OBJECT_VERBS,
      ...(shortNames.length > 0 ? { shortNames } : {}),
      ...(categories.length > 0 ? { categories } : {}),
    },
    ...(hasStatus ? [sub('status', kind, ['get', 'patch', 'update'])] : []),
    ...(type.group === '' && kind === 'Pod' ? [sub('exec', 'PodExecOptions', ['create', 'get'])] : []),
  ];
}

/** `/api`: APIVersions. */
export const coreVersions = (types: readonly ServedType[]): unknown => ({
  kind: 'APIVersions',
  versions: groupVersions(types).flatMap(({ group, version }) => (group === '' ? [version] : [])),
  serverAddressByClientCIDRs: [],
});

interface ApiGroup {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
  readonly preferredVersion: { readonly groupVersion: string; readonly version: string } | undefined;
}
function apiGroups(types: readonly ServedType[]): readonly ApiGroup[] {
  const byGroup = Map.groupBy(
    groupVersions(types).filter(({ group }) => group !== ''),
    ({ group }) => group,
  );
  return [...byGroup].map(([name, each]) => {
    const versions = each.map((one) => ({ groupVersion: groupVersionOf(one), version: one.version }));
    return { name, versions, preferredVersion: versions[0] };
  });
}

/** `/apis`: APIGroupList. */
export const groupList = (types: readonly ServedType[]): unknown => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: apiGroups(types),
});

/** `/apis/<group>`: APIGroup, or undefined where the group is not served. */
export function groupOf(types: readonly ServedType[], name: string): unknown {
  const found = apiGroups(types).find((group) => group.name === name);
  return found === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...found };
}

/** `/api/v1`, `/apis/<group>/<version>`: APIResourceList, or undefined where it is not served. */
export function resourceList(types: readonly ServedType[], group: string, version: string): unknown {
  const found = groupVersions(types).find((each) => each.group === group && each.version === version);
  if (found === undefined) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersionOf(found), resources: found.resources };
}

/** All of `/api` (`core`) or of `/apis` in one document. */
export function aggregated(types: readonly ServedType[], core: boolean): unknown {
  const byGroup = Map.groupBy(
    groupVersions(types).filter(({ group }) => (group === '') === core),
    ({ group }) => group,
  );
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: [...byGroup].map(([name, versions]) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map(({ version, resources }) => ({
        version,
        freshness: 'Current',
        resources: aggregatedResources({ group: name, version, resources }),
      })),
    })),
  };
}

function aggregatedResources({ group, version, resources }: GroupVersion): readonly unknown[] {
  const kindOf = ({ kind }: Resource): unknown => ({ group, version, kind });
  const subresources = resources.filter(({ name }) => name.includes('/'));
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => {
      const own = subresources.filter(({ name }) => name.startsWith(`${resource.name}/`));
      const { name, singularName, namespaced, verbs, shortNames, categories } = resource;
      return {
        resource: name,
        responseKind: kindOf(resource),
        scope: namespaced ? 'Namespaced' : 'Cluster',
        singularResource: singularName,
        verbs,
        ...(shortNames === undefined ? {} : { shortNames }),
        ...(categories === undefined ? {} : { categories }),
        ...(own.length === 0
          ? {}
          : {
              subresources: own.map((sub) => ({
                subresource: sub.name.slice(name.length + 1),
                responseKind: kindOf(sub),
                verbs: sub.verbs,
              })),
            }),
      };
    });
}
