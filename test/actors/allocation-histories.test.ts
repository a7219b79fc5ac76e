/**
 * Random fleets and histories against the actor of a node: no resource ever has two owners, a request that can be met is
 * met, one that cannot says why in figures. What can be met is judged by test/support/satisfiable.ts. Source: F12.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initial, type State } from '../../actors/node/state.ts';
import { decider } from '../../actors/node.ts';
import { deallocate } from '../../actors/rules/allocation/deallocate.ts';
import type { Grants } from '../../actors/rules/allocation/grants.ts';
import type { Attempt, ContainerUid, NodeName } from '../../messages/ids.ts';
import type { FeatureFlags } from '../../messages/image.ts';
import type { NodeAnswer, NodeAsk } from '../../messages/node.ts';
import type { EventNote } from '../../messages/verdict.ts';
import type { Allocations, WekaContainer, WekaContainerSpec } from '../../messages/weka-container.ts';
import { laggingWorld } from '../support/allocation-world.ts';
import { testConfig } from '../support/config.ts';
import { clusterOf, containerOf, nodeOf, ownedBy, uidOf } from '../support/containers.ts';
import { type DriveStock, judgeDrives, judgePorts, type PortRange } from '../support/satisfiable.ts';

const RUNS = 2_000;
const NODES = ['n1', 'n2'] as readonly string[] as readonly NodeName[]; // Made up here.
const FLAGS: Readonly<Record<string, FeatureFlags>> = {
  'weka:hundred': {},
  'weka:sixty': { agent_validate_60_ports_per_container: true },
};
const IMAGES = Object.keys(FLAGS);
const RESERVED = ['lbPort', 'lbAdminPort', 's3Port'] as const;

// What may be. Indexes are taken modulo what is there, so that a shrunk history stays one.

const index = fc.nat(50);
const KINDS = [
  ...['create', 'create', 'create', 'create', 'ask', 'ask', 'write', 'write', 'pass', 'pass', 'pass', 'pass', 'pass'],
  ...[
    'writeLost',
    'askAgain',
    'askAgain',
    'crash',
    'crash',
    'crashNode',
    'restart',
    'delete',
    'loseNode',
    'findNode',
    'block',
    'block',
    'unblock',
    'giveUp',
    'giveUp',
  ],
  ...['image', 'imageApplied', 'grow', 'grow', 'grow', 'touch', 'touch', 'deliver', 'deliver', 'deliverAll'],
] as const;
const action = fc.record({ kind: fc.constantFrom(...KINDS), a: index, b: index });
type Action = { readonly kind: string; readonly a: number; readonly b: number };
const wish = fc.oneof(
  fc.record({ mode: fc.constant('drive' as const), numDrives: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ mode: fc.constantFrom('compute' as const, 's3' as const, 'envoy' as const) }),
  fc.record({
    mode: fc.constant('drive' as const),
    numDrives: fc.integer({ min: 1, max: 4 }),
    driveCapacity: fc.constantFrom(400, 1_000),
    numCores: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    mode: fc.constant('drive' as const),
    containerCapacity: fc.integer({ min: 300, max: 5_000 }),
    numCores: fc.integer({ min: 1, max: 3 }),
    driveTypesRatio: fc.constantFrom(undefined, { tlc: 1, qlc: 1 }, { tlc: 1, qlc: 4 }),
  }),
  fc.constant({ mode: 'drive' as const, numDrives: 2, containerCapacity: 1_000 }),
);
const fleet = fc.record({
  drives: fc.constantFrom(0, 3, 4, 5, 6, 7, 8),
  shared: fc.array(
    fc.record({ gib: fc.integer({ min: 300, max: 4_000 }), type: fc.constantFrom('TLC', 'TLC', 'QLC') }),
    { maxLength: 6, size: 'max' },
  ),
  portRange: fc.constantFrom(304, 420, 600, 900),
  /** How far the second cluster's ports lie above the first one's: 40 lets them overlap. */
  apart: fc.constantFrom(40, 1_000),
  enforced: fc.boolean(),
  wishes: fc.array(wish, { minLength: 5, maxLength: 9, size: 'max' }),
  actions: fc.array(action, { minLength: 30, maxLength: 80, size: 'max' }),
});
type Fleet = typeof fleet extends fc.Arbitrary<infer T> ? T : never;

