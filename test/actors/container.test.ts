/** The machine of one container: when it parks, resumes, preempts, writes, and what it remembers between passes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call, Script } from '../../actors/calls.ts';
import { container, decider, type Effect, type Flows, initial, type Seen, type State } from '../../actors/container.ts';
import { noMemory } from '../../actors/flows/run.ts';
import { ask, type Step } from '../../actors/flows/step.ts';
import { DATA_AFTER_MS, WAITING_AFTER_MS } from '../../actors/flows/telling.ts';
import { spawn, tell } from '../../actors/machine.ts';
import type { ContainerMessage } from '../../messages/container.ts';
import type { Attempt } from '../../messages/ids.ts';
import type { KubeOutcome } from '../../messages/kube.ts';
import { mergePatch } from '../../messages/merge-patch.ts';
import { done, doneWith, failed, normal, type Verdict, wait } from '../../messages/verdict.ts';
import type { WekaContainer, WekaContainerStatus } from '../../messages/weka-container.ts';
import { containerOf, uidOf } from '../support/containers.ts';
import { drive } from '../support/drive.ts';
import { fakeView } from '../support/fake-view.ts';
import { SETTINGS } from '../support/pass.ts';
import { stage } from '../support/stage.ts';

// biome-ignore lint/correctness/useYield: a script that asks nothing.
function* silent(): Script<Verdict> {
  return done;
}
const counted = (count: () => void) => (): Verdict => {
  count();
  return done;
};
const asks = () => ask('pod', silent());
const step = (name: string, run: Step['run'], more: Partial<Step> = {}): Step => ({
  number: name,
  name,
  when: [],
  onFailure: 'stop',
  run,
  ...more,
});
const tables = (active: readonly Step[], more: Partial<Flows> = {}): Flows => ({
  active,
  paused: [],
  deleting: [],
  destroying: [],
  ...more,
});
const contested = { kind: 'contested', what: 'status', untilMs: 100_000 } as const;
/** News that others act upon, and news that only describes a wait. */
const joined = doneWith({ status: { containerID: 4 } });
const waiting = doneWith({ status: { status: 'PodNotRunning' } });

interface Bench {
  readonly send: (msg: ContainerMessage) => readonly Effect[];
  readonly look: () => readonly Effect[];
  readonly end: (verdict: Verdict) => readonly Effect[];
  /** The answer of the write under way: ok puts it into the store first, as the writer does. */
  readonly wrote: (outcome?: KubeOutcome) => readonly Effect[];
  readonly state: () => State;
  stored: WekaContainer | undefined;
  malformed: readonly string[] | undefined;
  contested: Extract<Seen, { kind: 'contested' }> | undefined;
  nowMs: number;
}
function bench(flows: Flows, stored: WekaContainer = containerOf('drive')): Bench {
  const decide = decider(flows, { view: fakeView(), settings: SETTINGS });
  let state = initial;
  let fresh = 0;
  let writing: WekaContainerStatus | undefined;
  const bench: Bench = {
    stored,
    malformed: undefined,
    contested: undefined,
    nowMs: 0,
    state: () => state,
    look: () => bench.send({ kind: 'lookAgain' }),
    end: (verdict) =>
      bench.send({ kind: 'ended', attempt: state.attempt, ending: { kind: 'returned', result: verdict } }),
    wrote: (outcome) => {
      const current = bench.stored ?? stored;
      if (outcome === undefined) bench.stored = changed(current, { status: writing });
      const ok: KubeOutcome = { kind: 'ok', answer: bench.stored ?? stored };
      return bench.send({ kind: 'written', attempt: state.attempt, outcome: outcome ?? ok });
    },
    send: (msg) => {
      fresh += 1;
      const seen: Seen | undefined =
        bench.malformed !== undefined
          ? { kind: 'malformed', problems: bench.malformed }
          : (bench.contested ?? (bench.stored && { kind: 'container', container: bench.stored }));
      const moment = { nowMs: bench.nowMs, wallMs: bench.nowMs, chance: 0.5 };
      const [next, effects] = decide(state, { ...msg, seen, moment }, { fresh: fresh as Attempt, ms: bench.nowMs });
      state = next;
      for (const effect of effects) if (effect.kind === 'write') writing = effect.status;
      return effects;
    },
  };
  return bench;
}
const changed = (stored: WekaContainer, patch: unknown): WekaContainer => mergePatch(stored, patch) as WekaContainer;
const inState = (state: string, more: object = {}): WekaContainer =>
  changed(containerOf('drive'), { spec: { state }, ...more });
