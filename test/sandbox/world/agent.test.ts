/** Node agents: token, registrations, routes and their texts; the log and the faults of the client side. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AGENT_TOKEN } from '../../../deploy/sandbox/world/world.ts';
import { PODS, SECRETS } from '../../../messages/kube.ts';
import type { AgentOutcome } from '../../../messages/outcome.ts';
import { argvOf, bringAllUp, copyBootScripts, exec, type Fleet, fleet, shellOf } from './hand.ts';

const ask = (on: Fleet, path: string, body?: object, token = AGENT_TOKEN, method: 'GET' | 'POST' = 'POST') => {
  const ip = [...on.world.nodes.values()][0]?.agentIp ?? '';
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return on.result('it answers', on.world.agent.request(ip, { method, path, timeoutMs: 10_000, ...sent }, token));
};
const body = (outcome: AgentOutcome) => (outcome.kind === 'ok' ? JSON.parse(outcome.body) : outcome);

test('every node has a Running agent pod with its own address and both labels', async () => {
  const on = fleet('agent', 3);
  await on.pass(1_000);
  const pods = on.world.store.all(PODS, 'weka-operator-system') as unknown as {
    metadata: { labels: object };
    spec: { nodeName: string };
    status: { podIP: string; phase: string };
  }[];
  assert.equal(
    pods.map(({ spec, status }) => [spec.nodeName, status.podIP, status.phase]),
    [
      ['node-0001', '127.0.1.1', 'Running'],
      ['node-0002', '127.0.1.2', 'Running'],
      ['node-0003', '127.0.1.3', 'Running'],
    ],
  );
  assert.equal(pods[0]?.metadata.labels, { 'control-plane': 'weka-node-agent', app: 'weka-node-agent' });
});

test('spec 07 §14: token before method before body, with the texts of the agent', async () => {
  const on = fleet('agent', 1);
  const status = (code: number, text: string) => ({ kind: 'status', status: code, body: `${text}\n` });
  assert.equal(await ask(on, '/getContainerInfo', {}, 'wrong', 'GET'), status(401, 'Unauthorized'));
  assert.equal(
    await ask(on, '/getContainerInfo', {}, AGENT_TOKEN, 'GET'),
    status(405, 'Method not allowed, current method: GET'),
  );
  assert.equal(await ask(on, '/register'), status(400, 'Invalid JSON payload'));
  assert.equal(await ask(on, '/getContainerInfo', { container_id: 'x' }), status(404, 'container not found'));
  assert.equal(await ask(on, '/jsonrpc', { container_id: 'x' }), status(404, 'Container not registered'));
  const named = '/getActiveMounts?container_name=x';
  const refusal = 'container_uuid is required when container_name is specified';
  assert.equal(await ask(on, named, undefined, AGENT_TOKEN, 'GET'), status(400, refusal));
  assert.is((await ask(on, '/getActiveMounts', undefined, AGENT_TOKEN, 'GET')).kind, 'status', 'no driver: 404');
  assert.equal(on.world.oracle.violations, []);
  await ask(on, '/unknown');
  assert.is(on.world.oracle.violations[0]?.rule, 'unknown-command');
});

test('a rotated token is taken up within about a minute', async () => {
  const on = fleet('agent', 1);
  await ask(on, '/findDrives', {});
  const ref = { type: SECRETS, namespace: 'weka-operator-system', name: 'weka-node-agent-secret' };
  const data = { token: Buffer.from('new').toString('base64') };
  on.world.store.request({ verb: 'mergePatch', ref, patch: { data } });
  assert.is((await ask(on, '/findDrives', {})).kind, 'ok', 'the old one still counts');
  await on.pass(61_000);
  assert.is((await ask(on, '/findDrives', {})).kind, 'status');
  assert.is((await ask(on, '/findDrives', {}, 'new')).kind, 'ok');
});

test('figures of a registered container follow its process and its drives; a restart forgets it', async () => {
  const on = fleet('agent', 1);
  copyBootScripts(on);
  const { errors } = bringAllUp(on);
  on.world.addCluster({ name: 'wk1', drive: 1, compute: 1, numDrives: 2 });
  await on.until('the cluster serves', () => errors.length > 0 || on.world.clusters.all()[0]?.ioStarted === true);
  const container = on.containers().find(({ spec }) => spec.mode === 'drive');
  const id = { container_id: container?.metadata.uid };
  await ask(on, '/register', { ...id, mode: 'drive', container_name: container?.metadata.name });
  const { container_metrics: first } = body(await ask(on, '/getContainerInfo', id));
  assert.equal(first.processes, { active: 2, created: 2 });
  assert.equal(first.drives, { counters: { active: 2, created: 2 } });
  assert.match(first.cpuUtilization, /^\d+\.\d\d$/);
  const { container_metrics: second } = body(await ask(on, '/getContainerInfo', id));
  assert.is.not(first.cpuUtilization, second.cpuUtilization);
  const { drives } = body(await ask(on, '/findDrives', {}));
  assert.is(drives.filter((drive: { is_signed: boolean }) => drive.is_signed).length, 2);
  assert.equal(body(await ask(on, '/getActiveMounts', undefined, AGENT_TOKEN, 'GET')), { active_mounts: 0 });
  on.world.agentRestarted('node-0001');
  assert.is((await ask(on, '/getContainerInfo', id)).kind, 'status');
});

test('spec 07 §3.4: N1 leaves the instruction where the pod looks for it; another text is a violation', async () => {
  const on = fleet('agent', 1);
  await on.pass(1_000);
  const run = (text: string) =>
    on.result(
      'it ends',
      on.world.exec.run({
        target: { namespace: 'weka-operator-system', pod: 'weka-node-agent-node-0001', container: 'node-agent' },
        argv: shellOf(text),
        timeoutMs: 60_000,
      }),
    );
  const dir = '/host-binds/shared/containers/uid-1/instructions/pod-1/boot-1';
  const base64 = Buffer.from('{"allow_stop":true,"allow_force_stop":false}').toString('base64');
  const outcome = await run(`mkdir -p '${dir}' && echo '${base64}' | base64 -d > '${dir}/shutdown_instructions.json'`);
  assert.is(outcome.kind, 'ok');
  const stored = on.world.nodes.get('node-0001')?.stopInstructions.get('uid-1/pod-1/boot-1');
  assert.equal(stored, { allowStop: true, allowForceStop: false });
  assert.is((await run(`mkdir -p ${dir}`)).kind, 'exit');
  assert.is(on.world.oracle.violations.length, 1);
});

test('faults by name, node and number; every call is in the log', async () => {
  const on = fleet('agent', 1);
  const match = { channel: 'agent', name: '/findDrives', nth: 2 } as const;
  const remove = on.world.faults.add({ match, action: { kind: 'status', status: 500, body: 'broken\n' } });
  const kinds = [];
  for (let number = 0; number < 3; number++) kinds.push((await ask(on, '/findDrives', {})).kind);
  assert.equal(kinds, ['ok', 'status', 'ok']);
  remove();
  on.world.faults.add({ match: { name: '/findDrives' }, action: { kind: 'hang' } });
  assert.equal(await ask(on, '/findDrives', {}), { kind: 'timeout', afterMs: 10_000 });
  assert.equal(
    on.world.agent.log.map(({ outcome }) => outcome),
    ['ok', 'status', 'ok', 'timeout'],
  );
});

test('spec 07 §21.5: exec faults replace the answer, lose it, or come before the command', async () => {
  const on = fleet('faults', 1);
  copyBootScripts(on);
  const { errors } = bringAllUp(on);
  on.world.addCluster({ name: 'wk1', drive: 1, compute: 1, numDrives: 2 });
  await on.until('the cluster serves', () => errors.length > 0 || on.world.clusters.all()[0]?.ioStarted === true);
  const name = on.containers()[0]?.metadata.name ?? '';
  const ps = () => on.result('it ends', exec(on, name, argvOf('weka local ps --json')));
  const match = { channel: 'exec', name: 'WekaLocalPs', pod: `weka/${name}` } as const;
  const tried: unknown[] = [];
  for (const action of [
    { kind: 'exit', code: 137, stderr: 'killed' },
    { kind: 'stdout', text: '[{"name":' },
    { kind: 'drop', afterDoing: true },
    { kind: 'podGone', cause: 'container not found ("weka-container")' },
    { kind: 'hang' },
  ] as const) {
    const remove = on.world.faults.add({ match, action });
    tried.push(await ps());
    remove();
  }
  assert.equal(tried, [
    { kind: 'exit', code: 137, stdout: '', stderr: 'killed' },
    { kind: 'ok', stdout: '[{"name":', stderr: '' },
    { kind: 'transport', cause: 'connection reset by peer' },
    { kind: 'podGone', cause: 'container not found ("weka-container")' },
    { kind: 'timeout', afterMs: 60_000 },
  ]);
  assert.is((await ps()).kind, 'ok');
});

test.run();
