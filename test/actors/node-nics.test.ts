/** Cloud NICs of a node: one choice at a time, from a live read, under its resourceVersion. Row 28. Source: spec 05, 10; F12, F26. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateNicsOfNode, freeNics, lacksNics } from '../../actors/flows/steps/nics.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { Node } from '../../messages/resources.ts';
import { done, doneWith, failed, wait } from '../../messages/verdict.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { containerOf, NODE, nodeOf, uidOf } from '../support/containers.ts';
import { nodeBench, patchOf } from '../support/node-bench.ts';
import { passFor } from '../support/pass.ts';
import { conflict, did, type Line, play, playStep, refused } from '../support/play.ts';
import { story } from '../support/story.ts';

const nic = (mac: string) => ({ mac_address: mac, primary_ip: '10.0.1.9', subnet_cidr_block: '10.0.1.0/24' });
function cloud(macs: readonly string[] | undefined, allocations?: string): Node {
  const nics = macs === undefined ? undefined : JSON.stringify(macs.map(nic));
  const node = nodeOf(NODE, { annotations: { 'weka.io/weka-nics': nics, 'weka.io/allocations': allocations } });
  return { ...node, spec: { providerID: 'aws:///zone/i-1' } };
}
const backend = (name: string, numCores = 1): WekaContainer =>
  containerOf('compute', { name, spec: { numCores }, status: { nodeAffinity: NODE } });

const changedState = (container: WekaContainer, state: WekaContainer['spec']['state']): WekaContainer => ({
  ...container,
  spec: { ...container.spec, state },
});

function bench(...objects: readonly KubeObject[]) {
  const { view, ask, work } = nodeBench(objects);
  return {
    view,
    work,
    ask: (container: WekaContainer, kind: 'nics' | 'releaseNics' = 'nics') => ask({ kind, uid: uidOf(container) }),
  };
}
const GET = (node: Node): Line => ['get nodes/node-1', did(node)];
const PATCH = (answer: unknown): Line => ['mergePatch nodes/node-1', answer];
const ONE = '{"weka/a":{"nics":["m1"]}}';
const BOTH = '{"weka/a":{"nics":["m1"]},"weka/b":{"nics":["m2"]}}';

test('spec 05 §17 #43, 01 §23 #33: two that ask at once are served one after the other, nobody gets the other’s', () => {
  const [a, b] = [backend('a'), backend('b')];
  const { ask, work } = bench(cloud(['m1', 'm2']), a, b);
  const first = ask(a);
  assert.equal(first.answer, { kind: 'pending', delayMs: 3_000, reason: 'NICs are being allocated' });
  assert.not.ok(ask(b).effects.some(({ kind }) => kind === 'work'));
  const one = work(first.effects, [GET(cloud(['m1', 'm2'])), PATCH(did(nodeOf()))], cloud(['m1', 'm2'], ONE));
  assert.equal(patchOf(one.calls), {
    metadata: { uid: 'uid-node-1', resourceVersion: '1', annotations: { 'weka.io/allocations': ONE } },
  });
  assert.equal(
    one.after.filter(({ kind }) => kind === 'wake'),
    [{ kind: 'wake', uid: uidOf(a) }],
  );
  const two = work(one.after, [GET(cloud(['m1', 'm2'], ONE)), PATCH(did(nodeOf()))], cloud(['m1', 'm2'], BOTH));
  assert.equal(
    two.after.map(({ kind }) => kind),
    ['wake'],
  );
  assert.equal(ask(b).answer, { kind: 'given', events: [] });
});

test('spec 05 §17 #43: after a conflict the choice is made anew from what is there then', () => {
  const a = backend('b');
  const { ask, work } = bench(cloud(['m1', 'm2']), a);
  const lines = [
    GET(cloud(['m1', 'm2'])),
    PATCH(conflict),
    GET(cloud(['m1', 'm2'], '{"x/y":{"nics":["m1"]}}')),
    PATCH(did(nodeOf())),
  ];
  const { calls } = work(ask(a).effects, lines);
  const patch = JSON.stringify(patchOf(calls.slice(-1)));
  assert.ok(patch.includes('m2') && patch.includes('x/y'), patch);
});

test('F26: NICs of a container that is gone are given to one that needs them', () => {
  const b = backend('b');
  const { ask, work } = bench(cloud(['m1'], ONE), b);
  const { calls } = work(ask(b).effects, [GET(cloud(['m1'], ONE)), PATCH(did(nodeOf()))]);
  assert.equal(patchOf(calls), {
    metadata: {
      uid: 'uid-node-1',
      resourceVersion: '1',
      annotations: { 'weka.io/allocations': '{"weka/b":{"nics":["m1"]}}' },
    },
  });
});

test('spec 05 §17 #43: a container that leaves gives its NICs back, before others are served', () => {
  const [a, b] = [backend('a'), backend('b')];
  const { ask, work, view } = bench(cloud(['m1'], ONE), a, b);
  const said = { kind: 'pending', delayMs: 3_000, reason: 'NICs are being released' } as const;
  const leaves = ask(a, 'releaseNics');
  assert.equal(leaves.answer, said);
  const { calls, after } = work(leaves.effects, [GET(cloud(['m1'], ONE)), PATCH(did(nodeOf()))], cloud(['m1'], '{}'));
  assert.equal(patchOf(calls), {
    metadata: { uid: 'uid-node-1', resourceVersion: '1', annotations: { 'weka.io/allocations': '{}' } },
  });
  assert.equal(after, [{ kind: 'wake', uid: uidOf(a) }]);
  assert.equal(ask(a, 'releaseNics').answer, { kind: 'released' });
  const next = work(ask(b).effects, [GET(cloud(['m1'], '{}')), PATCH(did(nodeOf()))], cloud(['m1'], ONE));
  assert.is(next.calls.length, 2);
  view.put(cloud(['m1'], '{"weka/b":{"nics":["m1"]}}'));
  assert.equal(ask(b).answer, { kind: 'given', events: [] });
});

test('spec 05 §17 #43: NICs are free before the finalizer goes, which does not wait where they cannot be freed', () => {
  const a = changedState(backend('a'), 'destroying');
  const lines = (s: ReturnType<typeof story>): string => s.log.join('\n');
  const s = story(a, { world: [cloud(['m1'], ONE)] });
  s.until(() => s.count('create jobs/') > 0);
  const at = lines(s);
  assert.is(s.view.node(NODE)?.metadata.annotations?.['weka.io/allocations'], '{}', at);
  assert.is(s.count('jsonPatch wekacontainers/weka/a'), 0);
  const pass = passFor(a, { world: [cloud(['m1'], ONE)] });
  assert.equal(play(freeNics(pass), [['node releaseNics', { kind: 'failed', reason: 'x' }]]).verdict, done);
});

test('a write that fails is told and tried again later', () => {
  const a = backend('a');
  const { ask, work } = bench(cloud(['m1']), a);
  const { after } = work(ask(a).effects, [GET(cloud(['m1'])), PATCH(refused)]);
  assert.equal(
    after.map(({ kind }) => kind),
    ['wake', 'timer'],
  );
  assert.is(ask(a).answer?.kind, 'failed');
});

test('spec 05 §17 #44: no list of NICs: the text of the reference; row 28 lets nobody pass', () => {
  const a = backend('a');
  const { ask } = bench(cloud(undefined), a);
  const reason = 'node node-1 does not have weka-nics annotation, but dpdk is enabled';
  assert.equal(ask(a).answer, { kind: 'failed', reason });
  const s = story(a, { world: [cloud(undefined)] });
  s.until(() => s.count('create pods') > 0 || s.state().phase === 'idle');
  assert.is(s.count('create pods'), 0);
});

test('row 28: what the node’s actor says is what the step says; without cloud NICs it has nothing to do', () => {
  const pass = passFor(backend('a'), { world: [cloud(['m1'])] });
  assert.ok(lacksNics(pass));
  assert.not.ok(lacksNics(passFor(backend('a'))));
  const said = (answer: unknown) => playStep(allocateNicsOfNode(pass), [['node nics', answer]]).verdict;
  const events = [{ type: 'Warning', reason: 'InsufficientNICs', message: 'x', perMinute: true }] as const;
  assert.equal(said({ kind: 'given', events }), doneWith({ events }));
  assert.equal(said({ kind: 'pending', delayMs: 3_000, reason: 'x' }), wait(3_000, 'x'));
  assert.equal(said({ kind: 'failed', reason: 'x' }), failed('x'));
});

test('F26: too few: what there is, an event, and the pod comes', () => {
  const a = backend('a', 2);
  const s = story(a, { world: [cloud(['m1'])] });
  s.until(() => s.count('create pods/weka/a') > 0);
  assert.is(s.view.node(NODE)?.metadata.annotations?.['weka.io/allocations'], ONE);
  const shortage = 'node node-1 has 1 of 2 NICs for this container; its 1 NICs are owned: 1 by weka/a';
  assert.ok(s.log.includes(`Warning InsufficientNICs: ${shortage}`));
  assert.is(s.count('mergePatch nodes/node-1'), 1);
});

test.run();
