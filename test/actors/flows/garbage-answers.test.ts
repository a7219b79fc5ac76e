/**
 * What destroys is never decided on an answer that cannot be read, or does not say whom it is about: the whole way out of a
 * drive container on the real tables, with garbage in random places. When the garbage ends, it leaves in order. Source: F2, F3, F32.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../actors/calls.ts';
import { removeBlocked } from '../../../actors/flows/steps/blocked-drives.ts';
import type { NodeName } from '../../../messages/ids.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { jobOf, memberOf, NODE, nodeOf, podFor } from '../../support/containers.ts';
import { garbageText } from '../../support/garbage-text.ts';
import { passFor } from '../../support/pass.ts';
import { exit, lost, nameOf, ok, okJson, timeout } from '../../support/play.ts';
import { serving, story } from '../../support/story.ts';

type Exec = Extract<Call, { kind: 'exec' }>;
const MEMBER = 'sibling-node' as NodeName;
const RESIGN = 'weka-force-resign-drives-uid-d1';
const GOOD_RESULT = '{"err":null,"drives":["/dev/nvme0n1"]}';
const GOOD_HOST = '[{"host_id":"HostId<7>","container_name":"w-d1","status":"UP"}]';

/** Of the texts a lie could be made of those are left out that a reader has to believe. */
function believable(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value === null || (Array.isArray(value) && value.length === 0) || /w-d1|uuid|drives/i.test(text);
  } catch {
    return false;
  }
}
const lies = garbageText(GOOD_HOST).filter((text) => !believable(text));
const broken: fc.Arbitrary<ExecOutcome> = fc.oneof(
  { weight: 6, arbitrary: lies.map((text) => ok(text)) },
  { weight: 1, arbitrary: fc.constantFrom(exit(1, 'x'), exit(137), timeout(30_000), lost) },
  { weight: 1, arbitrary: fc.constant<ExecOutcome>({ kind: 'truncated', cause: 'no status' }) },
);

/** One way out. `answers`: in the order of the reads; undefined: the truth. Afterwards only the truth is told. */
function leave(answers: readonly (ExecOutcome | undefined)[], result: string): void {
  const world = { host: 'UP', drives: ['A', 'B'], resigned: false, emptied: false };
  let reads = 0;
  let lastRead = { name: '', truth: true };
  const check = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`${what} while ${JSON.stringify(world)}, after ${JSON.stringify(lastRead)}`);
  };
  const truth = (name: string): ExecOutcome | undefined => {
    if (name === 'GetWekaContainer')
      return okJson(
        world.host === 'gone' ? [] : [{ host_id: 'HostId<7>', container_name: 'w-d1', status: world.host }],
      );
    if (name === 'ListContainerDrives')
      return okJson(world.drives.map((uuid) => ({ uuid, serial_number: uuid, status: 'INACTIVE' })));
    return undefined;
  };
  const exec = serving('w-d1', ({ command }: Exec) => {
    const { name, argv } = command;
    const told = truth(name);
    if (told !== undefined) {
      const lie = answers[reads++];
      lastRead = { name, truth: lie === undefined };
      return lie ?? told;
    }
    switch (name) {
      case 'DeactivateContainer':
        check(world.host === 'UP' && lastRead.truth, 'deactivated');
        world.host = 'INACTIVE';
        return ok('garbage');
      case 'RemoveDrive': {
        const uuid = argv.at(-2) ?? '';
        check(world.host === 'INACTIVE' && world.drives.includes(uuid) && lastRead.truth, `drive ${uuid} removed`);
        world.drives = world.drives.filter((each) => each !== uuid);
        return ok();
      }
      case 'RemoveContainer':
        check(world.host === 'INACTIVE' && world.drives.length === 0 && lastRead.truth, 'host removed');
        world.host = 'gone';
        return ok();
      case 'AllowForceStop':
        check(world.host === 'INACTIVE' && world.drives.length === 0, 'stopped by force');
        return ok();
      default:
        return undefined;
    }
  });
  const d1 = memberOf('drive', 'd1', 7, {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { state: 'deleting' },
    status: { allocations: { drives: ['A', 'B'], wekaPort: 35000, agentPort: 35303 } },
  });
  const sibling = memberOf('drive', 'sibling', 2, { status: { nodeAffinity: MEMBER } });
  const seen = (name: string): undefined => {
    if (name === 'delete pods/weka/d1') check(world.host === 'INACTIVE' && world.drives.length === 0, name);
    if (name === `create wekacontainers/weka/${RESIGN}`) check(world.host === 'gone', name);
    if (name.startsWith('create jobs/')) check(world.resigned, name);
    if (name === 'jsonPatch wekacontainers/weka/d1') check(world.emptied, name);
  };
  const s = story(d1, {
    exec,
    refuse: seen,
    settings: { signDrivesImage: 'sign:1', maintenanceServiceAccount: 'm' },
    world: [podFor(d1), nodeOf(MEMBER), sibling, podFor(sibling, { node: MEMBER })],
  });
  let spoilt = true;
  s.look();
  for (let turn = 0; turn < 200 && s.container() !== undefined; turn += 1) {
    if (s.count('delete pods/weka/d1') > 0) s.view.remove(podFor(d1));
    const helper = s.view.containerByName('weka', RESIGN);
    if (
      helper !== undefined &&
      helper.status?.result === undefined &&
      helper.metadata.deletionTimestamp === undefined
    ) {
      // The first helper's result is garbage, each later one's is good.
      world.resigned = !spoilt;
      const status = { status: 'PodRunning', result: spoilt ? result : GOOD_RESULT };
      spoilt = false;
      s.view.put({ ...helper, metadata: { ...helper.metadata, finalizers: [] }, status } as WekaContainer); // As the API has it.
    }
    if (s.log.some((line) => line.startsWith('create jobs/'))) {
      world.emptied = true;
      s.view.put(jobOf('weka-cleanup-container-uid-d1', { succeeded: 1 }));
    }
    s.tick();
  }
  assert.is(s.container(), undefined, `it did not leave: ${JSON.stringify(world)}\n${s.log.slice(-12).join('\n')}`);
}

