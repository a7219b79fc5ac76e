/**
 * Start-up of the modes that serve or store data of a cluster, or mount it: drive, compute, s3, nfs, data-services, client.
 * Each milestone shows as a file or in `weka local ps`. Source: spec 04, 12.3; spec 07, 21.2 and 21.5 (default timings).
 */
import { draw } from '../latency.ts';
import { createLocal } from '../local-container.ts';
import { kernelDrives } from '../node-model.ts';
import { type Pause, type Process, RUNTIME, type StartUp } from '../pod-process.ts';
import { stopAllowed } from '../stopping.ts';
import { chooseClientPorts } from './client-ports.ts';
import { driversReady } from './drivers.ts';
import { featureFlags } from './feature-flags.ts';

/** What the controller hands over in `resources.json`, as far as the process reads it. */
interface Resources {
  readonly drives?: readonly string[];
  readonly wekaPort?: number;
  readonly agentPort?: number;
}

export function* backend(process: Process): StartUp {
  const { machine, directory } = process;
  const after = (span: readonly [number, number]) => draw(span, machine.random);

  const resources = yield* handedOver(process);
  if (resources === undefined) return 'failed';

  yield after(machine.latency.managementIps);
  process.write(`${RUNTIME}/management_ips`, process.ip);
  yield* driversReady(process);

  yield after(machine.latency.agentUp);
  process.agentUp = true;
  process.changed();
  yield after(machine.latency.localUp);
  if (!directory.setUp) {
    directory.setUp = true;
    directory.joinIps = (process.env.get('JOIN_IPS') ?? '').split(',').filter((endpoint) => endpoint !== '');
  }
  process.local = createLocal(process, process.name);
  process.changed();
  if (process.exiting) return 'serving';
  process.local.start();

  yield after(machine.latency.featureFlags);
  process.write(`${RUNTIME}/feature_flags.json`, JSON.stringify(featureFlags(process.image)));
  if (process.mode === 'drive') {
    process.write(`${RUNTIME}/drives.json`, JSON.stringify(kernelDrives(process.node, resources.drives ?? [])));
  }
  return 'serving';
}

/** Waits for `resources.json`. Undefined: it never came, or it is of no use. */
export function* handedOver(process: Process): Generator<Pause, Resources | undefined, void> {
  const { machine } = process;
  yield draw(machine.latency.persistency, machine.random);
  process.write(`${RUNTIME}/persistency-configured`, '');
  const client = process.mode === 'client';
  if (client && !chooseClientPorts(process)) return undefined;
  while (process.read(`${RUNTIME}/resources.json`) === undefined) {
    if (stopAllowed(process)) return undefined;
    yield 'change';
  }
  const resources = parsed(process.read(`${RUNTIME}/resources.json`) ?? '');
  return resources !== undefined && (client || adoptPorts(process, resources)) ? resources : undefined;
}

function parsed(text: string): Resources | undefined {
  try {
    return JSON.parse(text) as Resources; // Written by the controller; what matters is checked where it is read.
  } catch {
    return undefined;
  }
}

/** Companions need no port of their own beside the agent's. */
const ALONE: ReadonlySet<string> = new Set(['envoy', 'telemetry']);
/** Ports come from the file where the pod was given none. False: a needed one is in neither. */
function adoptPorts(process: Process, { wekaPort, agentPort }: Resources): boolean {
  const given = (name: string) => Number(process.env.get(name) ?? 0) || undefined;
  const [port, agent] = [given('PORT') ?? wekaPort, given('AGENT_PORT') ?? agentPort];
  const serves = !ALONE.has(process.mode);
  if ((serves && port === undefined) || agent === undefined) return false;
  if (port !== undefined) process.write(`${RUNTIME}/vars/port`, String(port));
  process.write(`${RUNTIME}/vars/agent_port`, String(agent));
  return true;
}
