/** A node's choices under its Lease, turn by turn: taken for those who wait, kept while a choice is not written, given back after. Source: spec 05, 4.2; I8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initial, type State } from '../../actors/node/state.ts';
import { decider, type Effect } from '../../actors/node.ts';
import type { Attempt } from '../../messages/ids.ts';
import type { NodeAnswer, NodeMessage } from '../../messages/node.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { clusterOf, containerOf, NODE, nodeOf, uidOf } from '../support/containers.ts';
import { fakeView } from '../support/fake-view.ts';
import { SETTINGS } from '../support/pass.ts';

const wants = (name: string): WekaContainer =>
  containerOf('drive', { name, spec: { numDrives: 1 }, status: { nodeAffinity: NODE } });

test('whoever asks while the lease is being given back waits until it is taken anew', () => {
  const [a, b] = [wants('a'), wants('b')];
  const view = fakeView(clusterOf(), nodeOf(NODE, { annotations: { 'weka.io/weka-drives': '["S1","S2"]' } }), a, b);
  const lease = { instance: 'x', wallMs: () => 0 };
  const newUuid = (): string => 'uuid';
  const decide = decider(NODE, { view, settings: SETTINGS, flagsOf: () => ({}), newUuid, grants: new Map(), lease });
  let [state, turns]: [State, number] = [initial, 0];
  const answers: NodeAnswer[] = [];
  const send = (msg: NodeMessage): readonly Effect[] => {
    turns += 1;
    const [next, effects] = decide(state, msg, { fresh: turns as Attempt, ms: turns });
    state = next;
    for (const effect of effects) if (effect.kind === 'answer') effect.to(effect.answer);
    return effects;
  };
  const asked = (container: WekaContainer): NodeMessage => ({
    kind: 'asked',
    ask: { kind: 'allocate', uid: uidOf(container), flags: {} },
    answer: (answer) => answers.push(answer),
  });
  const startedBy = (effects: readonly Effect[]) => {
    const started = effects.find((effect) => effect.kind === 'work');
    if (started === undefined) throw new Error('nothing was started');
    return started;
  };
  const ended = ({ attempt }: { readonly attempt: number }): NodeMessage => ({
    kind: 'ended',
    work: 'lease',
    attempt,
    failure: undefined,
  });
  const kinds = (): readonly string[] => answers.map(({ kind }) => kind);

  const taking = startedBy(send(asked(a)));
  send(ended(taking));
  send(asked(a));
  assert.equal(kinds(), ['pending', 'allocated']);
  const [given] = answers.flatMap((answer) => (answer.kind === 'allocated' ? [answer.allocations] : []));
  if (given === undefined) throw new Error('not given');
  const written: WekaContainer = { ...a, status: { status: '', ...a.status, allocations: given } };
  view.put(written);
  const giving = startedBy(send({ kind: 'lookAgain' }));

  send(asked(b));
  const again = startedBy(send(ended(giving)));
  assert.is(again.subject, 'lease');
  send(asked(b));
  assert.equal(kinds().slice(2), ['pending', 'pending'], 'it is not held yet');
  const over = send(ended(again));
  assert.equal(
    over.flatMap((effect) => (effect.kind === 'wake' ? [effect.uid] : [])),
    [uidOf(b)],
  );
  send(asked(b));
  assert.equal(kinds().slice(4), ['allocated']);
});

test.run();
