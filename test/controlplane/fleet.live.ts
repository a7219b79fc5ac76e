/**
 * The whole product on a real API server: modelled nodes join it, the controller runs as a process, a demo comes to Running
 * and goes again; nobody sees data in danger, and the fleet leaves nothing behind.
 */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ControllerProcess, lastLines, startController } from '../../deploy/sandbox/demo/controller-process.ts';
import { controllerEnvironment, freeAddresses } from '../../deploy/sandbox/demo/environment.ts';
import { isOfProxy, leftText, objectsLeft } from '../../deploy/sandbox/demo/left.ts';
import type { DemoKind } from '../../deploy/sandbox/demo/options.ts';
import { planOf, totalOf } from '../../deploy/sandbox/demo/orders.ts';
import { preparedOf } from '../../deploy/sandbox/demo/preparing.ts';
import { progressLine, progressOf } from '../../deploy/sandbox/demo/progress.ts';
import { type LiveFleet, type LiveFleetOptions, NotWelcome, startLiveFleet } from '../../deploy/sandbox/live/fleet.ts';
import { type NodeShape, STANDARD_NODE } from '../../deploy/sandbox/world/nodes.ts';
import { systemClock } from '../../io/clock.ts';
import { kubeClient } from '../../io/kube-client.ts';
import { loadCredentials } from '../../io/kube-credentials.ts';
import { noLog } from '../../io/log.ts';
import { systemRandom } from '../../io/random.ts';
import { CLUSTERS, CONTAINERS, NAMESPACES, NODES } from '../../messages/kube.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { type LiveCluster, liveCluster } from './cluster.ts';

const live = suite<{ cluster: LiveCluster }>('fleet');
const NAMESPACE = 'weka';
const OPERATOR_NAMESPACE = 'weka-operator-system';
const [DRIVE, COMPUTE] = [6, 6];
const SIZES = { small: { nodes: 12, clients: 0 }, mixed: { nodes: 14, clients: 2 } } as const;
const PHASE_MS_MAX = 4 * 60_000;

live.before(async (context) => {
  context.cluster = await liveCluster();
});
live.after(async ({ cluster }) => {
  await cluster.close();
});

const optionsOn = (cluster: LiveCluster, nodes: number, shape: NodeShape, problems: string[]): LiveFleetOptions => ({
  nodes,
  kubeconfig: cluster.kubeconfig,
  shape,
  seed: 'live',
  speed: 10,
  kubeletIp: '127.0.0.1',
  besideRealNodes: false,
  namespace: NAMESPACE,
  operatorNamespace: OPERATOR_NAMESPACE,
  clock: systemClock,
  log: noLog,
  problem: (text) => void problems.push(text),
});

for (const demo of ['small', 'mixed'] as const satisfies readonly DemoKind[]) {
  live(`the ${demo} demo comes to Running and goes again`, async ({ cluster }) => {
    const plan = planOf({ demo, ...SIZES[demo], drive: DRIVE, compute: COMPUTE, numDrives: 1 }, NAMESPACE);
    const problems: string[] = [];
    const fleet = await startLiveFleet(optionsOn(cluster, SIZES[demo].nodes, plan.shape, problems));
    const logPath = join(cluster.folder, `controller-${demo}.log`);
    let controller: ControllerProcess | undefined;
    try {
      const env = controllerEnvironment(cluster.kubeconfig, OPERATOR_NAMESPACE, await freeAddresses());
      controller = startController(env, logPath, systemClock);
      await story(demo, fleet, plan, logPath);
      assert.equal(problems, []);
      assert.is(fleet.fleet.oracle.violations.length, 0, fleet.fleet.oracle.text());
    } finally {
      await controller?.stop(15_000);
      const left = await fleet.close(false);
      assert.equal(left, []);
    }
  });
}

live('a cluster with nodes of its own is left alone', async ({ cluster }) => {
  const credentials = await loadCredentials({ clock: systemClock, log: noLog, kubeconfig: cluster.kubeconfig });
  const kube = kubeClient({ credentials, clock: systemClock, random: systemRandom, userAgent: 'live-test' });
  const metadata = { name: 'a-real-one' };
  await kube.request({ verb: 'create', type: NODES, object: { apiVersion: 'v1', kind: 'Node', metadata } });
  try {
    const moved = await startLiveFleet(optionsOn(cluster, 1, STANDARD_NODE, [])).catch((err: unknown) => err);
    assert.instance(moved, NotWelcome);
    const found = await kube.request({ verb: 'get', ref: { type: NAMESPACES, name: NAMESPACE } });
    assert.is(found.kind, 'notFound', 'nothing was begun');
  } finally {
    await kube.request({ verb: 'delete', ref: { type: NODES, name: metadata.name } });
    await kube.close();
    credentials.stop();
  }
});

async function story(
  demo: DemoKind,
  { fleet, store }: LiveFleet,
  plan: ReturnType<typeof planOf>,
  logPath: string,
): Promise<void> {
  for (const { type, object } of plan.preparations) fleet.add(type, object);
  const containers = () => store.all<WekaContainer>(CONTAINERS);
  const wanted = totalOf(plan);
  const progress = () => progressOf(containers(), wanted);
  const about = () => `${progressLine(progress())}\n${lastLines(logPath, 10).join('\n')}`;
  const preparedMs = await until(() => preparedOf(store, plan.preparations).done, about);
  for (const order of plan.clusters) fleet.addCluster(order);
  for (const order of plan.clients) fleet.addClient(order);
  const upMs = await until(() => progress().running === wanted, about);
  assert.is(progress().others.length, 0, 'no container was created twice');
  assert.is(containers().filter(({ spec }) => plan.wanted.has(spec.mode)).length, wanted);
  const ports = store.all<WekaCluster>(CLUSTERS).map(({ status }) => status?.ports?.basePort);
  assert.is(new Set(ports).size, plan.clusters.length, `each cluster has ports of its own: ${ports}`);

  for (const { name } of plan.clients) fleet.deleteClient(name, NAMESPACE);
  const clients = () => containers().filter(({ spec }) => spec.mode === 'client').length;
  const clientsGoneMs = await until(
    () => clients() === 0,
    () => `clients left: ${clients()}`,
  );
  for (const { name } of plan.clusters) fleet.deleteCluster(name, NAMESPACE);
  for (const { type, object } of plan.preparations) fleet.remove(type, object.metadata.name, NAMESPACE);
  const left = () => objectsLeft(store);
  const leftLine = () => `left: ${leftText(left())}\n${lastLines(logPath, 10).join('\n')}`;
  const clustersGoneMs = await until(() => left().every(isOfProxy), leftLine);
  // No controller deletes SSD proxies: a person does.
  for (const { metadata } of containers()) fleet.remove(CONTAINERS, metadata.name, metadata.namespace ?? '');
  const goneMs = clientsGoneMs + clustersGoneMs + (await until(() => left().length === 0, leftLine));
  const times = [preparedMs, upMs, goneMs].map((ms) => `${(ms / 1_000).toFixed(1)} s`);
  process.stdout.write(`${demo}: prepared ${times[0]}, all Running ${times[1]}, all gone ${times[2]}\n`);
}

/** How long it took. */
async function until(holds: () => boolean, what: () => string): Promise<number> {
  const fromMs = systemClock.monotonicMs();
  while (!holds()) {
    if (systemClock.monotonicMs() - fromMs > PHASE_MS_MAX) throw new Error(`not within ${PHASE_MS_MAX} ms: ${what()}`);
    await new Promise<void>((resolve) => void systemClock.after(200, resolve));
  }
  return systemClock.monotonicMs() - fromMs;
}

live.run();
