/** What a leave that waits says: stage, cause, since, next try, override; one event a cause. Source: spec/README I10. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BLOCKED_AFTER_MS, deletionBlocked, OVERRIDES } from '../../../actors/flows/blocked.ts';
import { deletingFlow } from '../../../actors/flows/deleting.ts';
import { destroyingFlow } from '../../../actors/flows/destroying.ts';
import { begin, noMemory, type Walk } from '../../../actors/flows/run.ts';
import { warning } from '../../../messages/verdict.ts';
import type { WekaContainerStatus } from '../../../messages/weka-container.ts';
import { agentOn, containerOf, NODE, podFor } from '../../support/containers.ts';
import { agentOk, ok } from '../../support/play.ts';
import { SIM_START_WALL_MS } from '../../support/sim-clock.ts';
import { story } from '../../support/story.ts';

const STAGE = 'waitForMountsOrDrain';
const stoppedAt = (step: string | undefined, why = '3 mounts are still active') =>
  ({
    kind: 'end',
    delayMs: 15_000,
    why: `${step}: ${why}`,
    complete: false,
    ...(step === undefined ? {} : { stoppedAt: step }),
  }) as const;
const failing = (step: string, status: WekaContainerStatus = { status: 'Draining' }): Walk =>
  begin(status, { ...noMemory, failingSinceMs: { [step]: 0 } });
const text = `${STAGE}: 3 mounts are still active; next try in 15 s; override: spec.overrides.skipActiveMountsCheck, or forceDrain`;

test('a stage that lasts: the condition with all a person needs, and the event', () => {
  const { status, events } = deletionBlocked(failing(STAGE), stoppedAt(STAGE), BLOCKED_AFTER_MS, SIM_START_WALL_MS);
  const [condition] = status?.conditions ?? [];
  assert.equal(
    [condition?.type, condition?.status, condition?.reason, condition?.message],
    ['DeletionBlocked', 'True', STAGE, text],
  );
  assert.equal(events, [warning('DeletionBlocked', text)]);
});

test('a stage that has only begun says nothing', () => {
  const at = failing(STAGE);
  const { status, events } = deletionBlocked(at, stoppedAt(STAGE), BLOCKED_AFTER_MS - 1, SIM_START_WALL_MS);
  assert.is(status, at.status);
  assert.equal(events, []);
});

test('the same cause is no second event, also where its numbers moved; since when stays', () => {
  const first = deletionBlocked(failing(STAGE), stoppedAt(STAGE), BLOCKED_AFTER_MS, SIM_START_WALL_MS);
  const fewer = deletionBlocked(
    failing(STAGE, first.status),
    stoppedAt(STAGE, '2 mounts are still active'),
    2 * BLOCKED_AFTER_MS,
    SIM_START_WALL_MS + 60_000,
  );
  assert.equal(fewer.events, []);
  assert.match(fewer.status?.conditions?.[0]?.message ?? '', '2 mounts');
  assert.is(fewer.status?.conditions?.[0]?.lastTransitionTime, first.status?.conditions?.[0]?.lastTransitionTime);
  const other = deletionBlocked(
    failing(STAGE, fewer.status),
    stoppedAt(STAGE, 'mounts are not known'),
    3 * BLOCKED_AFTER_MS,
    0,
  );
  assert.is(other.events.length, 1, 'another cause is told');
});

test('once another stage is reached, or all is done, it is False', () => {
  const { status } = deletionBlocked(failing(STAGE), stoppedAt(STAGE), BLOCKED_AFTER_MS, SIM_START_WALL_MS);
  for (const halt of [stoppedAt('stopClient'), stoppedAt(undefined)]) {
    const after = deletionBlocked(begin(status, noMemory), halt, 2 * BLOCKED_AFTER_MS, SIM_START_WALL_MS);
    assert.equal(
      [after.status?.conditions?.[0]?.status, after.status?.conditions?.[0]?.message, after.events],
      ['False', `${STAGE} is over`, []],
    );
  }
});

test('every override that is named is one of a row that is there', () => {
  const names = new Set([...deletingFlow, ...destroyingFlow].map(({ name }) => name));
  assert.equal(
    Object.keys(OVERRIDES).filter((name) => !names.has(name)),
    [],
  );
});

test('a client under mounts shows it after a minute, and loses it when they are gone', () => {
  const client = containerOf('client', {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { state: 'deleting', nodeAffinity: NODE },
    status: { status: 'Running', nodeAffinity: NODE, containerID: 9 },
  });
  let mounts = 3;
  const s = story(client, {
    world: [podFor(client), agentOn(NODE)],
    agent: () => agentOk({ active_mounts: mounts }),
    exec: () => ok(),
  });
  s.until(() => s.condition('DeletionBlocked') !== undefined);
  assert.is(s.condition('DeletionBlocked'), `True ${text}`);
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.is(s.count('Warning DeletionBlocked'), 1);
  mounts = 0;
  s.tick();
  assert.is(s.condition('DeletionBlocked'), `False ${STAGE} is over`);
});

test.run();
