/**
 * The whole product on a real API server: modelled nodes join it, the controller runs as a process, a demo comes to Running
 * and goes again; nobody sees data in danger, and the fleet leaves nothing behind.
 */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ControllerProcess, lastLines, startController } from '../../deploy/sandbox/demo/controller-process.ts';
import { controllerEnvironment, freeAddresses } from '../../deploy/sandbox/demo/environment.ts';
import type { DemoKind } from '../../deploy/sandbox/demo/options.ts';
import { totalOf } from '../../deploy/sandbox/demo/orders.ts';
import { progressOf } from '../../deploy/sandbox/demo/progress.ts';
import { NotWelcome, startLiveFleet } from '../../deploy/sandbox/live/fleet.ts';
import { STANDARD_NODE } from '../../deploy/sandbox/world/nodes.ts';
import { systemClock } from '../../io/clock.ts';
import { CLUSTERS, NAMESPACES, NODES } from '../../messages/kube.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import { clientOf } from './client.ts';
import { type LiveCluster, liveCluster } from './cluster.ts';
import { fleetOptions, NAMESPACE, OPERATOR_NAMESPACE, openStory } from './fleet-story.ts';
import { seconds } from './waiting.ts';

const live = suite<{ cluster: LiveCluster }>('fleet');
const SIZES = {
  small: { nodes: 12, drive: 6, compute: 6, numDrives: 1, clients: 0 },
  mixed: { nodes: 14, drive: 6, compute: 6, numDrives: 1, clients: 2 },
} as const;

live.before(async (context) => {
  context.cluster = await liveCluster();
});
live.after(async ({ cluster }) => {
  await cluster.close();
});

for (const demo of ['small', 'mixed'] as const satisfies readonly DemoKind[]) {
  live(`the ${demo} demo comes to Running and goes again`, async ({ cluster }) => {
    const logPath = join(cluster.folder, `controller-${demo}.log`);
    const story = await openStory(cluster, { demo, ...SIZES[demo], more: () => lastLines(logPath, 10).join('\n') });
    let controller: ControllerProcess | undefined;
    try {
      const env = controllerEnvironment(cluster.kubeconfig, OPERATOR_NAMESPACE, await freeAddresses());
      controller = startController(env, logPath, systemClock);
      const { plan, containers } = story;
      const times = [await story.prepare(), await story.start()];
      assert.is(progressOf(containers(), totalOf(plan)).others.length, 0, 'no container was created twice');
      assert.is(containers().filter(({ spec }) => plan.wanted.has(spec.mode)).length, totalOf(plan));
      const ports = story.live.store.all<WekaCluster>(CLUSTERS).map(({ status }) => status?.ports?.basePort);
      assert.is(new Set(ports).size, plan.clusters.length, `each cluster has ports of its own: ${ports}`);
      times.push(await story.end());
      const [prepared, up, gone] = times.map(seconds);
      process.stdout.write(`${demo}: prepared ${prepared}, all Running ${up}, all gone ${gone}\n`);
      story.judge();
    } finally {
      await controller?.stop(15_000);
      await story.close();
    }
  });
}

live('a cluster with nodes of its own is left alone', async ({ cluster }) => {
  const { kube, close } = await clientOf(cluster.kubeconfig);
  const metadata = { name: 'a-real-one' };
  await kube.request({ verb: 'create', type: NODES, object: { apiVersion: 'v1', kind: 'Node', metadata } });
  try {
    const moved = await startLiveFleet(fleetOptions(cluster, 1, STANDARD_NODE, () => {})).catch((err: unknown) => err);
    assert.instance(moved, NotWelcome);
    const found = await kube.request({ verb: 'get', ref: { type: NAMESPACES, name: NAMESPACE } });
    assert.is(found.kind, 'notFound', 'nothing was begun');
  } finally {
    await kube.request({ verb: 'delete', ref: { type: NODES, name: metadata.name } });
    await close();
  }
});

live.run();
