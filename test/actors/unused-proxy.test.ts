/** V6: the proxy of a node that nobody shares drives on any more. Spec 01, 22 no. 24; spec 06, 8.2 no. 26. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { UNUSED_MS } from '../../actors/node/unused-proxy.ts';
import type { Effect } from '../../actors/node.ts';
import type { KubeObject } from '../../messages/kube.ts';
import { containerOf, NODE, nodeOf, OPERATOR_NAMESPACE } from '../support/containers.ts';
import { nodeBench } from '../support/node-bench.ts';
import { absent, agentOk, did, type Line, noAgent, play, refused } from '../support/play.ts';

const NAME = `weka-drives-proxy-${NODE}`;
const proxy = (metadata: object = {}) =>
  containerOf('ssdproxy', {
    name: NAME,
    metadata: { namespace: OPERATOR_NAMESPACE, ownerReferences: [], ...metadata },
    spec: { nodeAffinity: NODE },
    status: { nodeAffinity: NODE },
  });
const drive = (given: Parameters<typeof containerOf>[1] = {}) =>
  containerOf('drive', { ...given, spec: { driveCapacity: 500, numDrives: 1, ...given.spec } });

function bench(objects: readonly KubeObject[], collectLeftovers = true) {
  const { view, send } = nodeBench(objects, { collectLeftovers });
  return { view, send, at: (ms: number) => send({ kind: 'lookAgain' }, ms) };
}
const workOf = (effects: readonly Effect[]) => effects.find((effect) => effect.kind === 'work');
const drives = (...counts: readonly number[]) =>
  agentOk({
    result: counts.map((numVirtualDrives, index) => ({
      physicalUuid: `P${index}`,
      numVirtualDrives,
      sizeGB: 7_000,
      model: 'm',
      pciAddress: 'a',
    })),
  });
const READ: Line = [`get nodes/${NODE}`, did(nodeOf())];
const DELETE: Line = [`delete wekacontainers/${OPERATOR_NAMESPACE}/${NAME}`, did(proxy())];

test('V6: one that has been unused for a while goes, once it says that it holds nothing', () => {
  const { at } = bench([proxy()]);
  const [timer] = at(0);
  assert.equal(timer?.kind === 'timer' && timer.delayMs, UNUSED_MS);
  assert.equal(at(UNUSED_MS - 1), []);
  const work = workOf(at(UNUSED_MS));
  assert.ok(work);
  const { verdict, calls } = play(work.script, [READ, ['agent POST /jsonrpc', drives(0, 0)], DELETE]);
  assert.is(verdict, undefined);
  const request = calls.at(-1);
  assert.is(request?.kind === 'kube' && request.request.verb === 'delete' && request.request.uid, `uid-${NAME}`);
});

for (const [name, answer] of [
  ['it holds virtual drives that somebody left', drives(0, 2)],
  ['its agent cannot be asked', noAgent],
  ['its agent does not know it', { kind: 'status', status: 404, body: 'Container not registered' }],
  ['its answer cannot be read', agentOk({ result: 'x' })],
] as const) {
  test(`V6: it stays when ${name}, and is asked again later`, () => {
    const { at, send } = bench([proxy()]);
    at(0);
    const work = workOf(at(UNUSED_MS));
    assert.ok(work);
    const { verdict } = play(work.script, [READ, ['agent POST /jsonrpc', answer]]);
    assert.type(verdict, 'string');
    const ended = { kind: 'ended', work: 'proxy', attempt: work.attempt, failure: verdict } as const;
    const timer = send(ended, UNUSED_MS).find(({ kind }) => kind === 'timer');
    assert.ok(timer?.kind === 'timer');
    assert.ok(workOf(send({ kind: 'retryDue', attempt: timer.attempt }, UNUSED_MS + timer.delayMs)));
  });
}

test('V6: the proxy of a node that is gone goes without being asked; a node that cannot be read keeps it', () => {
  for (const [line, more, verdict] of [
    [absent, [DELETE], undefined],
    [refused, [], 'internal error'],
  ] as const) {
    const { view, at } = bench([proxy()]);
    view.remove(nodeOf());
    at(0);
    const work = workOf(at(UNUSED_MS));
    assert.ok(work);
    assert.is(play(work.script, [[`get nodes/${NODE}`, line], ...more]).verdict, verdict);
  }
});

test('V6: somebody who came while it was asked keeps it', () => {
  const { view, at } = bench([proxy()]);
  at(0);
  const work = workOf(at(UNUSED_MS));
  assert.ok(work);
  view.put(drive({ status: { nodeAffinity: NODE } }));
  assert.type(play(work.script, [READ, ['agent POST /jsonrpc', drives(0)]]).verdict, 'string');
});

for (const [name, objects, on] of [
  ['the setting is off', [proxy()], false],
  ['a sharing container is on the node', [proxy(), drive({ status: { nodeAffinity: NODE } })], true],
  [
    'one that is leaving is on the node',
    [proxy(), drive({ spec: { state: 'deleting' }, status: { nodeAffinity: NODE } })],
    true,
  ],
  ['one is meant to come there', [proxy(), drive({ spec: { nodeAffinity: NODE } })], true],
  ['it is leaving already', [proxy({ deletionTimestamp: '2026-01-01T00:00:00Z' })], true],
  ['somebody owns it', [proxy({ ownerReferences: [{ kind: 'X', name: 'x', uid: 'x' }] })], true],
] as const) {
  test(`V6: nothing is done when ${name}`, () => {
    const { at } = bench(objects, on);
    assert.equal([...at(0), ...at(UNUSED_MS), ...at(10 * UNUSED_MS)], []);
  });
}

test('V6: only an unbroken while counts; other drive containers need no proxy; while not all is known nothing counts', () => {
  const other = containerOf('drive', { name: 'o', spec: { numDrives: 1 }, status: { nodeAffinity: NODE } });
  const user = drive({ status: { nodeAffinity: NODE } });
  const { view, at } = bench([proxy(), other]);
  at(0);
  view.put(user);
  at(UNUSED_MS / 2);
  view.remove(user);
  at(UNUSED_MS / 2 + 1);
  assert.is(workOf(at(UNUSED_MS)), undefined);
  view.setSynced(false);
  assert.is(workOf(at(3 * UNUSED_MS)), undefined);
  view.setSynced(true);
  at(3 * UNUSED_MS);
  assert.ok(workOf(at(4 * UNUSED_MS)));
});

test.run();
