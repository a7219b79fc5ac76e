/**
 * Deletes objects whose owners are gone, a moment after that happens. An owner counts as there only under its uid, and a
 * namespaced one only in the dependent's own namespace. Simplified against Kubernetes: foreground deletion waits for every
 * dependent, whether it blocks its owner or not; an owner of an unserved kind is taken as present.
 */
import type { Clock } from '../../../../io/clock.ts';
import type { OwnerReference, ResourceType } from '../../../../messages/kube.ts';
import type { Core, TypeTable } from './core.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './deletion.ts';
import type { Stored } from './json.ts';
import { type Change, keyOf } from './object-table.ts';

/** Kubernetes needs some hundred milliseconds for its graph to notice. */
export const COLLECT_AFTER_MS = 200;

export interface Located {
  readonly type: ResourceType;
  readonly object: Stored;
}
export interface CollectorActions {
  readonly remove: (dependent: Located) => void;
  /** Sets finalizers and owners of an object to these. */
  readonly adjust: (
    located: Located,
    finalizers: readonly string[],
    ownerReferences: readonly OwnerReference[],
  ) => void;
}

interface Place {
  readonly typeTable: TypeTable;
  readonly key: string;
}

export function startGarbageCollector(core: Core, actions: CollectorActions): void {
  const dependents = new Map<string, Map<string, Place>>();
  const due = new Map<string, Place>();
  const schedule = batched(core.clock, () => {
    const places = [...due.values()];
    due.clear();
    for (const place of places) examine(place);
  });

  core.listen((typeTable, change) => {
    index(dependents, typeTable, change);
    const { object, previous } = change;
    if (change.kind === 'deleted') {
      const left = dependents.get(object.metadata.uid);
      if (left !== undefined) for (const [id, place] of left) due.set(id, place);
      for (const { uid } of object.metadata.ownerReferences ?? []) {
        const owner = ownerPlace(object, uid);
        if (owner !== undefined) due.set(idOf(owner), owner);
      }
    } else {
      const interesting =
        object.metadata.ownerReferences !== previous?.metadata.ownerReferences ||
        (object.metadata.finalizers ?? []).some((one) => one === FOREGROUND_FINALIZER || one === ORPHAN_FINALIZER);
      const place = { typeTable, key: keyOf(object.metadata.namespace, object.metadata.name) };
      if (interesting) due.set(idOf(place), place);
    }
    if (due.size > 0) schedule();
  });

  function examine(place: Place): void {
    const object = place.typeTable.table.get(place.key);
    if (object === undefined) return;
    const located = { type: place.typeTable.definition.served.type, object };
    const finalizers = object.metadata.finalizers ?? [];
    if (object.metadata.deletionTimestamp !== undefined && finalizers.length > 0) workOff(located, finalizers);
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
    const present = owners.filter((owner) => isPresent(object, owner));
    if (present.length === 0) actions.remove(located);
    else if (present.length < owners.length) actions.adjust(located, finalizers, present);
  }

  /** The two finalizers by which a delete asks the collector to act first. */
  function workOff(located: Located, finalizers: readonly string[]): void {
    const owners = located.object.metadata.ownerReferences ?? [];
    const { uid } = located.object.metadata;
    const left = [...(dependents.get(uid)?.values() ?? [])];
    if (finalizers.includes(ORPHAN_FINALIZER)) {
      for (const dependent of locate(left)) {
        const kept = (dependent.object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
        actions.adjust(dependent, dependent.object.metadata.finalizers ?? [], kept);
      }
      actions.adjust(
        located,
        finalizers.filter((one) => one !== ORPHAN_FINALIZER),
        owners,
      );
    } else if (finalizers.includes(FOREGROUND_FINALIZER)) {
      for (const dependent of locate(left)) {
        if (dependent.object.metadata.deletionTimestamp === undefined) actions.remove(dependent);
      }
      if ((dependents.get(uid)?.size ?? 0) > 0) return;
      actions.adjust(
        located,
        finalizers.filter((one) => one !== FOREGROUND_FINALIZER),
        owners,
      );
    }
  }

  function isPresent(dependent: Stored, owner: OwnerReference): boolean {
    const typeTable = ownerTable(owner);
    return typeTable === undefined || ownerIn(typeTable, dependent, owner)?.metadata.uid === owner.uid;
  }
  function ownerTable({ apiVersion, kind }: OwnerReference): TypeTable | undefined {
    return core.tables.find(({ definition: { served } }) => {
      const { group, version } = served.type;
      return served.type.kind === kind && (group === '' ? version : `${group}/${version}`) === apiVersion;
    });
  }
  function ownerPlace(dependent: Stored, uid: string): Place | undefined {
    const owner = dependent.metadata.ownerReferences?.find((one) => one.uid === uid);
    const typeTable = owner === undefined ? undefined : ownerTable(owner);
    const found = typeTable === undefined || owner === undefined ? undefined : ownerIn(typeTable, dependent, owner);
    if (typeTable === undefined || found?.metadata.uid !== uid) return undefined;
    return { typeTable, key: keyOf(found.metadata.namespace, found.metadata.name) };
  }
}

function ownerIn({ definition, table }: TypeTable, dependent: Stored, owner: OwnerReference): Stored | undefined {
  const namespace = definition.served.type.namespaced ? dependent.metadata.namespace : undefined;
  return table.get(keyOf(namespace, owner.name));
}

const idOf = ({ typeTable, key }: Place): string =>
  `${typeTable.definition.served.type.group}/${typeTable.definition.served.type.plural}/${key}`;

function locate(places: readonly Place[]): readonly Located[] {
  return places.flatMap(({ typeTable, key }) => {
    const object = typeTable.table.get(key);
    return object === undefined ? [] : [{ type: typeTable.definition.served.type, object }];
  });
}

/** Keeps the map from an owner's uid to its dependents; an entry goes with its last dependent. */
function index(dependents: Map<string, Map<string, Place>>, typeTable: TypeTable, change: Change): void {
  const { object, previous, kind } = change;
  const place = { typeTable, key: keyOf(object.metadata.namespace, object.metadata.name) };
  const before = (previous?.metadata.ownerReferences ?? []).map(({ uid }) => uid);
  const after = kind === 'deleted' ? [] : (object.metadata.ownerReferences ?? []).map(({ uid }) => uid);
  if (kind === 'modified' && previous?.metadata.ownerReferences === object.metadata.ownerReferences) return;
  for (const uid of before) {
    const places = dependents.get(uid);
    places?.delete(idOf(place));
    if (places?.size === 0) dependents.delete(uid);
  }
  for (const uid of after) {
    const places = dependents.get(uid) ?? new Map<string, Place>();
    dependents.set(uid, places.set(idOf(place), place));
  }
}

/** Runs once, a little after the first of several calls. */
export function batched(clock: Clock, run: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    clock.after(COLLECT_AFTER_MS, () => {
      waiting = false;
      run();
    });
  };
}
