/** The last act of the demo: everything that was ordered is deleted, as a user does it; what follows is the controllers' work. */
import { CONTAINERS } from '../../../messages/kube.ts';
import { isOfProxy, leftText, objectsLeft } from './left.ts';
import {
  clientNodes,
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

/** Clients first, as the sibling controllers want it, then clusters and preparations. */
export async function deleteAll(demo: Demo): Promise<Waited> {
  const startMs = demo.clock.monotonicMs();
  const withoutClients = demo.plan.clients.length === 0 ? 'done' : await deleteClients(demo);
  if (withoutClients === 'interrupted' || withoutClients === 'ended') return withoutClients;
  const waited = withoutClients === 'done' ? await deleteRest(demo) : withoutClients;
  demo.screen.say(
    `${objectsLeft(demo.fleet.world.store).length} objects left after ${secondsText(demo.clock, startMs)}.`,
  );
  demo.screen.say(`${claimedCount(demo)} drives left with the signature of a cluster.`);
  if (waited === 'timeout') sayReasons(demo, containersOf(demo));
  sayViolations(demo);
  return waited === 'done' && claimedCount(demo) > 0 ? 'timeout' : waited;
}

/** Some of them still serve applications: they wait for these, the others go at once. */
async function deleteClients(demo: Demo): Promise<Waited> {
  const { fleet, plan, screen, clock } = demo;
  const mounts = mountSome(demo);
  for (const { name, namespace } of plan.clients) {
    screen.say(`Deleting the WekaClient ${name}.`);
    fleet.world.deleteClient(name, namespace);
  }
  const left = (): number => clientNodes(demo).length;
  const show = (more = ''): void => screen.show([`clients left: ${left()}${more}`], `clients left: ${left()}${more}`);
  const endAtMs = clock.monotonicMs() + MOUNTED_MS;
  const others = await until(demo, () => {
    show(`, ${mounts.names.length} of their nodes have mounts`);
    return left() <= mounts.names.length && clock.monotonicMs() >= endAtMs;
  });
  if (others !== 'done') return others;
  screen.say(`${left()} clients wait for their mounts; the applications end now.`);
  mounts.end();
  return until(demo, () => {
    show();
    return left() === 0;
  });
}

const claimedCount = ({ fleet }: Demo): number =>
  [...fleet.world.nodes.values()].flatMap(({ drives }) => [...drives.values()]).filter(({ guid }) => guid !== undefined)
    .length;

async function deleteRest(demo: Demo): Promise<Waited> {
  const { fleet, screen, plan } = demo;
  const { store } = fleet.world;
  for (const { name, namespace } of plan.clusters) {
    screen.say(`Deleting the cluster ${name}.`);
    fleet.world.deleteCluster(name, namespace);
  }
  for (const { type, object } of plan.preparations) {
    screen.say(`Deleting the ${type.kind} ${object.metadata.name}.`);
    fleet.world.remove(type, object.metadata.name, object.metadata.namespace ?? '');
  }
  const deleteProxies = once(() => {
    const proxies = containersOf(demo).filter(isOfProxy);
    if (proxies.length > 0) screen.say(`Deleting ${proxies.length} SSD proxies of nodes too: no controller does.`);
    for (const { metadata } of proxies) fleet.world.remove(CONTAINERS, metadata.name, metadata.namespace ?? '');
  });
  return until(demo, () => {
    const left = objectsLeft(store);
    if (left.every(isOfProxy)) deleteProxies();
    const text = `left: ${leftText(left)}`;
    screen.show([text], text);
    return left.length === 0;
  });
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
