/**
 * Random histories of a node's cloud NICs: containers come, ask, leave or vanish, kubelets write between read and write, answers
 * get lost, the actor and its process start anew. No NIC has two owners, who asks gets what there is, who goes short hears how
 * much, and nothing stays with those that are gone once it is needed. Source: spec 05, 10; F12, F26.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../actors/calls.ts';
import { initial, type State } from '../../actors/node/state.ts';
import { decider, type Effect } from '../../actors/node.ts';
import type { Attempt } from '../../messages/ids.ts';
import type { KubeObject, KubeOutcome } from '../../messages/kube.ts';
import { mergePatch } from '../../messages/merge-patch.ts';
import type { NodeAnswer, NodeAsk, NodeMessage } from '../../messages/node.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { containerOf, NODE, nodeOf, uidOf } from '../support/containers.ts';
import { fakeView } from '../support/fake-view.ts';
import { SETTINGS } from '../support/pass.ts';

const RUNS = 2_000;
const KINDS = [
  'create',
  'create',
  'ask',
  'ask',
  'ask',
  'leave',
  'leave',
  'vanish',
  'disturb',
  'lose',
  'crash',
] as const;
const history = fc.record({
  nics: fc.integer({ min: 0, max: 6 }),
  actions: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), a: fc.nat(20) }), { minLength: 10, maxLength: 40 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;
const met = { given: 0, short: 0, released: 0, conflicts: 0, lost: 0 };

function live({ nics, actions }: History): void {
  const macs = Array.from({ length: nics }, (_none, index) => `m${index}`);
  const listed = macs.map((mac) => ({ mac_address: mac, primary_ip: '10.0.1.9', subnet_cidr_block: '10.0.1.0/24' }));
  const cloud = nodeOf(NODE, { annotations: { 'weka.io/weka-nics': JSON.stringify(listed) } });
  let api: Node = { ...cloud, spec: { providerID: 'aws:///zone/i-1' } };
  const view = fakeView(api);
  let [state, turns, version, made]: [State, number, number, number] = [initial, 0, 1, 0];
  /** What happens to the next write: somebody else's comes before it, or its answer gets lost. */
  let next: 'disturb' | 'lose' | undefined;
  const present: WekaContainer[] = [];

  const store = (node: Node): void => {
    version += 1;
    api = { ...node, metadata: { ...node.metadata, resourceVersion: String(version) } };
  };
  function answerTo(call: Call): KubeOutcome {
    if (call.kind !== 'kube') throw new Error(`called ${call.kind}`);
    const { request } = call;
    if (request.verb === 'get') return { kind: 'ok', answer: api };
    if (request.verb !== 'mergePatch') throw new Error(request.verb);
    const { metadata } = request.patch as { readonly metadata: { readonly resourceVersion: string } }; // As this work writes it.
    if (next === 'disturb') store(api);
    const fate = next;
    next = undefined;
    if (metadata.resourceVersion !== api.metadata.resourceVersion) {
      met.conflicts += 1;
      return { kind: 'conflict', message: 'x' };
    }
    store(mergePatch(api, request.patch) as Node); // A patch of a node.
    if (fate !== 'lose') {
      view.put(api);
      return { kind: 'ok', answer: api };
    }
    met.lost += 1;
    return { kind: 'transport', cause: 'x' };
  }
  function send(msg: NodeMessage): void {
    turns += 1;
    const decide = decider(NODE, {
      view,
      settings: SETTINGS,
      flagsOf: () => ({}),
      newUuid: () => 'u',
      grants: new Map(),
    });
    const [after, effects] = decide(state, msg, { fresh: turns as Attempt, ms: turns });
    state = after;
    for (const effect of effects) perform(effect);
    check();
  }
  function perform(effect: Effect): void {
    if (effect.kind === 'answer') effect.to(effect.answer);
    if (effect.kind === 'timer') send({ kind: 'retryDue', attempt: effect.attempt });
    if (effect.kind !== 'work') return;
    let step = effect.script.next();
    while (step.done !== true) step = effect.script.next(answerTo(step.value));
    view.put(api); // The watch brings what a lost answer did not.
    send({ kind: 'ended', work: effect.subject, attempt: effect.attempt, failure: step.value });
  }
  function asks(kind: 'nics' | 'releaseNics', container: WekaContainer): NodeAnswer {
    let answer: NodeAnswer | undefined;
    const ask: NodeAsk = { kind, uid: uidOf(container) };
    send({ kind: 'asked', ask, answer: (given) => (answer = given) });
    if (answer === undefined) throw new Error('not answered in its turn');
    return answer;
  }
  const owners = (): ReadonlyMap<string, readonly string[]> =>
    new Map(
      Object.entries(
        JSON.parse(api.metadata.annotations?.['weka.io/allocations'] ?? '{}') as Record<string, { nics?: string[] }>,
      ).map(([key, { nics: held = [] }]) => [key, held]),
    );
  const keyOf = ({ metadata }: WekaContainer): string => `${metadata.namespace}/${metadata.name}`;
  const heldBy = (container: WekaContainer): readonly string[] => owners().get(keyOf(container)) ?? [];
  function check(): void {
    const all = [...owners().values()].flat();
    assert.is(new Set(all).size, all.length, 'a NIC has two owners');
    assert.ok(all.every((mac) => macs.includes(mac)));
  }
  /** Until its ask is answered for good: it is told to look again when its wait is over. */
  function served(kind: 'nics' | 'releaseNics', container: WekaContainer): NodeAnswer {
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = asks(kind, container);
      if (answer.kind !== 'pending' && answer.kind !== 'failed') return answer;
    }
    throw new Error(`${kind}: never served`);
  }
  function serve(container: WekaContainer): void {
    const answer = served('nics', container);
    if (answer.kind !== 'given') throw new Error(answer.kind);
    const others = present.filter((each) => each !== container).flatMap(heldBy);
    const { numCores } = container.spec;
    const due = Math.min(numCores, nics - others.length);
    assert.is(heldBy(container).length, due, 'as many as it has cores, or as there are');
    met.given += 1;
    const [event] = answer.events;
    if (due === numCores) {
      assert.is(event, undefined);
      return;
    }
    met.short += 1;
    assert.is(event?.reason, 'InsufficientNICs');
    assert.match(
      event?.message ?? '',
      `has ${due} of ${numCores} NICs for this container; its ${nics} NICs are owned: `,
    );
    const told = [...(event?.message ?? '').matchAll(/(\d+) by weka/g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
    assert.is(told, [...owners().values()].flat().length);
  }
  function goes(container: WekaContainer): void {
    present.splice(present.indexOf(container), 1);
    view.remove(container as KubeObject);
  }

  for (const { kind, a } of actions) {
    const target = present[a % Math.max(1, present.length)];
    switch (kind) {
      case 'create': {
        const spec = { numCores: 1 + (a % 3) };
        const container = containerOf('compute', { name: `c${made++}`, spec, status: { nodeAffinity: NODE } });
        present.push(container);
        view.put(container);
        break;
      }
      case 'ask':
        if (target !== undefined) serve(target);
        break;
      case 'leave': {
        if (target === undefined) break;
        met.released += 1;
        assert.equal(served('releaseNics', target), { kind: 'released' });
        assert.not.ok(owners().has(keyOf(target)));
        goes(target);
        break;
      }
      case 'vanish':
        if (target !== undefined) goes(target);
        break;
      case 'disturb':
      case 'lose':
        next = kind;
        break;
      default:
        state = initial;
    }
    check();
  }
}

test('no NIC has two owners, who asks gets what there is, who goes short is told, in 2,000 histories', () => {
  fc.assert(fc.property(history, live), { numRuns: RUNS });
  // A history in which nothing happens proves nothing.
  for (const [what, count] of Object.entries(met)) assert.ok(count > RUNS / 50, `${what}: ${count}`);
});

test.run();
