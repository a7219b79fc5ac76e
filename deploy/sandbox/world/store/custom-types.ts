/**
 * Served types from CustomResourceDefinition objects: the storage version of each. Throws on a definition it cannot serve.
 * Source: spec 01, 3.1; apiextensions.k8s.io/v1.
 */
import type { ResourceType } from '../../../../messages/kube.ts';
import type { PrinterColumn, ServedType } from '../api.ts';
import { METADATA_SCHEMA } from './builtin-schemas.ts';
import { compileRules } from './cel.ts';
import { type FieldError, type FieldErrorKind, invalid } from './field-errors.ts';
import { metadataFields, type SelectableFields, selectable } from './field-selector.ts';
import type { Json, JsonObject } from './json.ts';
import { normalise, type Schema } from './schema.ts';
import { validateSchema } from './schema-validation.ts';
import type { TypeDefinition } from './type-definition.ts';

/** The part of a CustomResourceDefinition that is read. */
export interface CustomResourceDefinition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: {
      readonly plural: string;
      readonly singular?: string;
      readonly kind: string;
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    };
    readonly versions: readonly CustomVersion[];
  };
}
interface CustomVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema?: { readonly openAPIV3Schema?: Schema };
  readonly subresources?: { readonly status?: object };
  readonly additionalPrinterColumns?: readonly {
    readonly name: string;
    readonly type: PrinterColumn['type'];
    readonly jsonPath: string;
    readonly priority?: number;
    readonly description?: string;
  }[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', priority: 0 };
/** After one of these the object is too broken to ask the rules. */
const BLOCKING = new Set<FieldErrorKind>([
  'Unsupported value',
  'Required value',
  'Too long',
  'Too many',
  'Invalid type',
]);
const RULES_SKIPPED = invalid(
  '',
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

export function customType(definition: CustomResourceDefinition): TypeDefinition {
  const version = definition.spec.versions.find(({ served, storage }) => served && storage);
  const schema = version?.schema?.openAPIV3Schema;
  if (version === undefined || schema === undefined) {
    throw new Error(`${definition.metadata.name}: no served storage version with a schema`);
  }
  const served = servedType(definition, version, schema);
  const checkRules = compileRules(schema);
  const validate = (next: Json, old: Json | undefined): readonly FieldError[] => {
    const errors = validateSchema(next, schema, '', old);
    if (checkRules === undefined) return errors;
    if (errors.some(({ kind }) => BLOCKING.has(kind))) return [...errors, RULES_SKIPPED];
    return [...errors, ...checkRules(next, old)];
  };
  return {
    served,
    schema: { ...schema, properties: { ...schema.properties, metadata: METADATA_SCHEMA } },
    custom: true,
    hasGeneration: true,
    fields: selectableFields(version),
    admit: (object) => normalise(object, schema) as JsonObject,
    prepare: (object) => object,
    initialStatus: ({ status }) => (served.hasStatus ? undefined : status),
    validate: (next, old) => validate(next as unknown as Json, old as unknown as Json | undefined),
  };
}

function servedType({ spec }: CustomResourceDefinition, version: CustomVersion, schema: Schema): ServedType {
  const { names, group, scope } = spec;
  const type: ResourceType = {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    namespaced: scope === 'Namespaced',
  };
  const columns = version.additionalPrinterColumns?.map(({ priority = 0, ...column }) => ({ ...column, priority }));
  return {
    type,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    hasStatus: version.subresources?.status !== undefined,
    columns: columns ?? [AGE],
    schema: schema as Readonly<Record<string, unknown>>,
  };
}

function selectableFields({ selectableFields: fields = [] }: CustomVersion): SelectableFields {
  const own = fields.map(({ jsonPath }) => selectable(jsonPath.replace(/^\./, '')));
  return Object.assign({}, metadataFields, ...own);
}