const kinds = (effects: readonly Effect[]): readonly string[] =>
  effects.map((effect) =>
    effect.kind === 'abort'
      ? `abort ${effect.child}`
      : effect.kind === 'record'
        ? `record ${effect.note.reason}`
        : effect.kind,
  );
const delayOf = (effects: readonly Effect[]): number | undefined =>
  effects.flatMap((effect) => (effect.kind === 'timer' ? [effect.delayMs] : []))[0];
const statusOf = (effects: readonly Effect[]): WekaContainerStatus | undefined =>
  effects.flatMap((effect) => (effect.kind === 'write' ? [effect.status] : []))[0];

for (const [state, flow] of [
  ['active', 'active'],
  ['paused', 'paused'],
  ['deleting', 'deleting'],
  ['destroying', 'destroying'],
  ['frozen', 'active'],
] as const) {
  test(`spec 02 §12 #1, 01 §23 #6: state ${state} walks ${flow}, deletionTimestamp or not`, () => {
    for (const metadata of [{}, { deletionTimestamp: '2026-01-01T00:00:00Z' }]) {
      const each = (name: string): readonly Step[] => [step(name, () => doneWith({ events: [normal(name, '')] }))];
      const flows = {
        active: each('active'),
        paused: each('paused'),
        deleting: each('deleting'),
        destroying: each('destroying'),
      };
      assert.equal(kinds(bench(flows, inState(state, { metadata })).look())[0], `record ${flow}`);
    }
  });
}

test('a row that asks parks the pass; the child’s verdict goes on with the next row in the same turn', () => {
  const b = bench(tables([step('a', asks), step('b', () => doneWith({ events: [normal('B', '')] }))]));
  assert.equal(kinds(b.look()), ['ask']);
  assert.is(b.state().phase, 'asking');
  assert.equal(kinds(b.end(done)), ['record B', 'timer']);
  assert.is(b.state().phase, 'idle');
});

test('a verdict of another try, or while nothing is asked, is late: ignored', () => {
  const b = bench(tables([step('a', asks)]));
  b.look();
  const late = { kind: 'ended', attempt: 99 as Attempt, ending: { kind: 'returned', result: done } } as const;
  assert.equal(b.send(late), []);
  b.end(done);
  assert.equal(b.send(late), []);
});

test('a crash inside the script is a failed row of this container, not its crash', () => {
  const condition = { type: 'C', reason: 'r', message: 'm' };
  const b = bench(tables([step('a', asks, { condition })]));
  b.look();
  const effects = b.send({
    kind: 'ended',
    attempt: b.state().attempt,
    ending: { kind: 'crashed', error: new Error('x') },
  });
  assert.match(JSON.stringify(b.state().untold?.patch), '"message":"bug: Error: x"');
  assert.is(delayOf(effects), 10_000);
});

test('at rest it keeps its memory and its untold news, and neither the status nor what the pass stood on', () => {
  const change = { status: { status: 'Waits' } };
  const throttle = { everyMs: () => 60_000, preset: false, stamp: 'start' } as const;
  const b = bench(tables([step('a', asks, { throttle })]));
  b.look();
  b.end({ kind: 'wait', delayMs: 5_000, reason: 'x', ...change });
  const { phase, walk, base, begun, untold } = b.state();
  assert.is(phase, 'idle');
  assert.equal(Object.keys(walk.memory.stamps), ['a']);
  assert.equal(untold?.patch, { status: 'Waits' });
  assert.equal([walk.status, base, begun.podUid], [undefined, undefined, undefined]);
});

test('something changed during a pass: exactly one more pass right after it', () => {
  let runs = 0;
  const b = bench(
    tables([
      step('a', asks),
      step(
        'b',
        counted(() => runs++),
      ),
    ]),
  );
  b.look();
  assert.equal(b.look(), []);
  assert.equal(b.look(), []);
  assert.equal(kinds(b.end(done)), ['ask']);
  assert.equal(kinds(b.end(done)), ['timer']);
  assert.is(runs, 2);
});

test('the timer that fires is the last one set', () => {
  const b = bench(tables([step('a', asks)]));
  b.look();
  b.end(done);
  const old = b.state().attempt;
  b.look();
  b.end(done);
  assert.equal(b.send({ kind: 'tick', attempt: old }), []);
  assert.equal(kinds(b.send({ kind: 'tick', attempt: b.state().attempt })), ['ask']);
});

