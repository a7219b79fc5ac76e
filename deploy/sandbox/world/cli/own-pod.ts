/** Commands that only touch the pod they run in: its files, its signals, its local weka. Source: spec 07, 3.1, E1 to E12, E22 to E27. */
import { type LocalContainer, type Process, RUNTIME } from '../pod-process.ts';
import { ALLOW_FORCE_STOP, ALLOW_STOP } from '../stopping.ts';
import {
  type Answer,
  type Command,
  either,
  escaped,
  fail,
  json,
  type Later,
  type Match,
  ok,
  shell,
  shellLike,
  words,
} from './answer.ts';

const RESULTS = '/weka-runtime/results.json';
const AGENT_DOWN = "error: weka-agent isn't running";

const exists = (process: Process, path: string): Answer =>
  process.read(path) === undefined ? { code: 1, stdout: '', stderr: '' } : ok();
const cat = (process: Process, path: string): Answer => {
  const text = process.read(path);
  return text === undefined ? fail(`cat: ${path}: No such file or directory`) : ok(text);
};
const reading = (name: string, path: string, match: Match): Command => ({
  name,
  takes: 'file',
  match,
  run: (process) => cat(process, path),
});

/** S1, with the base64 text as its variable part. */
const WRITE_RESOURCES = shellLike(
  new RegExp(
    `^\n${escaped(`test -f ${RUNTIME}/persistency-configured || exit 1`)}\n` +
      `${escaped(`mkdir -p ${RUNTIME}/tmp`)}\n` +
      `echo '([A-Za-z0-9+/=]+)' ${escaped(`| base64 -d > ${RUNTIME}/tmp/resources.json`)}\n` +
      `${escaped(`mv ${RUNTIME}/tmp/resources.json ${RUNTIME}/resources.json`)}\n$`,
  ),
);

/** C7, one form without and one with join IPs. */
const IDENTITY = either(
  shellLike(identity('weka local run wapi -H localhost')),
  shellLike(identity('wekaauthcli local run wapi -H 127.0.0.1')),
);
function identity(start: string): RegExp {
  const middle = `:$(cat ${RUNTIME}/vars/agent_port)/jrpc -W container-get-identity --container-name `;
  return new RegExp(`^${escaped(start + middle)}(\\S+) --json$`);
}

export const ownPod: readonly Command[] = [
  {
    name: 'CheckPersistencyConfigured',
    takes: 'file',
    match: shell(`test -f ${RUNTIME}/persistency-configured`),
    run: (process) => exists(process, `${RUNTIME}/persistency-configured`),
  },
  {
    name: 'WriteResources',
    takes: 'file',
    match: WRITE_RESOURCES,
    run: (process, [base64 = '']) => {
      if (process.read(`${RUNTIME}/persistency-configured`) === undefined) return { code: 1, stdout: '', stderr: '' };
      process.write(`${RUNTIME}/resources.json`, Buffer.from(base64, 'base64').toString('utf8'));
      return ok();
    },
  },
  reading('VerifyResources', `${RUNTIME}/resources.json`, shell(`cat ${RUNTIME}/resources.json`)),
  reading('GetManagementIps', `${RUNTIME}/management_ips`, words(`cat ${RUNTIME}/management_ips`)),
  reading('CheckDriversLoaded', '/tmp/weka-drivers.log', shell('cat /tmp/weka-drivers.log')),
  reading('FetchKernelDrives', `${RUNTIME}/drives.json`, shell(`cat ${RUNTIME}/drives.json`)),
  reading('ReadFeatureFlagsFile', `${RUNTIME}/feature_flags.json`, words(`cat ${RUNTIME}/feature_flags.json`)),
  reading('FetchResults', RESULTS, words(`cat ${RESULTS}`)),
  {
    name: 'WekaLocalPs',
    takes: 'localPs',
    match: words('weka local ps --json'),
    run: (process) =>
      process.agentUp ? json(process.local === undefined ? [] : [listed(process.local)]) : fail(AGENT_DOWN),
  },
  { name: 'WekaLocalContainerGetIdentity', takes: 'command', match: IDENTITY, run: getIdentity },
  {
    name: 'WekaLocalResources',
    takes: 'command',
    match: (argv) =>
      words('weka local resources join-ips')(argv.slice(0, 4)) === undefined || argv.length < 5
        ? undefined
        : argv.slice(4),
    run: (process, endpoints) =>
      withLocal(process, () => {
        process.directory.joinIps = endpoints;
        return ok();
      }),
  },
  {
    name: 'WekaLocalResourcesApply',
    takes: 'command',
    match: words('weka local resources apply -f'),
    run: (process) => withLocal(process, () => ok()),
  },
  {
    name: 'WekaLocalRestart',
    takes: 'command',
    match: words('weka local restart --force'),
    run: (process) =>
      withLocal(process, (local) => {
        process.machine.forced(process, 'weka local restart --force');
        local.kill();
        local.start();
        return ok();
      }),
  },
  {
    name: 'CheckAllowForceStop',
    takes: 'file',
    match: shell(`test -f ${ALLOW_FORCE_STOP}`),
    run: (process) => exists(process, ALLOW_FORCE_STOP),
  },
  {
    name: 'DrainDriver',
    takes: 'command',
    match: shell('weka local stop --force && echo drain > /proc/wekafs/interface'),
    run: (process) =>
      withLocal(process, (local) => {
        process.machine.drained(process);
        local.stop(true);
        process.node.activeMounts = 0;
        return ok();
      }),
  },
  stopPermission('AllowStop', ALLOW_STOP),
  stopPermission('AllowForceStop', ALLOW_FORCE_STOP),
  localStop('timeout 10s weka local stop -g', false),
  localStop('timeout 10s weka local stop --force', true),
];

