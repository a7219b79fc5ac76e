/** The state of a store: its tables, its one counter, and the way a change enters. Rules of the API are not known here. */
import type { Clock } from '../../../../io/clock.ts';
import type { Random } from '../../../../io/random.ts';
import type { ResourceType } from '../../../../messages/kube.ts';
import { adopt, type Json, type ManagedFields, type Stored } from './json.ts';
import { type Change, type ObjectTable, objectTable } from './object-table.ts';
import type { TypeDefinition } from './type-definition.ts';
import { type WatchHub, watchHub } from './watch-hub.ts';

export interface TypeTable {
  readonly definition: TypeDefinition;
  readonly table: ObjectTable;
}
/** Told of each change before any watcher is. Must not write: it may set a timer. */
export type ChangeListener = (typeTable: TypeTable, change: Change) => void;

export interface Core {
  readonly clock: Clock;
  readonly random: Random;
  readonly tables: readonly TypeTable[];
  readonly find: (type: ResourceType) => TypeTable | undefined;
  readonly revision: () => number;
  /** Stores a frozen object under the next revision; answers with it. The object's managedFields are those given. */
  readonly commit: (
    typeTable: TypeTable,
    kind: Change['kind'],
    object: Stored,
    previous: Stored | undefined,
    managedFields: readonly ManagedFields[],
  ) => Stored;
  readonly listen: (listener: ChangeListener) => void;
  readonly hub: WatchHub;
}

const typeKey = ({ group, version, plural }: ResourceType): string => `${group}/${version}/${plural}`;

/** `windowCount`: how many changes of each type can be watched from, at least. */
export function createCore(
  clock: Clock,
  random: Random,
  definitions: readonly TypeDefinition[],
  windowCount: number,
): Core {
  let revision = 0;
  const tables = definitions.map((definition) => ({ definition, table: objectTable(windowCount) }));
  const byType = new Map(tables.map((one) => [typeKey(one.definition.served.type), one]));
  const listeners: ChangeListener[] = [];
  const hub = watchHub(clock, () => revision);
  return {
    clock,
    random,
    tables,
    hub,
    find: (type) => byType.get(typeKey(type)),
    revision: () => revision,
    listen: (listener) => listeners.push(listener),
    commit: (typeTable, kind, object, previous, managedFields) => {
      revision++;
      const stored = withRevision(object, revision, managedFields);
      const change: Change = { kind, revision, object: stored, previous };
      typeTable.table.apply(change);
      for (const listener of listeners) listener(typeTable, change);
      hub.announce(typeTable.table, change);
      return stored;
    },
  };
}

/** The object under a revision, frozen; its other parts are frozen already. */
export function withRevision(object: Stored, revision: number, managedFields: readonly ManagedFields[]): Stored {
  const { managedFields: former, ...metadata } = object.metadata;
  const entries = adopt(former as Json | undefined, managedFields) as unknown as readonly ManagedFields[];
  return Object.freeze({
    ...object,
    metadata: Object.freeze({
      ...metadata,
      resourceVersion: String(revision),
      ...(entries.length === 0 ? {} : { managedFields: entries }),
    }),
  });
}
