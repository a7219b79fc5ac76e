/** The last act of the demo: everything that was ordered is deleted, as a user does it; what follows is the controllers' work. */
import { CONTAINERS } from '../../../messages/kube.ts';
import type { NodeModel } from '../world/pod-process.ts';
import { isOfProxy, leftText, objectsLeft } from './left.ts';
import { containersOf, type Demo, sayReasons, sayViolations, secondsText, until, type Waited } from './stage.ts';

/** Nodes whose clients have applications on them when they are deleted, and for how long. */
const MOUNTED_NODES = 3;
const MOUNTED_MS = 10_000;

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
  const mounted = clientsOf(demo)
    .slice(0, MOUNTED_NODES)
    .flatMap((name) => fleet.world.nodes.get(name) ?? []);
  for (const node of mounted) node.activeMounts = 2;
  screen.say(`Applications have mounts on ${mounted.map(({ name }) => name).join(', ')}.`);
  for (const { name, namespace } of plan.clients) {
    screen.say(`Deleting the WekaClient ${name}.`);
    fleet.world.deleteClient(name, namespace);
  }
  const unmountAtMs = clock.monotonicMs() + MOUNTED_MS;
  const others = await until(demo, () => {
    show(demo, clientsOf(demo).length, mounted);
    return clientsOf(demo).length <= mounted.length && clock.monotonicMs() >= unmountAtMs;
  });
  if (others !== 'done') return others;
  screen.say(`${clientsOf(demo).length} clients wait for their mounts; the applications end now.`);
  for (const node of mounted) node.activeMounts = 0;
  return until(demo, () => {
    show(demo, clientsOf(demo).length, []);
    return clientsOf(demo).length === 0;
  });
}

function show({ screen }: Demo, left: number, mounted: readonly NodeModel[]): void {
  const text = `clients left: ${left}${mounted.length === 0 ? '' : `, ${mounted.length} of their nodes have mounts`}`;
  screen.show([text], text);
}

/** Names of the nodes with a client. */
const clientsOf = (demo: Demo): readonly string[] =>
  containersOf(demo)
    .filter(({ spec }) => spec.mode === 'client')
    .map(({ spec, status }) => spec.nodeAffinity ?? status?.nodeAffinity ?? '');

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
