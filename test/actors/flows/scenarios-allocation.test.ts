/** Acceptance scenarios of allocation on the real tables, machines and shared actors: spec 05, 17. Rules alone: test/actors/rules/allocation. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../actors/calls.ts';
import { CONDITIONS, SUCCESS } from '../../../messages/condition.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { Node } from '../../../messages/resources.ts';
import { BORN, containerOf, type Given, memberOf, NODE, nodeOf, podFor } from '../../support/containers.ts';
import { exit, ok, timeout } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

type Exec = Extract<Call, { kind: 'exec' }>;
const MINUTE_MS = 60_000;
const ALLOCATED = { allocations: { wekaPort: 35000, agentPort: 35303 } };
const isTrue = (type: string) => ({ type, status: 'True' as const, ...SUCCESS, lastTransitionTime: BORN });
const WRITTEN = isTrue(CONDITIONS.resourcesWritten);

interface Told extends StoryOptions {
  readonly own?: (call: Exec) => ExecOutcome | undefined;
  readonly given?: Given;
  readonly node?: Node;
}
/** A compute container on its node, its pod running, its process serving. */
function computeStory({ own = () => undefined, given = {}, node = nodeOf(), ...options }: Told = {}): Story {
  const container = containerOf('compute', { spec: { nodeAffinity: NODE, ...given.spec }, ...given });
  const exec = serving('w-compute', own);
  return story(container, { world: [node, podFor(container)], exec, ...options });
}
/** What was written as `resources.json`, each time. */
function watchFile(): { readonly files: string[]; readonly see: (call: Exec) => undefined } {
  const files: string[] = [];
  const see = ({ command }: Exec): undefined => {
    const base64 = command.name === 'WriteResources' && /echo '([A-Za-z0-9+/=]+)'/.exec(command.argv[2] ?? '')?.[1];
    if (base64) files.push(Buffer.from(base64, 'base64').toString());
  };
  return { files, see };
}
const file = (name: string) => (s: Story) => s.count(`exec ${name}`);
const reads = file('GetManagementIps');
const writes = file('WriteResources');
const verifies = file('VerifyResources');

test('spec 05 §17 #2: nothing is allocated before the pod runs; looked at again within 10 s', () => {
  const container = containerOf('compute', { spec: { nodeAffinity: NODE } });
  const s = story(container, { world: [podFor(container, { phase: 'Pending' })], exec: serving('w-compute') });
  s.look();
  assert.ok(s.rest() <= 10_000);
  assert.is(s.status().allocations, undefined);
  assert.is(s.count('Normal ResourcesAllocated'), 0);
  s.view.put(podFor(container));
  s.look();
  assert.is(s.known().allocations?.wekaPort, 35000);
});

test('spec 05 §17 #9: a client is given nothing, its file names its devices', () => {
  const { files, see } = watchFile();
  const client = containerOf('client', { spec: { nodeAffinity: NODE } });
  const s = story(client, { world: [podFor(client)], exec: serving('w-client', see) });
  s.until(() => s.condition(CONDITIONS.resourcesWritten)?.startsWith('True') === true);
  assert.equal(files, ['{"netDevices":["udp"]}']);
  assert.is(s.known().allocations, undefined);
});

test('spec 05 §17 #14: a list of drives that is not JSON: no event, the condition says it, 10 s; repaired it goes on', () => {
  const broken = nodeOf(NODE, { annotations: { 'weka.io/weka-drives': 'not json' } });
  const drive = containerOf('drive', { spec: { nodeAffinity: NODE, numDrives: 1 } });
  const s = story(drive, { world: [broken, podFor(drive)], exec: serving('w-drive') });
  s.look();
  assert.is(s.count('Warning'), 0, s.log.join('\n'));
  assert.match(s.condition(CONDITIONS.resourcesAllocated) ?? '', /^False failed to allocate resources: .*unmarshal/);
  assert.is(s.rest(), 10_000);
  s.view.put(nodeOf(NODE, { annotations: { 'weka.io/weka-drives': '["A"]' } }));
  s.look();
  assert.equal(s.known().allocations?.drives, ['A']);
});

