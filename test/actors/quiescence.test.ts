/** Tests and drains know when everything is quiet, without polling. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Machine, spawn, tell } from '../../actors/machine.ts';
import { stage } from '../support/stage.ts';

type Message = { readonly kind: 'go' };
const performing = (
  act: (self: Parameters<typeof tell<Message>>[0]) => void,
): Machine<number, Message, { kind: 'act' }> => ({
  initial: 0,
  decide: (count) => [count + 1, [{ kind: 'act' }]],
  perform: { act: (_effect, self) => act(self) },
});

test('settled waits for what comes through promises', async () => {
  const { system, judge } = stage();
  let left = 5;
  const a = spawn(
    system.root,
    'a',
    performing((self) => {
      left -= 1;
      if (left > 0)
        void Promise.resolve()
          .then(async () => await null)
          .then(() => tell(self, { kind: 'go' }));
    }),
    judge,
  );
  tell(a, { kind: 'go' });
  await system.settled();
  assert.is(left, 0);
  assert.is(system.counts.turns, 5);
});

test('two actors that tell each other for ever are a livelock, and settled says so', async () => {
  const { system, judge } = stage();
  const a = spawn(
    system.root,
    'a',
    performing((self) => tell(self, { kind: 'go' })),
    judge,
  );
  tell(a, { kind: 'go' });
  let message = '';
  await system.settled(1_000).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /not settled/);
  system.stop();
});

test('settled of a quiet system resolves; several may wait at once', async () => {
  const { system, judge } = stage();
  await system.settled();
  const log: number[] = [];
  const a = spawn(
    system.root,
    'a',
    performing(() => log.push(1)),
    judge,
  );
  tell(a, { kind: 'go' });
  await Promise.all([system.settled(), system.settled(), system.idle()]);
  assert.equal(log, [1]);
});

test.run();