test('a way out with nothing but the truth', () => leave([], '{}'));

test('garbage answers: nothing destructive is decided on one, and the way out goes on when they end', () => {
  const answers = fc.array(fc.option(broken, { nil: undefined, freq: 3 }), { maxLength: 25 });
  const result = garbageText(GOOD_RESULT).filter((text) => !believable(text));
  fc.assert(
    fc.property(answers, result, (lied, text) => leave(lied, text)),
    { numRuns: 60, seed: 7 },
  );
});

test('garbage answers: a blocked drive is neither deactivated nor removed on one', () => {
  const listed = { uuid: 'U1', serial_number: 'S1', status: 'ACTIVE', added_time: '', device_path: '' };
  const d1 = memberOf('drive', 'd1', 7, {
    spec: { numDrives: 1 },
    status: { addedDrives: [listed], allocations: { drives: ['S2'], wekaPort: 35000, agentPort: 35303 } },
  });
  const node = nodeOf(NODE, {
    annotations: { 'weka.io/weka-drives': '["S1","S2"]', 'weka.io/blocked-drives': '["S1"]' },
  });
  const pass = passFor(d1, { world: [podFor(d1), node] });
  const played = (answer: ExecOutcome): readonly string[] => {
    const said = removeBlocked(pass);
    if (said.kind !== 'ask') throw new Error(`said ${said.kind} at once`);
    const calls: string[] = [];
    for (let step = said.script.next(); step.done !== true; step = said.script.next(calls.length === 1 ? answer : ok()))
      calls.push(nameOf(step.value));
    return calls;
  };
  const READ = 'exec GetClusterDrive';
  assert.equal(played(okJson([listed])), [READ, 'exec DeactivateDrive', 'exec RemoveDrive']);
  fc.assert(
    fc.property(broken, (answer) => assert.equal(played(answer), [READ])),
    { numRuns: 300 },
  );
  assert.equal(played(okJson([{ ...listed, uuid: 'U2' }])), [READ], 'an answer about another drive');
});

test.run();