/** What a container was promised and has not written, as far as this process remembers. */
interface Promised {
  readonly node: NodeName;
  readonly allocations: Allocations;
  readonly more: boolean;
}
const met = { allocated: 0, refused: 0, more: 0, noMore: 0, conflicts: 0 };

function live({ drives, shared, portRange, apart, enforced, wishes, actions }: Fleet): void {
  const settings = {
    ...testConfig(),
    enforceMinDrivesPerTypePerCore: enforced,
    enableDynamicDriveScalingForSharedDrives: true,
  };
  const limits = { perCore: settings.maxVirtualDrivesPerCore, enforced };
  const clusters = ['weka', 'other'].map((namespace, place) =>
    clusterOf({
      metadata: { ...clusterOf().metadata, namespace, uid: `uid-${namespace}` },
      status: {
        ports: { basePort: 35_000 + place * apart, portRange, lbPort: 35_302 + place * apart },
      },
    }),
  );
  const world = laggingWorld(clusters);
  const { view } = world;
  const stockOf = (name: string) => ({
    serials: Array.from({ length: drives }, (_none, place) => `${name}-S${place}`),
    shared: shared.map((each, place) => ({ ...each, uuid: `${name}-U${place}`, serial: `${name}-P${place}` })),
  });
  const newNode = (name: string) => {
    const { serials, shared: parts } = stockOf(name);
    const proxied = parts.map(({ uuid, serial, gib, type }) => ({
      physical_uuid: uuid,
      serial,
      capacity_gib: gib,
      type,
    }));
    return nodeOf(name, {
      annotations: {
        'weka.io/weka-drives': JSON.stringify(serials),
        'weka.io/weka-shared-drives': JSON.stringify(proxied),
      },
    });
  };
  for (const name of NODES) world.put(newNode(name));
  world.deliver(2);

  let knownFlags = new Map<string, FeatureFlags>();
  let grants = new Map<NodeName, Grants>();
  let uuids = 0;
  const newUuid = (): string => {
    uuids += 1;
    return `v${uuids}`;
  };
  let turns = 0;
  const states = new Map<string, State>();
  /** What a container's pass was answered and has not written. */
  let inHand = new Map<string, Promised>();
  let promised = new Map<string, Promised[]>();
  /** Ports that a container surely has: the smallest block since it was granted. */
  const blocks = new Map<string, number>();
  const made: string[] = [];
  let wishesLeft = [...wishes];

  const imageOf = ({ spec, status }: WekaContainer): string => status?.lastAppliedImage || spec.image;
  const blockOf = (flags: FeatureFlags | undefined): number =>
    flags?.agent_validate_60_ports_per_container ? 60 : 100;

  function turn(node: NodeName, ask?: NodeAsk): NodeAnswer | undefined {
    const deps = {
      view,
      settings,
      flagsOf: (image: string) => knownFlags.get(image),
      newUuid,
      grants,
    };
    let answer: NodeAnswer | undefined;
    turns += 1;
    const now = { fresh: turns as Attempt, ms: turns };
    const msg =
      ask === undefined
        ? ({ kind: 'lookAgain' } as const)
        : ({ kind: 'asked', ask, answer: (given: NodeAnswer) => (answer = given) } as const);
    const [next, effects] = decider(node, deps)(states.get(node) ?? initial, msg, now);
    states.set(node, next);
    for (const effect of effects) {
      if (effect.kind === 'keep') grants.set(node, effect.allocated);
      if (effect.kind === 'answer') effect.to(effect.answer);
    }
    return answer;
  }
  /** The router tells the nodes of every change. */
  function heard(): void {
    for (const name of NODES) turn(name);
    forget();
  }
  /** What is written, or will never be, as the view has it, is promised no longer. */
  function forget(): void {
    for (const [uid, list] of promised)
      promised.set(
        uid,
        list.filter((each) => {
          const known = view.container(uid as ContainerUid);
          if (known === undefined || (known.status?.nodeAffinity ?? each.node) !== each.node) return false;
          const held = known.status?.allocations;
          return held === undefined || (each.more && !contains(held, each.allocations));
        }),
      );
  }
  const promisedOn = (node: string, uid: string): Allocations[] =>
    (promised.get(uid) ?? []).filter((each) => each.node === node).map(({ allocations }) => allocations);
  /** What is held on a node, by container: by these objects, and by promise. */
  function heldOn(node: string, objects: readonly WekaContainer[]): ReadonlyMap<string, Allocations> {
    const held = new Map<string, Allocations>();
    for (const { metadata, status } of objects) {
      const own = status?.nodeAffinity === node ? [status.allocations ?? {}] : [];
      held.set(metadata.uid, [...own, ...promisedOn(node, metadata.uid)].reduce(joined, {}));
    }
    return held;
  }

  /** By the API and the promises: nobody has what another one has. */
  function check(): void {
    for (const node of NODES) {
      const owners = new Map<string, string>();
      const given = new Map<string, number>();
      const ranges: (PortRange & { readonly uid: string })[] = [];
      for (const [uid, { drives: serials = [], virtualDrives = [], wekaPort, agentPort }] of heldOn(
        node,
        world.containers(),
      )) {
        assert.is(new Set(serials).size, serials.length);
        for (const owned of [...serials, ...virtualDrives.map(({ virtualUUID }) => virtualUUID)]) {
          const other = owners.get(owned);
          if (other !== undefined) throw new Error(`${owned} of ${node} has two owners: ${other} and ${uid}`);
          owners.set(owned, uid);
        }
        for (const { physicalUUID, capacityGiB } of virtualDrives)
          given.set(physicalUUID, (given.get(physicalUUID) ?? 0) + capacityGiB);
        if (wekaPort !== undefined) ranges.push({ base: wekaPort, length: blocks.get(uid) ?? 0, uid });
        if (agentPort !== undefined) ranges.push({ base: agentPort, length: 1, uid });
      }
      for (const { uuid, gib } of stockOf(node).shared)
        if ((given.get(uuid) ?? 0) > gib) throw new Error(`${uuid}: ${given.get(uuid)} of ${gib} GiB are given`);
      ranges.sort((a, b) => a.base - b.base);
      for (const [place, range] of ranges.entries()) {
        const next = ranges[place + 1];
        if (next !== undefined && range.base + range.length > next.base)
          throw new Error(`port ${next.base} of ${node} has two owners: ${range.uid} and ${next.uid}`);
      }
    }
  }

  const listed = (node: NodeName, key: string): string[] =>
    JSON.parse(view.node(node)?.metadata.annotations?.[key] ?? '[]');
  const stockSeen = (node: NodeName): DriveStock => ({
    ...stockOf(node),
    blockedSerials: listed(node, 'weka.io/blocked-drives'),
    blockedUuids: listed(node, 'weka.io/blocked-drives-physical-uuids'),
  });
  const seen = (): WekaContainer[] => made.flatMap((uid) => view.container(uid as ContainerUid) ?? []);

  function ask(container: WekaContainer, node: NodeName) {
    const uid = uidOf(container);
    const flags = FLAGS[imageOf(container)] ?? {};
    knownFlags.set(imageOf(container), flags);
    forget();
    const held = new Map(heldOn(node, seen()));
    const own = held.get(uid);
    held.delete(uid);
    const others = [...held.values()];
    const stock = stockSeen(node);
    const before = promisedOn(node, uid);
    const written = container.status?.allocations;
    const more = written !== undefined;
    const answer = turn(node, more ? { kind: 'allocateMore', uid } : { kind: 'allocate', uid, flags });
    if (view.node(node) === undefined) return refusedAs(answer, /^failed to get node n\d: not found$/);
    const hands = (allocations: Allocations, block: number | undefined): void => {
      inHand.set(uid, { node, allocations, more });
      const { blockedSerials: serials, blockedUuids: physicalUuids } = stock;
      const added = more ? less(allocations, written) : allocations;
      // Nothing that is blocked, and nothing that others have (by `check`).
      assert.is(deallocate(added, { serials, physicalUuids }), undefined);
      if (block !== undefined && !blocks.has(uid)) blocks.set(uid, block);
      promised.set(uid, [
        ...(promised.get(uid) ?? []).filter((each) => each.node !== node),
        { node, allocations: added, more },
      ]);
      check();
    };
    if (more) {
      const kept = deallocate(less(own ?? {}, written), {
        serials: stock.blockedSerials,
        physicalUuids: stock.blockedUuids,
      });
      const mine = joined(written, kept ?? less(own ?? {}, written));
      const judged = judgeDrives(container.spec, stock, mine, others, limits);
      if (answer?.kind === 'more') {
        met.more += 1;
        // Nothing but what it was promised before may come where the rest is not to be had.
        if (judged.need > 0 && !contains(mine, answer.allocations)) assert.is.not(judged.can, 'no');
        return hands(answer.allocations, undefined);
      }
      if (answer?.kind !== 'noMore') throw new Error(`answered ${answer?.kind}`);
      met.noMore += 1;
      promised.set(
        uid,
        (promised.get(uid) ?? []).filter((each) => each.node !== node),
      );
      if (judged.need <= 0 || judged.can === 'yes') throw new Error(`more can be had, refused: ${answer.reason}`);
      const [event] = answer.events;
      assert.ok(event?.message.startsWith(answer.reason));
      const details = event?.message.slice(answer.reason.length) ?? '';
      const taken = own === undefined ? others : [...others, mine];
      if (!(container.spec.driveCapacity || container.spec.containerCapacity)) tellsDrives(details, stock, taken);
      else if (details !== '') tellsSharedDrives(details, stock, taken);
      return assert.match(event?.message ?? '', /\d|no .* found/);
    }
    if (answer?.kind === 'allocated') {
      met.allocated += 1;
      if (before[0] !== undefined) {
        assert.equal(answer.allocations, before[0]);
        return void inHand.set(uid, { node, allocations: answer.allocations, more });
      }
      fits(container, answer.allocations, judgeDrives(container.spec, stock, own, others, limits).can);
      return hands(answer.allocations, blockOf(flags));
    }
    if (answer?.kind !== 'refused') throw new Error(`answered ${answer?.kind}`);
    met.refused += 1;
    assert.is(before.length, 0);
    refusedRightly(container, answer, judgeDrives(container.spec, stock, own, others, limits), stock, others, () => {
      const { ports } =
        clusters.find(({ metadata }) => metadata.namespace === container.metadata.namespace)?.status ?? {};
      const taken = seen().flatMap((other): PortRange[] => {
        const { wekaPort, agentPort } = held.get(other.metadata.uid) ?? {};
        const length = blockOf(knownFlags.get(imageOf(other)));
        return [
          ...(wekaPort ? [{ base: wekaPort, length }] : []),
          ...(agentPort ? [{ base: agentPort, length: 1 }] : []),
        ];
      });
      for (const name of RESERVED) if (ports?.[name]) taken.push({ base: ports[name], length: 1 });
      const range = { base: ports?.basePort ?? 0, length: ports?.portRange ?? 0 };
      const block = container.spec.mode === 'envoy' ? 0 : blockOf(flags);
      return judgePorts(range, taken, block, blockOf(flags) === 60 ? 240 : 300);
    });
  }

  const hasInHand = ({ metadata }: WekaContainer): boolean => inHand.has(metadata.uid);
  /** Without an aim, most of these would find nothing to do. */
  const aims: Readonly<Record<string, (container: WekaContainer) => boolean>> = {
    write: hasInHand,
    writeLost: hasInHand,
    crash: hasInHand,
    askAgain: (each) => !hasInHand(each) && (promised.get(each.metadata.uid) ?? []).length > 0,
    giveUp: ({ status }) => {
      const stock = stockSeen(status?.nodeAffinity ?? ('n1' as NodeName));
      const blocked = { serials: stock.blockedSerials, physicalUuids: stock.blockedUuids };
      return deallocate(status?.allocations ?? {}, blocked) !== undefined;
    },
  };

  function act({ kind, a, b }: Action) {
    const known = seen().filter(aims[kind] ?? (() => true));
    const target = known[a % Math.max(1, known.length)];
    const node = NODES[b % 2] ?? ('n1' as NodeName);
    const changed = (change: (before: WekaContainer) => WekaContainer): void => {
      const now = target && world.container(uidOf(target));
      if (now !== undefined) world.put(change(now));
    };
    switch (kind) {
      case 'create': {
        const [spec, ...rest] = wishesLeft;
        wishesLeft = rest;
        if (spec === undefined) return;
        const { mode, ...asked } = spec as { readonly mode: WekaContainerSpec['mode'] } & Partial<WekaContainerSpec>;
        const namespace = a % 3 === 0 ? 'other' : 'weka';
        const name = `c${made.length}`;
        made.push(`uid-${name}`);
        const image = IMAGES[a % 2] ?? '';
        const metadata = { namespace, ownerReferences: [ownedBy('WekaCluster', 'c', `uid-${namespace}`)] };
        // Some ask before the API knows where they are.
        const place = a % 5 === 0 ? {} : { nodeAffinity: node };
        return world.put(containerOf(mode, { name, metadata, spec: { ...asked, image }, status: place }));
      }
      case 'ask':
      case 'askAgain':
        if (target === undefined || inHand.has(uidOf(target))) return;
        return ask(target, target.status?.nodeAffinity ?? node);
      case 'write':
      case 'writeLost': {
        const hand = target && inHand.get(uidOf(target));
        if (target === undefined || hand === undefined) return;
        // As its actor does: first allocations that were seen meanwhile are kept, the new ones are not written over them.
        if (!hand.more && target.status?.allocations !== undefined) return void inHand.delete(uidOf(target));
        const done = world.write(
          uidOf(target),
          (before) => withStatus(before, { nodeAffinity: hand.node, allocations: hand.allocations }),
          kind === 'write',
        );
        inHand.delete(uidOf(target));
        // Refused, or told of nothing: the pass begins anew, on what it will see.
        if (!done) met.conflicts += 1;
        return;
      }
      case 'pass':
        // Undisturbed.
        act({ kind: 'deliverAll', a, b });
        act({ kind: 'ask', a, b });
        act({ kind: 'write', a: 0, b });
        return;
      case 'crash':
        return void (target && inHand.delete(uidOf(target)));
      case 'crashNode':
        return void states.delete(node);
      case 'restart':
        inHand = new Map();
        promised = new Map();
        grants = new Map();
        knownFlags = new Map();
        states.clear();
        return world.relist();
      case 'delete':
        if (target === undefined) return;
        inHand.delete(uidOf(target));
        return world.remove(target);
      case 'loseNode':
        return world.remove(newNode(node));
      case 'findNode':
        return world.node(node) === undefined ? world.put(newNode(node)) : undefined;
      case 'block':
      case 'unblock': {
        const now = world.node(node);
        const { serials, shared: parts } = stockOf(node);
        const onWay = [...promised.keys()].flatMap((uid) => promisedOn(node, uid)).flatMap(idsOf);
        const any = [...serials, ...parts.map(({ serial }) => serial), ...parts.map(({ uuid }) => uuid)];
        const { blockedSerials, blockedUuids } = stockSeen(node);
        const chosen = kind === 'block' ? onWay : [...blockedSerials, ...blockedUuids];
        const ids = chosen.length > 0 && b % 4 > 1 ? chosen : any;
        const id = ids[a % Math.max(1, ids.length)];
        if (now === undefined || id === undefined) return;
        const key = id.includes('-U') ? 'weka.io/blocked-drives-physical-uuids' : 'weka.io/blocked-drives';
        const list: string[] = JSON.parse(now.metadata.annotations?.[key] ?? '[]');
        const left = list.filter((each) => each !== id);
        const annotations = {
          ...now.metadata.annotations,
          [key]: JSON.stringify(kind === 'block' ? [...left, id] : left),
        };
        return world.put({ ...now, metadata: { ...now.metadata, annotations } });
      }
      case 'giveUp': {
        const on = target?.status?.nodeAffinity;
        const allocations = target?.status?.allocations;
        if (target === undefined || on === undefined || allocations === undefined || inHand.has(uidOf(target))) return;
        const { blockedSerials: serials, blockedUuids: physicalUuids } = stockSeen(on);
        const left = deallocate(allocations, { serials, physicalUuids });
        if (left !== undefined)
          world.write(uidOf(target), (before) => withStatus(before, { allocations: left }), b % 3 > 0);
        return;
      }
      case 'image':
        return changed((before) => ({ ...before, spec: { ...before.spec, image: IMAGES[b % 2] ?? '' } }));
      case 'imageApplied':
        return changed((before) => withStatus(before, { lastAppliedImage: before.spec.image }));
      case 'grow':
        return changed((before) => ({ ...before, spec: grown(before.spec) }));
      case 'touch':
        return changed((before) => before);
      case 'deliver':
        return world.deliver(1 + (a % 4));
      default:
        return world.deliver(Number.POSITIVE_INFINITY);
    }
  }
  function step(each: Action): void {
    act(each);
    for (const container of world.containers()) {
      const { uid } = container.metadata;
      const block = blocks.get(uid);
      if (block !== undefined) blocks.set(uid, Math.min(block, blockOf(FLAGS[imageOf(container)])));
    }
    heard();
    check();
  }
  for (const each of actions) step(each);
  // At rest: all is known, everybody asks and writes.
  inHand.clear();
  step({ kind: 'deliverAll', a: 0, b: 0 });
  for (const place of seen().keys())
    for (const kind of ['ask', 'write', 'deliverAll']) step({ kind, a: place, b: place });
  // Nothing stays reserved for one that has had its turn where it belongs.
  for (const [node, held] of grants)
    for (const uid of held.keys())
      assert.ok(view.node(node) === undefined || view.container(uid)?.status?.nodeAffinity !== node, `${node} ${uid}`);
}

