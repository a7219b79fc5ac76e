/**
 * The modelled fleet on a live cluster and what users do with it: order, upgrade, delete, each awaited until the API server
 * shows that it is done. Starts no controller: one process or several may be at work, with any rights.
 */
import * as assert from 'uvu/assert';
import { isOfProxy, leftText, objectsLeft } from '../../deploy/sandbox/demo/left.ts';
import type { OrderOptions } from '../../deploy/sandbox/demo/options.ts';
import { type Plan, planOf, totalOf } from '../../deploy/sandbox/demo/orders.ts';
import { preparedOf } from '../../deploy/sandbox/demo/preparing.ts';
import { progressLine, progressOf } from '../../deploy/sandbox/demo/progress.ts';
import { isHelper, isPreparation, isSettled } from '../../deploy/sandbox/demo/settled.ts';
import { type LiveFleet, type LiveFleetOptions, startLiveFleet } from '../../deploy/sandbox/live/fleet.ts';
import { DRIVERS_POLICY } from '../../deploy/sandbox/world/drivers-policy.ts';
import { NEXT_WEKA_IMAGE } from '../../deploy/sandbox/world/world.ts';
import { systemClock } from '../../io/clock.ts';
import { noLog } from '../../io/log.ts';
import { CLIENTS, CLUSTERS, CONTAINERS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import type { LiveCluster } from './cluster.ts';
import { until } from './waiting.ts';

export const NAMESPACE = 'weka';
export const OPERATOR_NAMESPACE = 'weka-operator-system';
const SEED = 'live';
const SPEED = 10;
const PHASE_MS_MAX = 4 * 60_000;

export interface StoryOptions extends OrderOptions {
  /** How long one act may take. Default: 4 min. */
  readonly phaseMsMax?: number;
  /** See `LiveFleetOptions`. Default: 10. */
  readonly speed?: number;
  /** More for the message of an act that takes too long: ends of logs. */
  readonly more?: () => string;
}
/** Acts resolve with how long they took, in ms; they reject when that is too long, with what is still missing. */
export interface FleetStory {
  readonly live: LiveFleet;
  readonly plan: Plan;
  /** All of them. */
  readonly containers: () => readonly WekaContainer[];
  /** Drives are signed, drivers built: whatever comes before a cluster. */
  readonly prepare: () => Promise<number>;
  /** Clusters and clients are ordered, and run. */
  readonly start: () => Promise<number>;
  /** Everything runs the next image: drivers first, then clusters, then clients. */
  readonly upgrade: () => Promise<number>;
  /** Clients, then the rest; nothing of it is left. */
  readonly end: () => Promise<number>;
  /** No model failed, none was refused a write, and the oracle saw nothing that must never happen. */
  readonly judge: () => void;
  /** Acts under way end. Resolves when nothing of the fleet is left in the cluster. Controllers must have ended. */
  readonly close: () => Promise<void>;
}

export const fleetOptions = (
  { kubeconfig }: Pick<LiveCluster, 'kubeconfig'>,
  nodes: number,
  shape: Plan['shape'],
  problem: (text: string) => void,
  speed = SPEED,
): LiveFleetOptions => ({
  nodes,
  kubeconfig,
  shape,
  seed: SEED,
  speed,
  kubeletIp: '127.0.0.1',
  besideRealNodes: false,
  namespace: NAMESPACE,
  operatorNamespace: OPERATOR_NAMESPACE,
  clock: systemClock,
  log: noLog,
  problem,
});

export async function openStory(cluster: LiveCluster, options: StoryOptions): Promise<FleetStory> {
  const { nodes, phaseMsMax = PHASE_MS_MAX, more = () => '' } = options;
  const plan = planOf(options, NAMESPACE);
  const problems: string[] = [];
  const problem = (text: string): void => void problems.push(text);
  const live = await startLiveFleet(fleetOptions(cluster, nodes, plan.shape, problem, options.speed));
  const { fleet, store } = live;
  const containers = (): readonly WekaContainer[] => store.all<WekaContainer>(CONTAINERS);
  const ordered = (): readonly WekaContainer[] => containers().filter((one) => !isHelper(one) && !isPreparation(one));
  const wanted = totalOf(plan);
  const progress = () => progressOf(containers(), wanted);
  let closed = false;
  const open = (): boolean => {
    if (closed) throw new Error('the fleet is moving out');
    return true;
  };
  const act = (holds: () => boolean, missing: () => string): Promise<number> =>
    until(
      () => open() && holds(),
      phaseMsMax,
      () => [missing(), ...problems, fleet.oracle.text(), more()].join('\n'),
    );

  const isUpgraded = (one: WekaContainer): boolean =>
    one.status?.lastAppliedImage === NEXT_WEKA_IMAGE && isSettled(one);
  const upgradeText = (): string => {
    const late = ordered().filter((one) => !isUpgraded(one));
    return `not upgraded: ${late.map(({ metadata, status }) => `${metadata.name} ${status?.status}`).join(', ')}`;
  };
  const upgradeDrivers = async (): Promise<number> => {
    const policies = plan.preparations.filter(
      ({ object }) => (object.spec as { type?: string }).type === DRIVERS_POLICY,
    );
    if (policies.length === 0) return 0;
    for (const { type, object } of policies) fleet.setImage(type, object.metadata.name, NAMESPACE, NEXT_WEKA_IMAGE);
    const isBuilt = (): boolean =>
      containers().some(({ spec }) => spec.mode === 'drivers-builder' && spec.image === NEXT_WEKA_IMAGE);
    return act(
      () => isBuilt() && preparedOf(store, policies).done,
      () => 'drivers of the next image are not built',
    );
  };
  const upgradeAll = (clients: boolean): Promise<number> =>
    act(() => ordered().every((one) => (one.spec.mode === 'client') !== clients || isUpgraded(one)), upgradeText);

  return {
    live,
    plan,
    containers,
    prepare: () => {
      for (const { type, object } of plan.preparations) fleet.add(type, object);
      const now = () => preparedOf(store, plan.preparations);
      return act(
        () => now().done,
        () => now().lines.join('\n'),
      );
    },
    start: () => {
      for (const order of plan.clusters) fleet.addCluster(order);
      for (const order of plan.clients) fleet.addClient(order);
      return act(
        () => progress().running === wanted,
        () => progressLine(progress()),
      );
    },
    upgrade: async () => {
      const driversMs = await upgradeDrivers();
      for (const { name } of plan.clusters) fleet.setImage(CLUSTERS, name, NAMESPACE, NEXT_WEKA_IMAGE);
      const clustersMs = await upgradeAll(false);
      for (const { name } of plan.clients) fleet.setImage(CLIENTS, name, NAMESPACE, NEXT_WEKA_IMAGE);
      return driversMs + clustersMs + (await upgradeAll(true));
    },
    end: async () => {
      for (const { name } of plan.clients) fleet.deleteClient(name, NAMESPACE);
      const clients = () => containers().filter(({ spec }) => spec.mode === 'client').length;
      const clientsMs = await act(
        () => clients() === 0,
        () => `clients left: ${clients()}`,
      );
      for (const { name } of plan.clusters) fleet.deleteCluster(name, NAMESPACE);
      for (const { type, object } of plan.preparations) fleet.remove(type, object.metadata.name, NAMESPACE);
      const left = () => objectsLeft(store);
      const missing = () => `left: ${leftText(left())}`;
      const clustersMs = await act(() => left().every(isOfProxy), missing);
      // No controller deletes SSD proxies: a person does.
      for (const { metadata } of containers()) fleet.remove(CONTAINERS, metadata.name, metadata.namespace ?? '');
      return clientsMs + clustersMs + (await act(() => left().length === 0, missing));
    },
    judge: () => {
      assert.equal(problems, []);
      assert.is(fleet.oracle.violations.length, 0, fleet.oracle.text());
    },
    close: async () => {
      closed = true;
      assert.equal(await live.close(false), []);
    },
  };
}