for (const [verdict, ms] of [
  [done, 30_000],
  [failed('x'), 10_000],
  [wait(15_000, 'x'), 15_000],
] as const) {
  test(`spec 02 §12 #39, 01 §23 #18: after ${verdict.kind} the next look comes in ${ms} ms, ±10 %`, () => {
    const b = bench(tables([step('a', () => verdict)]));
    assert.is(delayOf(b.look()), ms); // chance 0.5: the middle of the spread.
  });
}

// Preemption.

test('a flow change while a child works: the child stops and the new flow starts in the same turn', () => {
  const b = bench(tables([step('a', asks)], { deleting: [step('d', () => doneWith({ events: [normal('D', '')] }))] }));
  b.look();
  b.stored = inState('deleting');
  assert.equal(kinds(b.look()), ['abort pod', 'record D', 'timer']);
  assert.is(b.state().flow, 'deleting');
});

test('what the preempted pass learned is kept and told with the new flow’s', () => {
  const deleting = [
    step('d', () => doneWith({ status: { status: 'Deleting' } })),
    step('e', () => done, { afterWrite: true }),
  ];
  const b = bench(tables([step('a', () => joined), step('b', asks)], { deleting }));
  b.look();
  b.stored = inState('deleting');
  const effects = b.look();
  assert.equal(kinds(effects), ['abort pod', 'write']);
  assert.is(statusOf(effects)?.containerID, 4);
  assert.is(statusOf(effects)?.status, 'Deleting');
});

test('F5: a verdict that comes with a new flow is kept, and the pass does not go on', () => {
  let runs = 0;
  const b = bench(
    tables([
      step('a', asks),
      step(
        'b',
        counted(() => runs++),
      ),
    ]),
  );
  b.look();
  b.stored = inState('deleting');
  b.end(joined);
  assert.is(runs, 0);
  assert.is(b.state().flow, 'deleting');
  assert.equal(b.state().untold?.patch, { containerID: 4 });
});

test('a write under way is not preempted: its answer comes first, then the new flow', () => {
  const active = [step('a', () => joined), step('b', asks, { afterWrite: true })];
  const b = bench(tables(active, { deleting: [step('d', () => doneWith({ events: [normal('D', '')] }))] }));
  assert.equal(kinds(b.look()), ['write']);
  b.stored = inState('deleting');
  assert.equal(b.look(), []);
  assert.equal(kinds(b.wrote()), ['record D', 'timer']);
  assert.is(b.state().untold, undefined);
});

// Writing.

test('nothing is written when nothing changed', () => {
  const b = bench(tables([step('a', () => doneWith({ status: { status: 'Init' } }))]));
  assert.equal(kinds(b.look()), ['timer']);
});

test('a pass that came to its end tells what it learned in one write, then rests', () => {
  const b = bench(tables([step('a', () => waiting), step('b', () => joined)]));
  const effects = b.look();
  assert.equal(kinds(effects), ['write']);
  assert.equal(statusOf(effects), { status: 'PodNotRunning', containerID: 4 });
  assert.is(delayOf(b.wrote()), 30_000);
});

test('a barrier writes before its row acts, and the row acts once the answer is there', () => {
  const b = bench(tables([step('a', () => joined), step('b', asks, { afterWrite: true })]));
  assert.equal(kinds(b.look()), ['write']);
  assert.equal(kinds(b.wrote()), ['ask']);
});

test('a barrier whose write fails stops the pass: the row does not act', () => {
  const b = bench(tables([step('a', () => joined), step('b', asks, { afterWrite: true })]));
  b.look();
  const effects = b.wrote({ kind: 'conflict', message: 'x' });
  assert.equal(kinds(effects), ['timer']);
  assert.is(delayOf(effects), 1_000);
});

for (const [news, verdict, afterMs] of [
  ['data', joined, DATA_AFTER_MS],
  ['a description of a wait', waiting, WAITING_AFTER_MS],
] as const) {
  test(`${news} of a pass that waits is told after ${afterMs} ms, together with what later passes add`, () => {
    const more = doneWith({ status: { internalStatus: 'STEM' } });
    let passes = 0;
    const rows = [
      step('a', () => verdict),
      step('b', () => (passes++ > 0 && news === 'data' ? more : done)),
      step('c', () => wait(1_000, 'x')),
    ];
    const b = bench(tables(rows));
    assert.equal(kinds(b.look()), ['timer']);
    b.nowMs = afterMs - 1;
    const early = b.look();
    assert.equal(kinds(early), ['timer']);
    assert.is(delayOf(early), 1); // Not a whole second: the news would be late.
    b.nowMs = afterMs;
    const due = b.look();
    assert.equal(kinds(due), ['write']);
    if (news === 'data') assert.equal(statusOf(due), { status: 'Init', containerID: 4, internalStatus: 'STEM' });
  });
}

