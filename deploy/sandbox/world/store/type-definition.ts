/** What the store knows about one served type: the part that differs between pods, nodes and custom resources. */
import type { ServedType } from '../api.ts';
import type { FieldError } from './field-errors.ts';
import type { SelectableFields } from './field-selector.ts';
import type { Json, JsonObject, Stored } from './json.ts';
import type { Schema } from './schema.ts';

export interface TypeDefinition {
  readonly served: ServedType;
  /** Of built-in types only what merging and defaulting need: it lets unknown fields pass. */
  readonly schema: Schema | undefined;
  /** Custom resources: PUT needs a resourceVersion, /status leaves the metadata alone, no strategic patches. */
  readonly custom: boolean;
  readonly hasGeneration: boolean;
  readonly fields: SelectableFields;
  /** Everything but the metadata as it is stored: pruned, nulls dropped, defaults filled in. */
  readonly admit: (object: JsonObject) => JsonObject;
  /** Admission on create. */
  readonly prepare: (object: JsonObject, uid: string) => JsonObject;
  /** The status of a new object, given what the client sent. */
  readonly initialStatus: (object: JsonObject) => Json | undefined;
  /** Beyond the metadata. `old` is undefined on create. */
  readonly validate: (next: Stored, old: Stored | undefined) => readonly FieldError[];
  /** How long a delete waits for the kubelet, in seconds. Absent: types that are deleted at once. */
  readonly graceSeconds?: (object: Stored, requested: number | undefined) => number;
  /** Kept although it has no finalizer of its own: namespaces, until they are empty. */
  readonly holds?: (object: Stored) => boolean;
  /** How the rest of the object looks once its deletion has begun. */
  readonly terminating?: (object: Stored) => Stored;
  /** Why no one may delete the object, or undefined. */
  readonly deletionForbidden?: (object: Stored) => string | undefined;
}
