/** One copy of the boot scripts a namespace, whoever asks and however many. Source: spec 02, 6.11. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, tell } from '../../actors/machine.ts';
import { decider, type Effect, initial, namespace, type State } from '../../actors/namespace.ts';
import type { Attempt, ContainerUid } from '../../messages/ids.ts';
import type { NamespaceAnswer, NamespaceMessage } from '../../messages/namespace.ts';
import { bootScripts, OPERATOR_NAMESPACE } from '../support/containers.ts';
import { drive } from '../support/drive.ts';
import { fakeView } from '../support/fake-view.ts';
import { SETTINGS } from '../support/pass.ts';
import { conflict, did, exists, type Line, nameOf, play, refused, requestOf } from '../support/play.ts';
import { stage } from '../support/stage.ts';

const COPY = 'configmaps/weka/weka-boot-scripts';
const uid = (name: string): ContainerUid => name as ContainerUid; // Made up.
const settings = SETTINGS;

function bench(...present: readonly ReturnType<typeof bootScripts>[]) {
  const view = fakeView(bootScripts(OPERATOR_NAMESPACE), ...present);
  const decide = decider('weka', { view, settings });
  let state: State = initial;
  let fresh = 0;
  const send = (msg: NamespaceMessage, ms: number): readonly Effect[] => {
    fresh += 1;
    const [next, effects] = decide(state, msg, { fresh: fresh as Attempt, ms });
    state = next;
    return effects;
  };
  const ask = (name: string, ms = 0) => {
    const answers: NamespaceAnswer[] = [];
    const request = { kind: 'bootConfigMap', namespace: 'weka', uid: uid(name) } as const;
    const effects = send({ kind: 'asked', ask: request, answer: (answer) => answers.push(answer) }, ms);
    for (const effect of effects) if (effect.kind === 'answer') effect.to(effect.answer);
    return { answer: answers[0], copies: effects.flatMap((effect) => (effect.kind === 'copy' ? [effect] : [])) };
  };
  /** Plays the one try that was begun; gives whom it woke, and the calls. */
  const end = (copies: ReturnType<typeof ask>['copies'], lines: readonly Line[], ms = 0) => {
    const [begun] = copies;
    if (begun === undefined || copies.length !== 1) throw new Error(`${copies.length} tries`);
    const { calls, verdict } = play(begun.script, lines);
    const effects = send({ kind: 'ended', attempt: begun.attempt, copied: verdict }, ms);
    return { calls, woken: effects.flatMap((effect) => (effect.kind === 'wake' ? [effect.uid] : [])) };
  };
  return { view, ask, end, send };
}

test('a thousand containers of a new namespace: one create, all look again when it is there', () => {
  const { ask, end } = bench();
  const asked = Array.from({ length: 1_000 }, (_none, index) => ask(`c${index}`));
  assert.ok(asked.every(({ answer }) => answer?.kind === 'pending'));
  const { calls, woken } = end(
    asked.flatMap(({ copies }) => copies),
    [[`create ${COPY}`, did(bootScripts('weka'))]],
  );
  const request = requestOf(calls, 'create');
  assert.equal(request.verb === 'create' && request.object, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'weka-boot-scripts', namespace: 'weka' },
    data: { run: 'x' },
  });
  assert.is(new Set(woken).size, 1_000);
});

test('spec 02 §12 #3, 01 §23 #43: a copy that differs is overwritten', () => {
  const { ask, end } = bench(bootScripts('weka', { run: 'edited' }));
  const { calls } = end(ask('a').copies, [[`jsonPatch ${COPY}`, did(bootScripts('weka'))]]);
  const request = requestOf(calls, 'jsonPatch');
  assert.equal(request.verb === 'jsonPatch' && request.patch, [{ op: 'add', path: '/data', value: { run: 'x' } }]);
});

test('one that appeared meanwhile is compared, and changed only where it differs', () => {
  const equal = bench();
  equal.end(equal.ask('a').copies, [
    [`create ${COPY}`, exists],
    [`get ${COPY}`, did(bootScripts('weka'))],
  ]);
  const other = bench();
  other.end(other.ask('a').copies, [
    [`create ${COPY}`, exists],
    [`get ${COPY}`, did(bootScripts('weka', { run: 'old' }))],
    [`jsonPatch ${COPY}`, conflict],
  ]);
  assert.equal(other.ask('a').answer, {
    kind: 'failed',
    reason: 'failed to update ConfigMap weka-boot-scripts: the object has been modified',
  });
});

test('a failure is the answer for 10 s, then the next one who asks begins a new try', () => {
  const { ask, end } = bench();
  const { woken } = end(ask('a', 0).copies, [[`create ${COPY}`, refused]], 1_000);
  assert.equal(woken, ['a']);
  const early = ask('a', 10_999);
  assert.equal([early.answer, early.copies], [{ kind: 'refused' }, []]);
  const late = ask('b', 11_000);
  assert.is(late.answer?.kind, 'pending');
  assert.equal(end(late.copies, [[`create ${COPY}`, did(bootScripts('weka'))]], 12_000).woken, ['b']);
});

test('after a success a copy that differs again is mended at once', () => {
  const { view, ask, end } = bench();
  end(ask('a').copies, [[`create ${COPY}`, did(bootScripts('weka'))]]);
  view.put(bootScripts('weka', { run: 'edited' }));
  end(ask('a').copies, [[`jsonPatch ${COPY}`, did(bootScripts('weka'))]]);
});

test('without the source there is nothing to copy; the end of another try is late', () => {
  const { view, ask, end, send } = bench();
  const { copies } = ask('a');
  view.remove(bootScripts(OPERATOR_NAMESPACE));
  assert.equal(send({ kind: 'ended', attempt: 99 as Attempt, copied: { kind: 'copied' } }, 0), []);
  end(copies, []);
  assert.equal(ask('b').answer, {
    kind: 'failed',
    reason: 'configmaps "weka-boot-scripts" not found in namespace weka-operator-system',
  });
});

test('the actor runs its try in a worker and wakes who waited', async () => {
  const { clock, system, judge } = stage();
  const woken: ContainerUid[] = [];
  const called: string[] = [];
  const none = () => () => {};
  const address = spawn(
    system.root,
    'weka',
    namespace('weka', {
      view: fakeView(bootScripts(OPERATOR_NAMESPACE)),
      settings,
      wake: (name) => woken.push(name),
      callers: {
        exec: none,
        agent: none,
        node: none,
        cluster: none,
        image: none,
        namespace: none,
        catchUp: () => () => {},
        sleep: none,
        kube: (call, answer) => {
          called.push(nameOf(call));
          answer(did(bootScripts('weka')));
          return () => {};
        },
      },
    }),
    judge,
  );
  const answers: string[] = [];
  for (const name of ['a', 'b']) {
    const ask = { kind: 'bootConfigMap', namespace: 'weka', uid: uid(name) } as const;
    tell(address, { kind: 'asked', ask, answer: ({ kind }) => answers.push(kind) });
  }
  await drive(system, clock, 0);
  assert.equal([answers, called, woken], [['pending', 'pending'], [`create ${COPY}`], ['a', 'b']]);
});

test.run();
