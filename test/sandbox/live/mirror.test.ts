/** The models on a slow API server: they see what they have written, and no write is lost or done twice. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isMarked, marked } from '../../../deploy/sandbox/live/own.ts';
import type { Container } from '../../../deploy/sandbox/world/holders.ts';
import type { Pod } from '../../../deploy/sandbox/world/objects.ts';
import { CLUSTERS, CONFIG_MAPS, CONTAINERS, NODES, PODS, SECRETS } from '../../../messages/kube.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import { farFleet, OPERATOR_NAMESPACE } from './support.ts';

for (const [weather, failShare] of [
  ['calm', 0],
  ['where a fifth of the requests fail', 0.2],
] as const) {
  test(`clusters ordered at once get ports of their own and no container twice, ${weather}`, async () => {
    for (const seed of ['a', 'b', 'c']) {
      const far = await farFleet(seed, 4, failShare);
      const names = ['one', 'two', 'three'];
      for (const name of names) far.fleet.addCluster({ name, drive: 4, compute: 3 });
      await far.until('all are made', () => far.store.all(CONTAINERS).length >= 21);
      await far.pass(60_000);
      const modes = (name: string, mode: string): number =>
        far.store
          .all<Container>(CONTAINERS)
          .filter(({ metadata, spec }) => metadata.name.startsWith(`${name}-`) && spec.mode === mode).length;
      for (const name of names) assert.equal([modes(name, 'drive'), modes(name, 'compute')], [4, 3], `${seed} ${name}`);
      const ports = far.store.all<WekaCluster>(CLUSTERS).map(({ status }) => status?.ports?.basePort);
      assert.is(new Set(ports).size, 3, `${seed}: ${ports}`);
      assert.equal(far.problems, []);
    }
  });
}

test('the installation, nodes and running agents arrive in whole', async () => {
  const far = await farFleet('nodes', 3);
  const running = () =>
    far.store.all<Pod>(PODS, OPERATOR_NAMESPACE).filter(({ status }) => status?.phase === 'Running');
  await far.until('agents run', () => running().length === 3);
  const nodes = far.store.all(NODES) as readonly { readonly status?: { readonly nodeInfo?: object } }[];
  assert.is(nodes.filter(({ status }) => status?.nodeInfo !== undefined).length, 3);
  const namesOf = (type: typeof SECRETS) =>
    far.store.all(type, OPERATOR_NAMESPACE).map(({ metadata }) => metadata.name);
  assert.equal([namesOf(SECRETS), namesOf(CONFIG_MAPS)], [['weka-node-agent-secret'], ['weka-boot-scripts']]);
  const made = far.created.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  assert.ok(made.includes('Node node-0001') && made.includes('Pod weka-node-agent-node-0001'), made.join());
});

test('what a fleet before has left is its own again; what others made is not', async () => {
  const far = await farFleet('again', 0);
  const draft = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'weka' } });
  far.store.request({ verb: 'create', type: CONFIG_MAPS, object: marked(draft('left')) });
  far.store.request({ verb: 'create', type: CONFIG_MAPS, object: draft('foreign') });
  for (const name of ['left', 'foreign', 'new']) {
    far.api.send({ verb: 'create', type: CONFIG_MAPS, object: draft(name) }, 'sandbox');
  }
  await far.pass(5_000);
  const names = far.created
    .filter(({ metadata }) => metadata.namespace === 'weka')
    .map(({ metadata }) => metadata.name);
  assert.equal(names.sort(), ['left', 'new']);
  const made = far.store.get({ type: CONFIG_MAPS, namespace: 'weka', name: 'new' });
  assert.ok(made !== undefined && isMarked(made));
});

test('a write that is refused is told; one to what has gone is not', async () => {
  const far = await farFleet('refused', 0);
  const ref = { type: CONFIG_MAPS, namespace: 'weka', name: 'gone' };
  far.api.send({ verb: 'mergePatch', ref, patch: { data: { a: 'b' } } }, 'weka-operator');
  await far.pass(5_000);
  assert.equal(far.problems, []);
  const metadata = { name: 'shapeless', namespace: 'weka' };
  const object = { apiVersion: 'weka.weka.io/v1alpha1', kind: 'WekaContainer', metadata, spec: { mode: 7 } };
  far.api.send({ verb: 'create', type: CONTAINERS, object }, 'weka-operator');
  await far.until('it is told', () => far.problems.length > 0);
  assert.match(far.problems[0] ?? '', /^refused to weka-operator: create of wekacontainers shapeless: /);
});

test.run();
