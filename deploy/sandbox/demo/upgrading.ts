/** An act of the demo: everything that was ordered gets another image, as a user asks for it; the rest is the controllers' work. */
import { CLIENTS, CLUSTERS } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { DRIVERS_POLICY } from '../world/drivers-policy.ts';
import { downOf } from '../world/weka-clusters.ts';
import { NEXT_WEKA_IMAGE, WEKA_IMAGE } from '../world/world.ts';
import { totalOf } from './orders.ts';
import { preparedOf } from './preparing.ts';
import { bar } from './progress.ts';
import { isHelper, isPreparation, isSettled } from './settled.ts';
import {
  containersOf,
  type Demo,
  MOUNTED_MS,
  mountSome,
  sayReasons,
  sayViolations,
  secondsText,
  until,
  type Waited,
} from './stage.ts';

/** First the drivers of the new image, then the clusters, one container at a time, then their clients. */
export async function upgradeAll(demo: Demo): Promise<Waited> {
  const { clock, screen, plan } = demo;
  const startMs = clock.monotonicMs();
  const watched = watchDown(demo);
  for (const act of [upgradeDrivers, upgradeClusters(watched.look), upgradeClients]) {
    const waited = await act(demo);
    if (waited === 'done') continue;
    if (waited === 'timeout')
      sayReasons(
        demo,
        wantedOf(demo).filter((one) => !isUpgraded(one)),
      );
    return waited;
  }
  const after = secondsText(clock, startMs);
  screen.say(`All ${totalOf(plan)} containers run the new image after ${after}.`);
  screen.say(`  ${watched.most()} drive or compute containers of a cluster were down at once, at most`);
  sayViolations(demo);
  return 'done';
}

/** Of a policy that serves drivers; without one they come from outside of the fleet, for any image. */
async function upgradeDrivers(demo: Demo): Promise<Waited> {
  const { plan, fleet, screen } = demo;
  const policies = plan.preparations.filter(({ object }) => (object.spec as { type?: string }).type === DRIVERS_POLICY);
  if (policies.length === 0) return 'done';
  screen.say(`Drivers of ${NEXT_WEKA_IMAGE} first.`);
  for (const { type, object } of policies) {
    fleet.world.setImage(type, object.metadata.name, object.metadata.namespace ?? '', NEXT_WEKA_IMAGE);
  }
  return until(demo, () => {
    const { done, lines } = preparedOf(fleet.world.store, policies);
    screen.show(lines, lines.join(' · '));
    return (
      done && containersOf(demo).some(({ spec }) => spec.mode === 'drivers-builder' && spec.image === NEXT_WEKA_IMAGE)
    );
  });
}

const upgradeClusters =
  (look: () => void) =>
  async (demo: Demo): Promise<Waited> => {
    const { plan, fleet, screen } = demo;
    for (const { name, namespace = '' } of plan.clusters) {
      screen.say(`Cluster ${name}: from ${WEKA_IMAGE} to ${NEXT_WEKA_IMAGE}.`);
      fleet.world.setImage(CLUSTERS, name, namespace, NEXT_WEKA_IMAGE);
    }
    const holds = (): boolean => {
      look();
      show(demo);
      return wantedOf(demo).every((one) => one.spec.mode === 'client' || isUpgraded(one));
    };
    // One after the other: how long that takes goes with their number.
    return until(demo, holds, () => upgradedCount(demo));
  };

/** Some of them serve applications: their mounts are not cut, they wait. */
async function upgradeClients(demo: Demo): Promise<Waited> {
  const { plan, fleet, screen, clock } = demo;
  if (plan.clients.length === 0) return 'done';
  const mounts = mountSome(demo);
  for (const { name, namespace = '' } of plan.clients) {
    screen.say(`Clients ${name}: from ${WEKA_IMAGE} to ${NEXT_WEKA_IMAGE}.`);
    fleet.world.setImage(CLIENTS, name, namespace, NEXT_WEKA_IMAGE);
  }
  const behind = (): number => wantedOf(demo).filter((one) => !isUpgraded(one)).length;
  const endAtMs = clock.monotonicMs() + MOUNTED_MS;
  const others = await until(demo, () => {
    show(demo);
    return behind() <= mounts.names.length && clock.monotonicMs() >= endAtMs;
  });
  if (others !== 'done') return others;
  screen.say(`${behind()} clients wait for their mounts; the applications end now.`);
  mounts.end();
  return until(demo, () => {
    show(demo);
    return behind() === 0;
  });
}

const wantedOf = (demo: Demo): readonly WekaContainer[] =>
  containersOf(demo).filter((container) => !isHelper(container) && !isPreparation(container));
const isUpgraded = (container: WekaContainer): boolean =>
  container.status?.lastAppliedImage === NEXT_WEKA_IMAGE && isSettled(container);

const upgradedCount = (demo: Demo): number => wantedOf(demo).filter(isUpgraded).length;

function show(demo: Demo): void {
  const done = upgradedCount(demo);
  const wanted = totalOf(demo.plan);
  demo.screen.show([bar('upgraded', done, wanted)], `upgraded ${done}/${wanted}`);
}

/** The truth of the modelled clusters, whenever it is looked at. */
function watchDown({ fleet }: Demo): { readonly look: () => void; readonly most: () => number } {
  let most = 0;
  return {
    look: () => {
      for (const cluster of fleet.world.clusters.all()) most = Math.max(most, downOf(cluster).length);
    },
    most: () => most,
  };
}
