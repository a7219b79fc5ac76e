/** The built-in types that a store serves: one row each. Source: design of the modelled fleet; kubernetes v1.36. */
import {
  CONFIG_MAPS,
  CSI_NODES,
  DEPLOYMENTS,
  EVENTS,
  JOBS,
  LEASES,
  NAMESPACES,
  NODES,
  PODS,
  type ResourceType,
  SECRETS,
} from '../../../../messages/kube.ts';
import { PRINTERS, type Printer } from './builtin-rows.ts';
import {
  admitPod,
  admitSecret,
  initialNodeStatus,
  initialPodStatus,
  namespaceDeletionForbidden,
  namespaceHolds,
  podGraceSeconds,
  prepareJob,
  prepareNamespace,
  terminatingNamespace,
  validateEvent,
  validateLease,
  validatePod,
  withoutNulls,
} from './builtin-rules.ts';
import { SCHEMAS } from './builtin-schemas.ts';
import { forbidden } from './field-errors.ts';
import { metadataFields, type SelectableFields, selectable } from './field-selector.ts';
import type { Json, JsonObject } from './json.ts';
import { normalise, type Schema } from './schema.ts';
import { validateSchema } from './schema-validation.ts';
import type { TypeDefinition } from './type-definition.ts';

export const SERVICE_ACCOUNTS: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};
export const DISRUPTION_BUDGETS: ResourceType = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
};
export const DEFINITIONS: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

interface Row extends Partial<TypeDefinition> {
  readonly type: ResourceType;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly hasStatus?: boolean;
  readonly printer: Printer;
  readonly schema?: Schema;
}

function builtin({ type, shortNames = [], categories = [], hasStatus = false, printer, ...rest }: Row): TypeDefinition {
  const { schema = SCHEMAS.plain, validate, admit } = rest;
  return {
    served: {
      type,
      singular: type.kind.toLowerCase(),
      shortNames,
      categories,
      hasStatus,
      columns: printer.columns,
      row: printer.row,
      schema: undefined,
    },
    schema,
    custom: false,
    hasGeneration: rest.hasGeneration ?? false,
    fields: { ...metadataFields, ...rest.fields },
    admit: (object) => normalise(withoutNulls(admit === undefined ? object : admit(object)), schema) as JsonObject,
    prepare: rest.prepare ?? ((object) => object),
    initialStatus: rest.initialStatus ?? (({ status }) => (hasStatus ? {} : status)),
    validate: (next, old) => [
      ...validateSchema(next as unknown as Json, schema, '', old as unknown as Json | undefined),
      ...(validate === undefined ? [] : validate(next, old)),
    ],
    ...(rest.graceSeconds === undefined ? {} : { graceSeconds: rest.graceSeconds }),
    ...(rest.holds === undefined ? {} : { holds: rest.holds }),
    ...(rest.terminating === undefined ? {} : { terminating: rest.terminating }),
    ...(rest.deletionForbidden === undefined ? {} : { deletionForbidden: rest.deletionForbidden }),
  };
}

const fields = (...paths: readonly string[]): SelectableFields =>
  Object.assign({}, ...paths.map((path) => selectable(path)));

/** `names`: the custom types that the store was made with; their definitions are fixed. */
export function builtinTypes(names: ReadonlySet<string>): readonly TypeDefinition[] {
  return [
    builtin({
      type: PODS,
      shortNames: ['po'],
      categories: ['all'],
      hasStatus: true,
      hasGeneration: true,
      printer: PRINTERS.pods,
      schema: SCHEMAS.pods,
      fields: {
        ...fields(
          'spec.nodeName',
          'spec.restartPolicy',
          'spec.schedulerName',
          'spec.serviceAccountName',
          'status.phase',
          'status.podIP',
          'status.nominatedNodeName',
        ),
        ...selectable('spec.hostNetwork', 'false'),
      },
      admit: admitPod,
      initialStatus: initialPodStatus,
      validate: validatePod,
      graceSeconds: podGraceSeconds,
    }),
    builtin({
      type: NODES,
      shortNames: ['no'],
      hasStatus: true,
      printer: PRINTERS.nodes,
      schema: SCHEMAS.nodes,
      fields: selectable('spec.unschedulable', 'false'),
      // A kubelet registers its node with its status.
      initialStatus: initialNodeStatus,
    }),
    builtin({
      type: NAMESPACES,
      shortNames: ['ns'],
      hasStatus: true,
      printer: PRINTERS.namespaces,
      schema: SCHEMAS.namespaces,
      fields: fields('status.phase'),
      prepare: prepareNamespace,
      initialStatus: () => ({ phase: 'Active' }),
      holds: namespaceHolds,
      terminating: terminatingNamespace,
      deletionForbidden: namespaceDeletionForbidden,
    }),
    builtin({ type: CONFIG_MAPS, shortNames: ['cm'], printer: PRINTERS.configMaps }),
    builtin({
      type: SECRETS,
      printer: PRINTERS.secrets,
      schema: SCHEMAS.secrets,
      fields: fields('type'),
      admit: admitSecret,
    }),
    builtin({
      type: EVENTS,
      shortNames: ['ev'],
      printer: PRINTERS.events,
      fields: fields(
        'involvedObject.kind',
        'involvedObject.namespace',
        'involvedObject.name',
        'involvedObject.uid',
        'involvedObject.apiVersion',
        'involvedObject.resourceVersion',
        'involvedObject.fieldPath',
        'reason',
        'reportingComponent',
        'type',
      ),
      validate: validateEvent,
    }),
    builtin({
      type: DEPLOYMENTS,
      shortNames: ['deploy'],
      categories: ['all'],
      hasStatus: true,
      hasGeneration: true,
      printer: PRINTERS.deployments,
      schema: SCHEMAS.deployments,
    }),
    builtin({
      type: JOBS,
      categories: ['all'],
      hasStatus: true,
      hasGeneration: true,
      printer: PRINTERS.jobs,
      schema: SCHEMAS.jobs,
      prepare: prepareJob,
    }),
    builtin({ type: CSI_NODES, printer: PRINTERS.plain }),
    builtin({ type: LEASES, printer: PRINTERS.leases, validate: validateLease }),
    builtin({
      type: DISRUPTION_BUDGETS,
      shortNames: ['pdb'],
      hasStatus: true,
      hasGeneration: true,
      printer: PRINTERS.plain,
    }),
    builtin({ type: SERVICE_ACCOUNTS, shortNames: ['sa'], printer: PRINTERS.plain }),
    builtin({
      type: DEFINITIONS,
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      hasStatus: true,
      hasGeneration: true,
      printer: PRINTERS.definitions,
      initialStatus: ({ status }) => status,
      validate: (next, old) => {
        if (old === undefined ? names.has(next.metadata.name) : old.spec === next.spec) return [];
        return [forbidden('spec', 'the custom types of this server are fixed when it starts')];
      },
      deletionForbidden: () => 'the custom types of this server are fixed when it starts',
    }),
  ];
}