function stopPermission(name: string, path: string): Command {
  return {
    name,
    takes: 'file',
    match: shell(`touch ${path} && kill 1`),
    run: (process) => {
      process.write(path, '');
      process.terminate();
      return ok();
    },
  };
}

const TIMEOUT_MS = 10_000;
const LOOK_MS = 250;
/** `timeout` gives up with 124 after 10 s; what it started goes on. */
function localStop(pattern: string, forced: boolean): Command {
  return {
    name: 'WekaLocalStop',
    takes: 'command',
    match: words(pattern),
    run: (process) => {
      if (!process.agentUp) return fail(AGENT_DOWN);
      const { local } = process;
      if (local === undefined || local.runStatus === 'Stopped') return ok();
      local.stop(forced);
      return stopped(process, local, process.machine.clock.monotonicMs() + TIMEOUT_MS);
    },
  };
}
function stopped(process: Process, local: LocalContainer, giveUpAtMs: number): Answer | Later {
  if (local.runStatus === 'Stopped') return ok();
  if (process.machine.clock.monotonicMs() >= giveUpAtMs) return { code: 124, stdout: '', stderr: '' };
  return { afterMs: LOOK_MS, finish: () => stopped(process, local, giveUpAtMs) };
}

function withLocal(process: Process, act: (local: LocalContainer) => Answer): Answer {
  if (!process.agentUp) return fail(AGENT_DOWN);
  return process.local === undefined ? fail('error: There are no containers') : act(process.local);
}

const MESSAGES = { READY: 'Ready', STEM: 'STEM mode', CLUSTERIZING: 'Joining cluster' } as const;
const listed = ({ name, runStatus, display, lastFailure }: LocalContainer): Record<string, unknown> => ({
  name,
  type: 'weka',
  runStatus,
  isRunning: runStatus === 'Running',
  lastFailure,
  lastFailureTime: '',
  internalStatus: { action: 'NONE', display_status: display, message: MESSAGES[display], state: display },
});

function getIdentity(process: Process, [name]: readonly string[]): Answer {
  if (!process.agentUp) return fail(AGENT_DOWN);
  const member = process.local?.name === name ? process.local?.member() : undefined;
  if (member === undefined) {
    return json({ value: null, has_value: false, exception: 'Container is not part of a cluster' });
  }
  return json({ value: { cluster_guid: member.cluster.guid, host_id: member.host.id }, has_value: true });
}