test('spec 05 §17 #28: a process that ends between allocation and condition: no second choice, the file is written', () => {
  const { files, see } = watchFile();
  const s = computeStory({ own: see, given: { status: { nodeAffinity: NODE, ...ALLOCATED } } });
  s.until(() => s.known().status === 'Running');
  assert.is(s.count('Normal ResourcesAllocated'), 0);
  assert.is(s.condition(CONDITIONS.resourcesAllocated), undefined);
  assert.equal(s.known().allocations, ALLOCATED.allocations);
  assert.equal(files, ['{"wekaPort":35000,"agentPort":35303,"netDevices":["udp"]}']);
});

test('spec 05 §17 #32: a write that times out: the condition says so, the old file stays, then it is written', () => {
  let hangs = true;
  const scripts: string[] = [];
  const own = ({ command }: Exec): ExecOutcome | undefined => {
    if (command.name !== 'WriteResources') return undefined;
    scripts.push(command.argv[2] ?? '');
    return hangs ? timeout(30_000) : undefined;
  };
  const s = computeStory({ own });
  s.until(() => writes(s) > 0);
  assert.match(s.condition(CONDITIONS.resourcesWritten) ?? '', /^False error writing resources.json: /);
  assert.is(s.rest(), 10_000);
  const lines = (scripts[0] ?? '')
    .split('\n')
    .filter((line) => / \/opt\/weka\/k8s-runtime\/resources.json$/.test(line));
  assert.is(lines.length, 1);
  assert.match(lines[0] ?? '', /^mv \/opt\/weka\/k8s-runtime\/tmp\/resources.json /, 'it comes whole or not at all');
  hangs = false;
  s.until(() => s.condition(CONDITIONS.resourcesWritten)?.startsWith('True') === true);
});

test('spec 05 §17 #33: what is read back differs: an error, and it is written again in the next pass', () => {
  let wrong = true;
  const s = computeStory({
    own: ({ command }) => (command.name === 'VerifyResources' && wrong ? ok('{"wekaPort":1}') : undefined),
  });
  s.until(() => writes(s) > 0);
  const text = 'False resources.json content does not match expected allocations';
  assert.is(s.condition(CONDITIONS.resourcesWritten), text);
  wrong = false;
  const before = writes(s);
  s.until(() => s.condition(CONDITIONS.resourcesWritten)?.startsWith('True') === true);
  assert.is(writes(s), before + 1);
});

test('spec 05 §17 #36: the persistent directory is lost under a running pod: the file is written again, whatever the condition says', () => {
  let lost = false;
  const { files, see } = watchFile();
  const s = computeStory({
    own: (call) => {
      see(call);
      const { name } = call.command;
      if (name === 'WriteResources') lost = false;
      return lost && name !== 'CheckPersistencyConfigured' ? exit(1, 'No such file or directory') : undefined;
    },
    given: { status: { nodeAffinity: NODE, ...ALLOCATED, conditions: [WRITTEN] } },
  });
  s.until(() => s.known().status === 'Running');
  // The file of an earlier pod was not there: verified, and written.
  const before = files.length;
  lost = true;
  s.until(() => files.length > before);
  assert.is(files.at(-1), '{"wekaPort":35000,"agentPort":35303,"netDevices":["udp"]}');
});

test('spec 05 §17 #46: a machine identifier out of the node, by the override first, then by the annotation', () => {
  const identified = (path: string | undefined, annotation?: string) => {
    const { files, see } = watchFile();
    const overrides = path === undefined ? {} : { overrides: { machineIdentifierNodeRef: path } };
    const client = containerOf('client', { spec: { nodeAffinity: NODE, ...overrides } });
    const annotations = annotation === undefined ? {} : { 'weka.io/machine-identifier-ref': annotation };
    const s = story(client, { world: [nodeOf(NODE, { annotations }), podFor(client)], exec: serving('w-client', see) });
    s.look();
    return { s, files };
  };
  const byUid = '{"machineIdentifier":"uid-node-1","netDevices":["udp"]}';
  assert.equal(identified('.metadata.uid', 'status.capacity').files, [byUid]);
  assert.equal(identified(undefined, 'metadata.uid').files, [byUid]);
  const { s, files } = identified('.metadata.annotations');
  assert.equal(files, []);
  assert.match(
    s.condition(CONDITIONS.resourcesWritten) ?? '',
    /^False failed to get expected allocations: .* is not of expected type/,
  );
  assert.is(s.rest(), 10_000);
});