test('spec 02 §12 #49: what another writer set during a pass is not undone', () => {
  const b = bench(tables([step('a', () => joined), step('b', asks), step('c', () => done)]));
  b.look();
  b.stored = changed(b.stored as WekaContainer, { status: { lastAppliedSpec: 'theirs' } });
  b.look();
  assert.equal(statusOf(b.end(done)), { status: 'Init', containerID: 4, lastAppliedSpec: 'theirs' });
});

test('what another writer set while a write was under way is not undone either', () => {
  const b = bench(tables([step('a', () => joined), step('b', asks, { afterWrite: true }), step('c', () => waiting)]));
  const first = statusOf(b.look());
  b.stored = changed(b.stored as WekaContainer, { status: { ...first, lastAppliedSpec: 'theirs' } });
  b.send({ kind: 'written', attempt: b.state().attempt, outcome: { kind: 'ok', answer: b.stored } });
  assert.equal(statusOf(b.end(done)), { status: 'PodNotRunning', containerID: 4, lastAppliedSpec: 'theirs' });
});

test('spec 01 §23 #20: a conflict makes no event; what was learned survives and is written under the newer object', () => {
  const b = bench(tables([step('a', () => joined)]));
  b.look();
  b.stored = changed(b.stored as WekaContainer, {
    metadata: { resourceVersion: '2' },
    status: { lastAppliedSpec: 'theirs' },
  });
  assert.equal(kinds(b.wrote({ kind: 'conflict', message: 'x' })), ['timer']);
  b.nowMs = 1_000;
  const effects = b.send({ kind: 'tick', attempt: b.state().attempt });
  assert.equal(statusOf(effects), { status: 'Init', containerID: 4, lastAppliedSpec: 'theirs' });
  const write = effects.find((effect) => effect.kind === 'write');
  assert.is(write?.stored.metadata.resourceVersion, '2');
});

for (const [outcome, ms] of [
  [{ kind: 'refused', status: 422, reason: 'Invalid', message: 'no' }, 10_000],
  [{ kind: 'transport', cause: 'down' }, 10_000],
  [{ kind: 'throttled', retryAfterMs: 25_000 }, 25_000],
] as const) {
  test(`a write that ended ${outcome.kind} is tried again after ${ms} ms, however old the news is`, () => {
    const b = bench(tables([step('a', () => joined)]));
    b.look();
    for (const nowMs of [60_000, 120_000]) {
      b.nowMs = nowMs;
      const effects = b.wrote(outcome);
      assert.is(delayOf(effects), ms);
      assert.is(kinds(effects).includes('record StatusWriteRefused'), outcome.kind === 'refused');
      b.nowMs += ms;
      assert.equal(kinds(b.send({ kind: 'tick', attempt: b.state().attempt })), ['write']);
    }
  });
}

test('allocations chosen beside others than are stored by now are not written: they may be another one’s (F12)', () => {
  const held = changed(containerOf('drive'), { status: { allocations: { drives: ['S1', 'S2'] } } });
  const gaveUp = changed(held, { status: { allocations: { drives: ['S1'] } } });
  const grows = doneWith({ status: { containerID: 4, allocations: { drives: ['S1', 'S2', 'S3'] } } });
  const during = bench(tables([step('asks', asks), step('grows', () => grows), step('asks again', asks)]), held);
  during.look();
  during.end(done);
  during.stored = gaveUp;
  const told = statusOf(during.end(done));
  assert.equal([told?.containerID, told?.allocations?.drives], [4, ['S1']]);

  const after = bench(tables([step('grows', () => grows)]), held);
  after.look();
  after.stored = gaveUp;
  after.wrote({ kind: 'conflict', message: '' });
  assert.equal(after.state().untold?.patch, { containerID: 4 });
});