const idsOf = ({ drives = [], virtualDrives = [] }: Allocations): string[] => [
  ...drives,
  ...virtualDrives.map(({ physicalUUID }) => physicalUUID),
];
const withStatus = (before: WekaContainer, status: Partial<WekaContainer['status'] & object>): WekaContainer => ({
  ...before,
  status: { status: '', ...before.status, ...status },
});
function grown(spec: WekaContainerSpec): WekaContainerSpec {
  if (spec.containerCapacity !== undefined) return { ...spec, containerCapacity: spec.containerCapacity + 900 };
  return spec.numDrives === undefined ? spec : { ...spec, numDrives: spec.numDrives + 1 };
}
function joined(a: Allocations, b: Allocations): Allocations {
  const virtual = new Map(
    [...(a.virtualDrives ?? []), ...(b.virtualDrives ?? [])].map((each) => [each.virtualUUID, each]),
  );
  const drives = [...new Set([...(a.drives ?? []), ...(b.drives ?? [])])];
  return { ...b, ...a, drives, virtualDrives: [...virtual.values()] };
}
/** The drives of `a` that are not of `b`. */
function less(a: Allocations, b: Allocations): Allocations {
  const uuids = new Set((b.virtualDrives ?? []).map(({ virtualUUID }) => virtualUUID));
  return {
    drives: (a.drives ?? []).filter((serial) => !b.drives?.includes(serial)),
    virtualDrives: (a.virtualDrives ?? []).filter(({ virtualUUID }) => !uuids.has(virtualUUID)),
  };
}
function contains(a: Allocations, b: Allocations): boolean {
  const { drives = [], virtualDrives = [] } = less(b, a);
  return drives.length + virtualDrives.length === 0;
}

