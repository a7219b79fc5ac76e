/** Scripts and the actors that run them: answers, aborts, bugs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isStopped, type Machine, type Parent, spawn, stop, stopChild } from '../../actors/machine.ts';
import type { Callers, Script } from '../../actors/script.ts';
import { runScript } from '../../actors/worker.ts';
import type { Ending } from '../../messages/ending.ts';
import { drive } from '../support/drive.ts';
import { type Stage, stage } from '../support/stage.ts';

type Toy =
  | { readonly kind: 'exec'; readonly argv: string; readonly delayMs: number }
  | { readonly kind: 'sleep'; readonly delayMs: number };

const owner: Machine<undefined, { kind: 'none' }, never> = {
  initial: undefined,
  decide: () => [undefined, []],
  perform: {},
};

function setup(): Stage & {
  parent: Parent;
  endings: Ending<unknown>[];
  begun: string[];
  aborted: string[];
  callers: Callers<Toy>;
} {
  const base = stage();
  const begun: string[] = [];
  const aborted: string[] = [];
  const callers: Callers<Toy> = {
    exec: ({ argv, delayMs }, answer) => {
      if (argv === 'broken') throw new Error('caller');
      begun.push(argv);
      const cancel = base.clock.after(delayMs, () => answer(`out of ${argv}`));
      return () => {
        cancel();
        aborted.push(argv);
      };
    },
    sleep: ({ delayMs }, answer) => base.clock.after(delayMs, () => answer(undefined)),
  };
  return { ...base, parent: spawn(base.system.root, 'owner', owner, base.judge), endings: [], begun, aborted, callers };
}

function* twoCalls(): Script<{ readonly kind: 'done'; readonly heard: unknown }, Toy> {
  const first = yield { kind: 'exec', argv: 'first', delayMs: 10 };
  yield { kind: 'sleep', delayMs: 5 };
  const second = yield { kind: 'exec', argv: 'second', delayMs: 10 };
  return { kind: 'done', heard: [first, second] };
}

test('a script hears each answer in turn, its result reaches the owner, its worker ends', async () => {
  const { system, clock, parent, endings, callers, trace, aborted } = setup();
  const worker = runScript(parent, 'join', twoCalls(), callers, (ending) => endings.push(ending));
  await drive(system, clock, 1_000);
  assert.equal(endings, [{ kind: 'returned', result: { kind: 'done', heard: ['out of first', 'out of second'] } }]);
  assert.is(isStopped(worker), true);
  assert.equal(aborted, []); // A call that was answered is over.
  assert.is(system.busyCount(), 0);
  assert.equal(
    trace.map(({ path, message, cause, effects }) => `${path} ${message} ${cause} -> ${effects}`),
    [
      '/owner/join begin  -> call:exec',
      '/owner/join answered exec -> call:sleep',
      '/owner/join answered sleep -> call:exec',
      '/owner/join answered exec -> end:done',
    ],
  );
});

test('stopping the worker aborts the call under way, frees the name at once; the owner hears nothing', async () => {
  const { system, clock, parent, endings, callers, begun, aborted } = setup();
  runScript(parent, 'join', twoCalls(), callers, (ending) => endings.push(ending));
  await drive(system, clock, 5);
  assert.is(system.busyCount(), 1);
  stopChild(parent, 'join');
  runScript(parent, 'join', twoCalls(), callers, () => {});
  assert.equal(aborted, ['first']);
  await drive(system, clock, 8);
  assert.equal(begun, ['first', 'first']);
  assert.equal(endings, []);
});

test('an answer that comes after the abort is a dead letter; a second answer to one call is ignored', async () => {
  const { system, clock, parent, trace } = setup();
  const answers: ((answer: unknown) => void)[] = [];
  const callers: Callers<Toy> = {
    exec: (_call, answer) => {
      answers.push(answer);
      return () => {};
    },
    sleep: () => () => {},
  };
  const endings: Ending<unknown>[] = [];
  const worker = runScript(parent, 'join', twoCalls(), callers, (ending) => endings.push(ending));
  await system.settled();
  answers[0]?.('one');
  answers[0]?.('one again');
  await system.settled();
  assert.is(trace.at(-1)?.effects, ''); // It still sleeps.
  stop(worker);
  answers[0]?.('late');
  await drive(system, clock, 1_000);
  assert.is(system.counts.deadLetters, 1);
  assert.equal(endings, []);
});

const throwBug = (): void => {
  throw new Error('bug');
};
for (const [where, script] of Object.entries({
  'at its begin': function* (): Script<void, Toy> {
    throwBug();
    yield { kind: 'sleep', delayMs: 1 };
  },
  'after an answer': function* (): Script<void, Toy> {
    yield { kind: 'sleep', delayMs: 1 };
    throwBug();
  },
  'in the caller': function* (): Script<undefined, Toy> {
    yield { kind: 'exec', argv: 'broken', delayMs: 1 };
  },
})) {
  test(`a throw ${where} ends the worker, counted and traced; the owner is told and lives`, async () => {
    const { system, clock, parent, endings, callers, reports, trace } = setup();
    const worker = runScript(parent, 'join', script(), callers, (ending) => endings.push(ending));
    await drive(system, clock, 1_000);
    assert.is(endings[0]?.kind, 'crashed');
    assert.is(endings.length, 1);
    assert.is(isStopped(worker), true);
    assert.is(isStopped(parent), false);
    assert.is(system.counts.crashes, 1);
    assert.ok(trace.some(({ path, error }) => path === '/owner/join' && error !== ''));
    assert.equal(reports, []);
  });
}

test('an answer given at once, inside the call, is heard in the next turn', async () => {
  const { system, parent, endings } = setup();
  const callers: Callers<Toy> = {
    exec: (_call, answer) => {
      answer('at once');
      return () => {};
    },
    sleep: (_call, answer) => {
      answer(undefined);
      return () => {};
    },
  };
  runScript(parent, 'join', twoCalls(), callers, (ending) => endings.push(ending));
  await system.settled();
  assert.equal(endings, [{ kind: 'returned', result: { kind: 'done', heard: ['at once', 'at once'] } }]);
});

test.run();