test('I11: a pass that ends takes the quarantine back', () => {
  const conditions = [
    {
      type: 'Quarantined',
      status: 'True' as const,
      reason: 'x',
      message: 'x',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ];
  const b = bench(tables([step('a', () => done)]), containerOf('drive', { status: { conditions } }));
  assert.is(statusOf(b.look())?.conditions?.[0]?.status, 'False');
});

// What is no container.

test('an object that cannot be read: its child stops, an event says why, nothing else is done until it changes', () => {
  const b = bench(tables([step('a', asks)]));
  b.look();
  b.malformed = ['spec.mode: "foo"'];
  assert.equal(kinds(b.look()), ['abort pod', 'record MalformedContainer']);
  b.malformed = undefined;
  assert.equal(kinds(b.look()), ['ask']);
});

for (const phase of ['asking', 'writing'] as const) {
  test(`an object that is gone while ${phase}: its child stops and its memory of rows stays`, () => {
    const throttle = { everyMs: () => 60_000, preset: false, stamp: 'start' } as const;
    const rows = [
      step('t', () => joined, { throttle }),
      step('a', asks, phase === 'writing' ? { afterWrite: true } : {}),
    ];
    const b = bench(tables(rows));
    b.look();
    assert.is(b.state().phase, phase);
    b.stored = undefined;
    assert.equal(kinds(b.look()), phase === 'asking' ? ['abort pod'] : []);
    assert.is(b.state().phase, 'idle');
    assert.is.not(b.state().walk.memory, noMemory);
    assert.equal(b.send({ kind: 'tick', attempt: b.state().attempt }), []);
  });
}

test('as an actor: one look at the start, the timer, a child that is aborted by a flow change', async () => {
  const { system, clock, judge } = stage('container');
  let stored = containerOf('drive');
  const log: string[] = [];
  function* work(): Script<Verdict> {
    yield { kind: 'sleep', delayMs: 1 } satisfies Call;
    return doneWith({ events: [normal('Worked', '')] });
  }
  const flows = tables([step('a', () => ask('pod', work()))], {
    deleting: [step('d', () => doneWith({ events: [normal('Leaving', '')] }))],
  });
  const never = () => (): void => {};
  let answering = true;
  const machine = container(uidOf(stored), {
    flows,
    view: fakeView(),
    settings: SETTINGS,
    clock,
    random: () => 0.5,
    read: () => ({ kind: 'container', container: stored }),
    record: (_uid, { reason }) => log.push(reason),
    writeStatus: (_stored, _status, written) => written({ kind: 'ok', answer: stored }),
    callers: {
      exec: never,
      agent: never,
      kube: never,
      node: never,
      cluster: never,
      image: never,
      namespace: never,
      catchUp: () => () => {},
      sleep: (_call, answer) => {
        log.push('call');
        if (answering) answer(undefined);
        return () => log.push('aborted');
      },
    },
  });
  const actor = spawn(system.root, 'c', machine, judge);
  await drive(system, clock, 29_999);
  assert.equal(log, ['call', 'Worked']);
  await drive(system, clock, 30_000);
  assert.equal(log, ['call', 'Worked', 'call', 'Worked']);
  answering = false;
  await drive(system, clock, 60_000);
  stored = inState('deleting');
  tell(actor, { kind: 'lookAgain' });
  await drive(system, clock, 60_001);
  assert.equal(log.slice(4), ['call', 'aborted', 'Leaving']);
  system.stop();
  assert.is(clock.pendingCount(), 0);
});

test('contested: its script is stopped, its words are late, and it says so each minute until the end of it', () => {
  const b = bench(tables([step('a', asks)]));
  b.look();
  const { attempt } = b.state();
  b.contested = contested;
  const effects = b.look();
  assert.equal(kinds(effects), ['abort pod', 'record SecondWriter', 'timer']);
  assert.is(delayOf(effects), 60_000);
  assert.equal(kinds(b.send({ kind: 'ended', attempt, ending: { kind: 'returned', result: joined } })), []);
  b.nowMs = 60_000;
  const tick = b.send({ kind: 'tick', attempt: b.state().attempt });
  assert.equal(kinds(tick), ['record SecondWriter', 'timer']);
  assert.is(delayOf(tick), 40_000);
  b.nowMs = 100_000;
  b.contested = undefined;
  assert.equal(kinds(b.send({ kind: 'tick', attempt: b.state().attempt })), ['ask']);
});

test('contested: what was learned and not yet told is forgotten, also by a write under way', () => {
  const idle = bench(tables([step('a', () => waiting)]));
  idle.look();
  assert.ok(idle.state().untold);
  idle.contested = contested;
  assert.equal(kinds(idle.look()), ['record SecondWriter', 'timer']);
  assert.is(idle.state().untold, undefined);

  const writing = bench(tables([step('a', () => joined), step('b', asks, { afterWrite: true })]));
  assert.equal(kinds(writing.look()), ['write']);
  writing.contested = contested;
  assert.equal(kinds(writing.wrote({ kind: 'conflict', message: 'modified' })), ['record SecondWriter', 'timer']);
  assert.is(writing.state().phase, 'idle');
  assert.is(writing.state().untold, undefined);
});

test.run();