type Refused = Extract<NodeAnswer<'allocate'>, { kind: 'refused' }>;
function refusedAs(answer: NodeAnswer | undefined, text: RegExp): void {
  if (answer?.kind !== 'refused' && answer?.kind !== 'noMore') throw new Error(`answered ${answer?.kind}`);
  assert.match(answer.reason, text);
}
const both = ({ numDrives = 0, containerCapacity = 0 }: WekaContainerSpec): boolean =>
  numDrives > 0 && containerCapacity > 0;
const fewerThanCores = ({ numDrives = 0, driveCapacity = 0, numCores }: WekaContainerSpec): boolean =>
  driveCapacity > 0 && numDrives > 0 && numDrives < numCores;

/** As much as was asked for, and only where that may be. */
function fits({ spec }: WekaContainer, allocations: Allocations, can: string): void {
  const { drives = [], virtualDrives = [], wekaPort, agentPort } = allocations;
  assert.ok(!both(spec) && !fewerThanCores(spec));
  const gib = virtualDrives.reduce((sum, { capacityGiB }) => sum + capacityGiB, 0);
  const { numDrives = 0, driveCapacity = 0, containerCapacity = 0 } = spec;
  if (containerCapacity > 0) assert.is(gib, containerCapacity);
  else if (driveCapacity > 0) assert.equal([virtualDrives.length, gib], [numDrives, numDrives * driveCapacity]);
  else assert.is(drives.length, numDrives);
  assert.is(wekaPort === undefined, spec.mode === 'envoy');
  assert.ok(agentPort !== undefined);
  assert.is.not(can, 'no');
}

