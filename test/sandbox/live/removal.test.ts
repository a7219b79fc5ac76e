/** A fleet moves out: what it made goes, with all that stands in its namespaces; what was there before stays. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { realNodes } from '../../../deploy/sandbox/live/cluster.ts';
import { readLiveOptions } from '../../../deploy/sandbox/live/options.ts';
import { type Made, marked } from '../../../deploy/sandbox/live/own.ts';
import { removeFleet } from '../../../deploy/sandbox/live/removal.ts';
import { CONTAINERS, NAMESPACES, NODES, PODS } from '../../../messages/kube.ts';
import { farFleet } from './support.ts';

const containerIn = (namespace: string) => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaContainer',
  metadata: { name: 'one', namespace, finalizers: ['weka.weka.io/finalizer'] },
  spec: { name: 'one', mode: 'compute', image: 'registry.example/weka:1', numCores: 1 },
});

test('objects with finalizers go with the namespaces of the fleet, and nothing else goes', async () => {
  const far = await farFleet('removal', 2);
  for (const namespace of ['weka', 'other']) {
    const made = far.store.request({ verb: 'create', type: CONTAINERS, object: containerIn(namespace) });
    assert.is(made.kind, 'ok');
  }
  await far.until('nodes are there', () => far.store.all(NODES).length === 2 && far.store.all(PODS).length === 2);
  const ours = [...far.store.all(NAMESPACES)].filter(({ metadata: { name } }) => name.startsWith('weka'));
  const nodes = [...far.store.all(NODES)];
  const made = [
    ...ours.map((object) => ({ type: NAMESPACES, object })),
    ...nodes.slice(1).map((object) => ({ type: NODES, object })),
  ];
  assert.equal(await far.result(removeFleet(far.kube, far.clock, made)), []);
  const left = (type: typeof NODES) => far.store.all(type).map(({ metadata }) => metadata.namespace ?? metadata.name);
  assert.equal(left(CONTAINERS), ['other']);
  assert.equal(left(NODES), ['node-0001']);
  assert.ok(!left(NAMESPACES).includes('weka') && left(NAMESPACES).includes('other'));
});

test('one of the same name that somebody else made is not ours to remove', async () => {
  const far = await farFleet('others', 0);
  const found = far.store.get({ type: NAMESPACES, name: 'other' });
  if (found === undefined) throw new Error('no namespace');
  const object = { ...found, metadata: { ...found.metadata, uid: 'of an earlier one' } };
  assert.equal(await far.result(removeFleet(far.kube, far.clock, [{ type: NAMESPACES, object }])), []);
  assert.is.not(far.store.get({ type: NAMESPACES, name: 'other' }), undefined);
});

test('nodes that are not modelled are named; those of a fleet before are taken over', async () => {
  const far = await farFleet('welcome', 0);
  const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const made: Made[] = [];
  far.store.request({ verb: 'create', type: NODES, object: marked(node('of-before')) });
  assert.is(await far.result(realNodes(far.kube, made)), undefined);
  assert.is(made.map(({ object }) => object.metadata.name).join(), 'of-before');
  for (const name of ['a', 'b', 'c', 'd']) far.store.request({ verb: 'create', type: NODES, object: node(name) });
  const why = 'the cluster has 4 nodes that are not modelled (a, b, c, …)';
  assert.is(await far.result(realNodes(far.kube, [])), why);
});

test('the command line: what must be said, bounds, and the permission', () => {
  const read = (...argv: string[]) => readLiveOptions(argv);
  const told = (...argv: string[]) => {
    const end = read(...argv);
    return end.kind === 'end' ? `${end.code} ${end.text.trim()}` : 'ok';
  };
  assert.match(told(), "2 error: required option '--kubeconfig <file>' not specified");
  assert.match(told('--kubeconfig', 'f', '--kubelet-ip', 'localhost'), /^2 .*An IPv4 address is needed/);
  assert.match(
    told('--kubeconfig', 'f', '--demo', 'small', '--drive', '13'),
    /^2 error: --drive 13 is more than --nodes 12/,
  );
  assert.is(told('--kubeconfig', 'f', '--drive', '13'), 'ok', 'nothing is ordered');
  assert.match(told('--help'), /^0 Usage: npm run sandbox/);
  const given = read('--kubeconfig', 'f', '--i-know-this-is-a-test-cluster', '--keep');
  assert.ok(given.kind === 'ok' && given.options.besideRealNodes && given.options.keep);
  const usual = read('--kubeconfig', 'f');
  assert.ok(usual.kind === 'ok' && !usual.options.besideRealNodes && !usual.options.keep);
});

test.run();
