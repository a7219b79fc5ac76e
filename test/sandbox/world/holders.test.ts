/** Each rule about holders fires when the wrong thing is done, and only then. Source: spec 05, 8 and 10; design 7. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCache } from '../../../deploy/sandbox/world/cache.ts';
import type { Container } from '../../../deploy/sandbox/world/holders.ts';
import { judgeSignedAgain } from '../../../deploy/sandbox/world/loss-rules.ts';
import { CONTAINERS, NODES } from '../../../messages/kube.ts';
import { type Fleet, fleet } from './hand.ts';

const rules = ({ world }: Fleet): readonly string[] => world.oracle.violations.map(({ rule }) => rule);

/** A drive container bound to the first node, with these allocations in its status. */
function holder({ world }: Fleet, name: string, allocations: object): void {
  world.add(CONTAINERS, {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: { name, namespace: 'weka' },
    spec: {
      mode: 'drive',
      name,
      image: 'i',
      numCores: 1,
      nodeAffinity: 'node-0001',
    },
  });
  const ref = { type: CONTAINERS, namespace: 'weka', name };
  world.store.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status: { allocations } } });
}

for (const [rule, one, other] of [
  ['drive-held-twice', { drives: ['A', 'B'] }, { drives: ['B'] }],
  ['port-held-twice', { wekaPort: 35_000 }, { wekaPort: 35_099 }],
  ['port-held-twice', { agentPort: 35_300 }, { agentPort: 35_300 }],
  ['', { drives: ['A'], wekaPort: 35_000 }, { drives: ['B'], wekaPort: 35_100 }],
] as const) {
  test(`${rule || 'nothing'}: ${JSON.stringify(one)} and ${JSON.stringify(other)}`, () => {
    const on = fleet('holders', 1);
    holder(on, 'one', one);
    assert.equal(rules(on), []);
    holder(on, 'other', other);
    assert.equal(rules(on), rule === '' ? [] : [rule]);
  });
}

for (const [held, node, expected] of [
  [{ drives: ['S1'] }, 'node-0001', ['held-drive-signed']],
  [
    { virtualDrives: [{ virtualUUID: 'v1', physicalUUID: 'p', capacityGiB: 1, serial: 'S1', type: 'TLC' }] },
    'node-0001',
    ['held-drive-signed'],
  ],
  [{ drives: ['S2'] }, 'node-0001', []],
  [{ drives: ['S1'] }, 'node-0002', []],
] as const) {
  test(`signed again on ${node}: S1 with v1, while a container of node-0001 has ${JSON.stringify(held)}`, () => {
    const on = fleet('again', 2);
    holder(on, 'one', held);
    const containers = createCache<Container>(on.world.store, CONTAINERS);
    const process = { node: { name: node }, namespace: 'weka', pod: 'sign' };
    judgeSignedAgain(on.world.oracle, containers, process, { serial: 'S1', virtualDrives: new Set(['v1']) });
    assert.equal(rules(on), expected);
  });
}

test('nic-held-twice: two containers have one NIC of a node on record', () => {
  const on = fleet('nics', 2);
  const record = (name: string, nics: object): void => {
    const annotations = { 'weka.io/allocations': JSON.stringify(nics) };
    const patch = { metadata: { annotations } };
    on.world.store.request({ verb: 'mergePatch', ref: { type: NODES, name }, patch });
  };
  record('node-0001', { 'weka/a': { nics: ['m1', 'm2'] }, 'weka/b': { nics: ['m3'] } });
  record('node-0002', { 'weka/c': { nics: ['m1'] } });
  assert.equal(rules(on), []);
  record('node-0001', { 'weka/a': { nics: ['m1', 'm2'] }, 'weka/b': { nics: ['m2'] } });
  assert.equal(rules(on), ['nic-held-twice']);
});

test.run();