/** The figures of whole drives: all, free, owned, blocked. */
function tellsDrives(details: string, { serials, blockedSerials }: DriveStock, taken: readonly Allocations[]): void {
  const told = /^\. On node n\d: (\d+) drives, (\d+) free.*, (\d+) owned.*, (\d+) blocked/.exec(details);
  const owned = new Set(taken.flatMap((each) => each.drives ?? []));
  const idle = serials.filter((serial) => !owned.has(serial));
  const blocked = idle.filter((serial) => blockedSerials.includes(serial)).length;
  const figures = [serials.length, idle.length - blocked, serials.length - idle.length, blocked];
  assert.equal(told?.slice(1).map(Number), figures, details);
}
/** What is free of each shared drive that is named, and that those said to be blocked are. */
function tellsSharedDrives(details: string, stock: DriveStock, taken: readonly Allocations[]): void {
  assert.match(details, /^\. On node n\d: \d+ TLC( and QLC)? drives/);
  const given = taken.flatMap((each) => each.virtualDrives ?? []);
  for (const [, serial, free, gib] of details.matchAll(/, (\S+) has (-?\d+) of (\d+) GiB free/g)) {
    const drive = stock.shared.find((each) => each.serial === serial);
    const held = given.filter(({ physicalUUID }) => physicalUUID === drive?.uuid);
    const left = held.reduce((room, { capacityGiB }) => room - capacityGiB, drive?.gib ?? 0);
    assert.equal([Number(free), Number(gib)], [left, drive?.gib], details);
  }
  for (const [, serial] of details.matchAll(/, (\S+) is blocked/g)) {
    const drive = stock.shared.find((each) => each.serial === serial);
    assert.ok(stock.blockedSerials.includes(serial ?? '') || stock.blockedUuids.includes(drive?.uuid ?? ''), details);
  }
}