test('spec 05 §17 #48: no address file: Error and its event, 10 s; once it is there it is not read again until Running', () => {
  let there = false;
  const s = computeStory({
    own: ({ command }) => {
      if (command.name === 'GetManagementIps') return there ? ok('10.0.0.9\n') : exit(1, 'No such file');
      // Its process says nothing yet.
      return command.name === 'WekaLocalPs' ? ok('[]') : undefined;
    },
  });
  s.until(() => s.status().status === 'Error');
  assert.ok(s.count('Warning ReconcileManagementIPsError') > 0);
  assert.is(s.rest(), 10_000);
  there = true;
  s.until(() => s.known().managementIPs !== undefined);
  const before = reads(s);
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.is(reads(s), before);
});

test('spec 05 §17 #48: one that is Unhealthy stays so while it has no addresses', () => {
  const s = computeStory({
    own: ({ command }) => (command.name === 'GetManagementIps' ? exit(1) : undefined),
    given: { status: { status: 'Unhealthy', nodeAffinity: NODE, ...ALLOCATED, conditions: [WRITTEN] } },
  });
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.ok(reads(s) > 0);
  assert.is(s.known().status, 'Unhealthy');
});

test('spec 05 §17 #49: another address is seen within 3 minutes while it runs; a read that fails changes nothing', () => {
  let answer: ExecOutcome = ok('10.0.0.7\n');
  const s = computeStory({ own: ({ command }) => (command.name === 'GetManagementIps' ? answer : undefined) });
  s.until(() => s.status().status === 'Running');
  const wait = (ms: number): void => {
    for (let passedMs = 0; passedMs <= ms; ) passedMs += s.tick();
  };
  answer = exit(1);
  const before = reads(s);
  wait(4 * MINUTE_MS);
  assert.ok(reads(s) > before);
  assert.equal([s.known().managementIPs, s.known().status], [['10.0.0.7'], 'Running']);
  answer = ok('10.0.0.8\n10.0.0.9\n');
  wait(3 * MINUTE_MS + 30_000);
  assert.equal(s.known().managementIPs, ['10.0.0.8', '10.0.0.9']);
  assert.is(s.known().printer?.managementIPs, '10.0.0.8 (+1)');
});

test('spec 05 §17 #50: a node that is lost and comes back: the same allocations, and the file of its new pod is verified', () => {
  const given = { status: { nodeAffinity: NODE, ...ALLOCATED, conditions: [WRITTEN] } };
  const s = computeStory({ given });
  s.until(() => s.known().status === 'Running');
  s.view.remove(nodeOf());
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.equal(s.known().allocations, ALLOCATED.allocations);
  const before = verifies(s);
  s.view.put(nodeOf(), podFor(containerOf('compute', given), { metadata: { uid: 'another' } }));
  s.look();
  assert.is(verifies(s), before + 1);
  assert.equal(s.known().allocations, ALLOCATED.allocations);
  assert.is(s.count('Normal ResourcesAllocated'), 0);
});

test('spec 05 §17 #37: a pod that is made anew is told its ports', () => {
  const compute = memberOf('compute', 'compute', 3, { spec: { nodeAffinity: NODE } });
  const s = story(compute, { exec: serving('w-compute') });
  s.until(() => s.count('create pods/weka/compute') > 0);
  const pod = s.view.pod('weka', 'compute') as
    | {
        readonly spec?: {
          readonly containers?: readonly {
            readonly env?: readonly { readonly name: string; readonly value?: string }[];
          }[];
        };
      }
    | undefined; // As created.
  const env = new Map(pod?.spec?.containers?.[0]?.env?.map(({ name, value }) => [name, value]));
  assert.equal([env.get('PORT'), env.get('AGENT_PORT')], ['35000', '35303']);
});

test.run();
