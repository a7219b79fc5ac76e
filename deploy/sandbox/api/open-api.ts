/** OpenAPI v3 documents from the served types: for `kubectl explain`, and to tell kubectl that the server validates. Pure. */
import type { ServedType } from '../world/api.ts';
import { VERSION } from './discovery.ts';
import { groupVersionOf } from './routes.ts';

type Schema = Readonly<Record<string, unknown>>;

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const text = (description: string): Schema => ({ type: 'string', description });
const textMap = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'string' },
  description,
});

/** metadata as clients may send it; also the list of field names that field validation knows there. */
export const OBJECT_META_SCHEMA: Schema = {
  type: 'object',
  description: 'ObjectMeta is metadata that all persisted resources must have.',
  properties: {
    annotations: textMap('Annotations is an unstructured key value map that may be set by external tools.'),
    creationTimestamp: text('Server time when this object was created, RFC 3339.'),
    deletionGracePeriodSeconds: { type: 'integer', description: 'Seconds allowed for graceful termination.' },
    deletionTimestamp: text('RFC 3339 time at which this resource will be deleted.'),
    finalizers: {
      type: 'array',
      items: { type: 'string' },
      description: 'Must be empty before the object is deleted from the registry.',
    },
    generateName: text('Optional prefix, used by the server to generate a unique name where name is absent.'),
    generation: { type: 'integer', description: 'Sequence number of the desired state, set by the system.' },
    labels: textMap('Map of keys and values that can be used to select objects.'),
    managedFields: {
      type: 'array',
      items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      description: 'Which manager set which fields.',
    },
    name: text('Unique within a namespace; cannot be updated.'),
    namespace: text('The space within which each name must be unique.'),
    ownerReferences: {
      type: 'array',
      description: 'Objects depended by this object.',
      items: {
        type: 'object',
        properties: {
          apiVersion: text('API version of the referent.'),
          blockOwnerDeletion: { type: 'boolean' },
          controller: { type: 'boolean', description: 'True where this reference points to the managing controller.' },
          kind: text('Kind of the referent.'),
          name: text('Name of the referent.'),
          uid: text('UID of the referent.'),
        },
      },
    },
    resourceVersion: text('Opaque value that represents the internal version of this object.'),
    selfLink: text('Deprecated: no longer populated by the system.'),
    uid: text('Unique in time and space, set by the server.'),
  },
};

/** `/openapi/v3`: where the document of each group and version is. */
export function openApiRoot(types: readonly ServedType[]): unknown {
  const paths = types.map(({ type }) => rootOf(type.group, type.version).slice(1));
  return { paths: Object.fromEntries(paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])) };
}

const rootOf = (group: string, version: string): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

/** The document of one group and version; undefined where no type is served in it. */
export function openApiOf(types: readonly ServedType[], group: string, version: string): unknown {
  const own = types.filter(({ type }) => type.group === group && type.version === version);
  if (own.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: VERSION.gitVersion },
    paths: Object.assign({}, ...own.map(pathsOf)),
    components: {
      schemas: Object.fromEntries([
        [OBJECT_META, OBJECT_META_SCHEMA],
        ...own.map((served) => [schemaNameOf(served), schemaOf(served)]),
      ]),
    },
  };
}

/** As the API server names CRD schemas: the group backwards, then version and kind. */
const schemaNameOf = ({ type: { group, version, kind } }: ServedType): string =>
  [...(group === '' ? ['core', 'api', 'k8s', 'io'] : group.split('.')).toReversed(), version, kind].join('.');

function schemaOf(served: ServedType): Schema {
  const schema: Schema = served.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const properties = (schema.properties ?? {}) as Schema;
  return {
    ...schema,
    properties: {
      apiVersion: text('Versioned schema of this representation of an object.'),
      kind: text('The REST resource this object represents.'),
      ...properties,
      metadata: {
        allOf: [{ $ref: `#/components/schemas/${OBJECT_META}` }],
        description: "Standard object's metadata.",
      },
    },
    'x-kubernetes-group-version-kind': [gvkOf(served)],
  };
}

const gvkOf = ({ type: { group, version, kind } }: ServedType): Schema => ({ group, version, kind });

const query = (name: string): Schema => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'].map(query);
/** No strategic merge patch: kubectl then takes the merge rules compiled into it. */
const PATCH_TYPES = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];

/** kubectl reads from a path the kind (explain), and whether its patch takes `fieldValidation` (apply). */
function pathsOf(served: ServedType): Schema {
  const { type, hasStatus } = served;
  const { plural, namespaced } = type;
  const base = `${rootOf(type.group, type.version)}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`;
  const answer = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaNameOf(served)}` } } };
  const operation = (action: string, extra: Schema = {}): Schema => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvkOf(served),
    operationId: `${action}${groupVersionOf(type).replace(/[^A-Za-z0-9]/g, '')}${type.kind}`,
    responses: { 200: { description: 'OK', content: answer } },
    ...extra,
  });
  const patchBody = {
    content: Object.fromEntries(PATCH_TYPES.map((media) => [media, { schema: { type: 'object' } }])),
  };
  const write = { parameters: WRITE_PARAMETERS };
  const one = {
    get: operation('get'),
    put: operation('put', { ...write, requestBody: { content: answer } }),
    patch: operation('patch', { ...write, requestBody: patchBody }),
  };
  return {
    [base]: { get: operation('list'), post: operation('post', { ...write, requestBody: { content: answer } }) },
    [`${base}/{name}`]: { ...one, delete: operation('delete') },
    ...(hasStatus ? { [`${base}/{name}/status`]: one } : {}),
  };
}