/** It was impossible, and an event says so: by its reason, with what was asked and what there is. */
function refusedRightly(
  { spec }: WekaContainer,
  answer: Refused,
  judged: { can: string; need: number; free: number },
  stock: DriveStock,
  taken: readonly Allocations[],
  hasPorts: () => boolean,
) {
  const { reason, plain, events } = answer;
  const [event] = events as readonly (EventNote | undefined)[];
  if (plain) {
    assert.match(
      reason,
      /^failed to allocate resources: (no shared drives|insufficient .* GiB|no (TLC|QLC) drives available)/,
    );
    return assert.is.not(judged.can, 'yes');
  }
  assert.is(event?.type, 'Warning');
  assert.ok(event?.message.startsWith(reason));
  const details = event?.message.slice(reason.length) ?? '';
  switch (event?.reason) {
    case 'InvalidDriveSharingConfig':
      return assert.ok(both(spec) || fewerThanCores(spec));
    case 'PortAllocationFailed':
      assert.match(reason, /size \d+ and offset \d+$/);
      assert.match(details, /^\. On node n\d: of ports \d+-\d+ are owned .*; reserved \d+/);
      return assert.is(hasPorts(), false);
    case 'InsufficientDrives': {
      const shared = (spec.driveCapacity ?? 0) > 0;
      if (!shared) {
        assert.is(reason, `not enough drives available: need ${judged.need}, have ${judged.free}`);
        tellsDrives(details, stock, taken);
      } else tellsSharedDrives(details, stock, taken);
      assert.match(reason, /need \d+, have \d+/);
      return assert.is.not(judged.can, 'yes');
    }
    case 'InsufficientDriveCapacity':
      assert.match(reason, /\d+ GiB/);
      tellsSharedDrives(details, stock, taken);
      return assert.is.not(judged.can, 'yes');
    default:
      throw new Error(`event ${event?.reason}`);
  }
}

test('no resource has two owners, and who asks gets what there is, in 2,000 fleets and histories', () => {
  fc.assert(fc.property(fleet, live), { numRuns: RUNS });
  // A history in which nothing happens proves nothing.
  for (const [what, count] of Object.entries(met)) assert.ok(count > RUNS / 50, `${what}: ${count}`);
});

test.run();
