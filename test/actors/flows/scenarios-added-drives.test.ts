/** Scenarios about the drives of one container that need its whole flow: throttles, statuses, who is asked when. Source: spec 06, 10. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../actors/calls.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import { containerOf, NODE, nodeOf, podFor } from '../../support/containers.ts';
import { agentOk, ok, okJson } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

type Exec = Extract<Call, { kind: 'exec' }>;
const HOST = ['S1', 'S2'].map((serial, index) => ({
  serial_id: serial,
  block_device: `/dev/nvme${index}n1`,
  partition: 'p',
  is_signed: false,
  weka_guid: '',
}));
const nodeWith = (drives: readonly string[], blocked: readonly string[] = []) =>
  nodeOf(NODE, {
    annotations: { 'weka.io/weka-drives': JSON.stringify(drives), 'weka.io/blocked-drives': JSON.stringify(blocked) },
  });
/** Drives by serial, as weka has them. */
type Weka = Map<string, string>;
function driveStory(
  weka: Weka,
  options: StoryOptions = {},
  own: (call: Exec) => ExecOutcome | undefined = () => undefined,
): Story {
  const container = containerOf('drive', { spec: { numDrives: 2, nodeAffinity: NODE }, status: null });
  const shown = (serial: string) => ({ uuid: serial, serial_number: serial, status: weka.get(serial) });
  const exec = serving('w-drive', (call) => {
    const said = own(call);
    if (said !== undefined) return said;
    const { name, argv } = call.command;
    const named = [...weka.keys()].find((serial) => argv.includes(serial)) ?? '';
    switch (name) {
      case 'AddDrive':
        weka.set(HOST.find(({ block_device: device }) => device === argv.at(-1))?.serial_id ?? '', 'ACTIVE');
        return ok();
      case 'ListContainerDrives':
        return okJson([...weka.keys()].map(shown));
      case 'GetClusterDrive':
        return okJson(named === '' ? [] : [shown(named)]);
      case 'DeactivateDrive':
        weka.set(named, 'INACTIVE');
        return ok();
      case 'RemoveDrive':
        weka.delete(named);
        return ok();
      case 'FetchKernelDrives':
        return okJson(HOST);
      default:
        return undefined;
    }
  });
  return story(container, {
    ...options,
    exec,
    world: [nodeWith(['S1', 'S2']), podFor(container), ...(options.world ?? [])],
  });
}
const agentSays =
  (drives: unknown): NonNullable<StoryOptions['agent']> =>
  ({ request }) =>
    request.path === '/findDrives' ? agentOk({ drives, error: '' }) : undefined;

for (const [number, flaw, text] of [
  ['#3', { is_signed: true }, 'has Weka signature on it'],
  ['#4', { partition: '' }, 'is not partitioned'],
] as const) {
  test(`spec 06 §10 ${number}: a drive of its own that ${text}: the other one is added, DrivesAdding`, () => {
    const weka: Weka = new Map();
    const host = HOST.map((drive) => (drive.serial_id === 'S1' ? { ...drive, ...flaw } : drive));
    const s = driveStory(weka, { agent: agentSays(host) });
    s.until(() => s.known().status === 'DrivesAdding');
    assert.equal([...weka.keys()], ['S2']);
    s.until(() => s.count('Warning DrivesAddingError') > 0);
    assert.ok(s.log.some((line) => line.startsWith('Warning DrivesAddingError') && line.includes(`drive S1 ${text}`)));
  });
}

test('spec 06 §10 #9: a list that is still empty after a successful add: no second add within a minute', () => {
  const s = driveStory(new Map(), {}, ({ command }) =>
    command.name === 'ListContainerDrives' ? okJson([]) : undefined,
  );
  s.until(() => s.count('exec AddDrive') === 2);
  let ms = 0;
  while (s.count('exec AddDrive') === 2) ms += s.tick();
  assert.ok(ms > 60_000 - 5_000 && ms <= 75_000, `${ms}`);
});

test('spec 06 §10 #10: while weka is not READY its drives are not listed', () => {
  let display = 'STEM';
  const s = driveStory(new Map(), {}, ({ command }) =>
    command.name === 'WekaLocalPs'
      ? okJson([{ name: 'w-drive', runStatus: 'Running', internalStatus: { display_status: display } }])
      : undefined,
  );
  s.until(() => s.known().containerID !== undefined);
  for (let round = 0; round < 20; round += 1) s.tick();
  assert.is(s.count('exec ListContainerDrives'), 0);
  display = 'READY';
  s.until(() => s.count('exec ListContainerDrives') > 0);
});

test('spec 06 §10 #16: a blocked drive without another one in its place: told once a minute, it goes on with one drive', () => {
  const weka: Weka = new Map();
  const s = driveStory(weka);
  s.until(() => s.status().addedDrives?.length === 2);
  s.view.put(nodeWith(['S1', 'S2'], ['S1']));
  s.until(() => s.status().addedDrives?.length === 1);
  s.until(() => s.count('Warning AllocateContainerDrivesError') > 0);
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.equal([...weka.keys()], ['S2']);
  assert.equal(s.status().allocations?.drives, ['S2']);
  assert.is(s.known().status, 'Running');
});

test('spec 06 §10 #58: an agent that answers null: the pod’s own list counts; a drive in neither is not added', () => {
  const weka: Weka = new Map();
  const s = driveStory(weka, { agent: agentSays(null) }, ({ command }) =>
    command.name === 'FetchKernelDrives' ? okJson(HOST.slice(1)) : undefined,
  );
  s.until(() => s.count('Warning DrivesAddingError') > 0);
  assert.equal([...weka.keys()], ['S2']);
  assert.is(s.known().status, 'DrivesAdding');
  assert.ok(
    s.log.some((line) => line.startsWith('Warning DrivesAddingError') && line.includes('drive S1 not found in kernel')),
  );
});

test.run();
