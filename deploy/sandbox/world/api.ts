/**
 * What the modelled API server offers to its mounts (memory, HTTP) and to the other models: Kubernetes API semantics,
 * synchronous and deterministic under an injected clock and random source. Types only; api-store.ts implements them.
 */
import type { ListRequest, ObjectRequest } from '../../../io/outside.ts';
import type {
  Draft,
  KubeList,
  KubeObject,
  KubeOutcome,
  ObjectRef,
  ResourceType,
  WatchEvent,
  WatchRequest,
} from '../../../messages/kube.ts';

/** What only kubectl and other foreign clients send; the controller itself does not. */
export type ForeignRequest =
  /** application/apply-patch+yaml, already parsed. Creates the object where it is absent. */
  | {
      readonly verb: 'apply';
      readonly ref: ObjectRef;
      readonly subresource?: 'status';
      readonly object: Draft;
      readonly fieldManager: string;
      readonly force: boolean;
    }
  /** application/strategic-merge-patch+json. Maps only: one that touches a list is refused with 415. */
  | {
      readonly verb: 'strategicPatch';
      readonly ref: ObjectRef;
      readonly subresource?: 'status';
      readonly patch: unknown;
    }
  /** The bind subresource is not modelled. */
  | {
      readonly verb: 'deleteCollection';
      readonly type: ResourceType;
      readonly namespace?: string;
      readonly labelSelector?: string;
    };

export interface RequestOptions {
  /** Name in managedFields; absent: `unknown`. */
  readonly fieldManager?: string;
  /** Validates and answers, stores nothing. */
  readonly dryRun?: boolean;
}

/** A printer column as in a CRD: `jsonPath` in kubectl's dialect; `priority` 0 is shown without `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly priority: number;
  readonly description?: string;
}
/** One served type, for discovery, tables, `kubectl explain`. `schema` is OpenAPI v3 (structural) as in the CRD; built-in types have none. */
export interface ServedType {
  readonly type: ResourceType;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly hasStatus: boolean;
  /** Without the name column, which a table has first; with `row`, all columns, the name's among them. */
  readonly columns: readonly PrinterColumn[];
  /** Built-in types, whose cells need calculation: one cell per entry of `columns`, `jsonPath` being empty there. */
  readonly row?: (object: KubeObject, wallMs: number) => readonly (string | number)[];
  readonly schema: Readonly<Record<string, unknown>> | undefined;
}

export interface ApiStore {
  readonly request: (request: ObjectRequest | ForeignRequest, options?: RequestOptions) => KubeOutcome<KubeObject>;
  /** `exactly`: the state at `request.resourceVersion`, which is otherwise not looked at: the newest is never too old. */
  readonly list: (request: ListRequest & { readonly exactly?: boolean }) => KubeOutcome<KubeList>;
  /**
   * Delivers what was written after `request.resourceVersion` (or the present state first, when asked), then each write in
   * order, synchronously inside the write that causes it. `take` gets frozen objects, shared among all watchers. Returns
   * the stop. A resourceVersion older than the watch window: one `error` event with code 410, then nothing.
   */
  readonly watch: (request: WatchRequest, take: (event: WatchEvent) => void) => () => void;
  readonly types: () => readonly ServedType[];
  /** Newest resourceVersion handed out. */
  readonly resourceVersion: () => string;
  /** Drops the watch history, so that every resume from before answers 410: a fault for tests. */
  readonly forgetHistory: () => void;
  /** Convenience for models and tests: the object or undefined; all objects of a type, in name order. */
  readonly get: <T extends KubeObject>(ref: ObjectRef) => T | undefined;
  readonly all: <T extends KubeObject>(type: ResourceType, namespace?: string) => readonly T[];
}
