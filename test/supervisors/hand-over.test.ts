/** Giving containers up to another shard: in order, at the right moment, once, whatever the API answers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import { projectForShard } from '../../io/projections.ts';
import { createStore } from '../../io/store.ts';
import type { SubmitEnd } from '../../io/submit.ts';
import type { ContainerUid } from '../../messages/ids.ts';
import type { KubeObject, KubeRequest } from '../../messages/kube.ts';
import { drainLabel, shardLabel } from '../../messages/shard.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { startHandOver } from '../../supervisors/hand-over.ts';
import { containerOf, uidOf } from '../support/containers.ts';
import { simClock } from '../support/sim-clock.ts';

const shard = { ring: 'weka-containers', name: 'a' };
const [SHARD, DRAIN] = [shardLabel(shard.ring), drainLabel(shard.ring)];
const ONE = containerOf('drive');
const UID = uidOf(ONE);

function begun() {
  const clock = simClock();
  const project = projectForShard(shard);
  const containers = createStore<WekaContainer>({ project, clock, log: noLog });
  const log: string[] = [];
  const running = new Set<string>([UID]);
  const requests: { readonly request: KubeRequest; readonly answer: (end: SubmitEnd) => void }[] = [];
  let version = 1;
  let quiet = true;
  let released = (): void => {};
  const end = startHandOver({
    shard,
    containers,
    fleet: {
      has: (uid) => running.has(uid),
      release: (uid, done) => {
        log.push('release');
        released = () => {
          running.delete(uid);
          done();
        };
      },
      forget: (uid) => {
        log.push('forget');
        running.delete(uid);
      },
    },
    submit: (request, _class, answer) => {
      log.push(request.verb);
      requests.push({ request, answer });
      return () => {};
    },
    ownershipOf: (uid) => containers.get(uid)?.ownership ?? 'ours',
    isQuiet: () => quiet,
    lookAgain: (uid: ContainerUid) => log.push(`look again ${uid === UID}`),
    clock,
    log: noLog,
  });
  const labelled = (labels: Readonly<Record<string, string>>): KubeObject => ({
    ...ONE,
    metadata: { ...ONE.metadata, labels, resourceVersion: String(++version) },
  });
  return {
    clock,
    log,
    requests,
    end,
    released: () => released(),
    setQuiet: (now: boolean) => {
      quiet = now;
    },
    label: (labels: Readonly<Record<string, string>>) =>
      containers.take({ kind: 'apply', seen: { kind: 'object', object: project(labelled(labels)) } }),
    answer: (end: SubmitEnd) => requests.at(-1)?.answer(end),
    ok: { kind: 'ok', answer: ONE } as const,
  };
}

test('drained: stopped at the end of its pass, both labels taken off in one patch that tests whose it is', () => {
  const { log, label, released, requests, answer, ok } = begun();
  label({ [SHARD]: 'a' });
  assert.equal(log, []);
  label({ [SHARD]: 'a', [DRAIN]: 'true' });
  label({ [SHARD]: 'a', [DRAIN]: 'true', more: 'news' });
  assert.equal(log, ['release'], 'once, and nothing is sent before it has stopped');
  released();
  assert.equal(log, ['release', 'jsonPatch']);
  const escaped = (key: string) => `/metadata/labels/${key.replace('/', '~1')}`;
  const [first] = requests;
  assert.ok(first?.request.verb === 'jsonPatch');
  assert.equal(first.request.patch, [
    { op: 'test', path: escaped(SHARD), value: 'a' },
    { op: 'remove', path: escaped(DRAIN) },
    { op: 'remove', path: escaped(SHARD) },
  ]);
  answer(ok);
  label({});
  label({ [SHARD]: 'b' });
  assert.equal(log, ['release', 'jsonPatch']);
});

test('nothing is given up while a command of it may still run', () => {
  const { log, label, released, setQuiet, clock } = begun();
  setQuiet(false);
  label({ [SHARD]: 'a', [DRAIN]: '' });
  released();
  clock.advance(60_000);
  assert.equal(log, ['release']);
  setQuiet(true);
  clock.advance(1_000);
  assert.equal(log, ['release', 'jsonPatch']);
});

test('an answer that is none is asked again, until the labels say that it is done', () => {
  const { log, label, released, answer, clock } = begun();
  label({ [SHARD]: 'a', [DRAIN]: 'true' });
  released();
  answer({ kind: 'transport', cause: 'reset' });
  clock.advance(5_000);
  assert.equal(log, ['release', 'jsonPatch', 'jsonPatch']);
  answer({ kind: 'transport', cause: 'reset' });
  label({ [SHARD]: 'b' });
  clock.advance(60_000);
  assert.equal(log, ['release', 'jsonPatch', 'jsonPatch'], 'it had been done');
});

test('drained no longer when it has stopped: it goes on here', () => {
  const { log, label, released } = begun();
  label({ [SHARD]: 'a', [DRAIN]: 'true' });
  label({ [SHARD]: 'a' });
  released();
  assert.equal(log, ['release', 'look again true']);
});

test('taken without a word: stopped at once, and no label is touched', () => {
  const { log, label } = begun();
  label({ [SHARD]: 'a' });
  label({ [SHARD]: 'b' });
  assert.equal(log, ['forget']);
});

test('after the end nothing is sent any more', () => {
  const { log, label, released, end } = begun();
  label({ [SHARD]: 'a', [DRAIN]: 'true' });
  end();
  released();
  assert.equal(log, ['release']);
});

test.run();
