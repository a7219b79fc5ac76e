/** The controller's own client and CRDs on a real API server: what every other live suite stands on. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../io/clock.ts';
import { CONTAINERS, type Draft, NAMESPACES, type ResourceType, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { clientOf, type LiveClient } from './client.ts';
import { type LiveCluster, liveCluster } from './cluster.ts';

interface Context {
  readonly cluster: LiveCluster;
  readonly client: LiveClient;
}
const live = suite<{ here: Context }>('client');
const CRD: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const CRDS = join(import.meta.dirname, '../../deploy/chart/crds');

live.before(async (context) => {
  const cluster = await liveCluster();
  context.here = { cluster, client: await clientOf(cluster.kubeconfig) };
});
live.after(async ({ here }) => {
  await here.client.close();
  await here.cluster.close();
});

live('the CRDs are accepted, and a container gets the defaults of its schema', async ({ here }) => {
  const { kube } = here.client;
  for (const name of globSync('*.yaml', { cwd: CRDS })) {
    const object = load(readFileSync(join(CRDS, name), 'utf8')) as Draft;
    const made = await kube.request({ verb: 'create', type: CRD, object });
    assert.ok(made.kind === 'ok' || made.kind === 'alreadyExists', `${name}: ${JSON.stringify(made)}`);
  }
  await kube.request({
    verb: 'create',
    type: NAMESPACES,
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'live' } },
  });
  const draft = {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: { name: 'one', namespace: 'live' },
    spec: { name: 'one', mode: 'compute', image: 'registry.example/weka:1', numCores: 1 },
  };
  // A new type is served a moment after its definition was accepted.
  let made = await kube.request({ verb: 'create', type: CONTAINERS, object: draft });
  for (let tries = 0; made.kind === 'notFound' && tries < 40; tries += 1) {
    await new Promise<void>((resolve) => systemClock.after(250, resolve));
    made = await kube.request({ verb: 'create', type: CONTAINERS, object: draft });
  }
  assert.is(made.kind, 'ok', JSON.stringify(made));
  const read = await kube.request({ verb: 'get', ref: refOf(CONTAINERS, draft.metadata) });
  assert.is(read.kind === 'ok' && (read.answer as WekaContainer).spec.state, 'active');
});

live.run();
