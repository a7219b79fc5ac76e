/**
 * How the process of a pod ends after SIGTERM: who waits for a permission, how weka is stopped, when it exits.
 * Source: spec 03, 5.3; spec 04, 12.4.
 */
import type { Process, Shutdown } from './pod-process.ts';

/** These never stop without a permission, whatever sent the signal. */
const GUARDED: ReadonlySet<string> = new Set(['client', 's3', 'nfs', 'drive', 'compute']);
export const isGuarded = ({ mode }: Process): boolean => GUARDED.has(mode);
/** All others, clients too, always stop by force. */
const GRACEFUL: ReadonlySet<string> = new Set(['s3', 'drive', 'compute', 'nfs', 'data-services']);
const NO_WEKA: ReadonlySet<string> = new Set(['drivers-loader', 'discovery']);

export const ALLOW_STOP = '/tmp/.allow-stop';
export const ALLOW_FORCE_STOP = '/tmp/.allow-force-stop';
/** Daemons end, drives return to the kernel. */
const LAST_ACTS_MS = 500;

export function* shutdown(process: Process): Shutdown {
  if (NO_WEKA.has(process.mode)) return;
  while (isGuarded(process) && !stopAllowed(process)) yield 'change';
  const forcedFromTheStart = forceAllowed(process) || !GRACEFUL.has(process.mode);
  for (;;) {
    // An agent that is not up counts as stopped only where force was permitted when the method was chosen.
    if (!process.agentUp && forcedFromTheStart) break;
    if (process.agentUp && (process.local === undefined || process.local.runStatus === 'Stopped')) break;
    if (process.agentUp) process.local?.stop(forcedFromTheStart || forceAllowed(process));
    yield 'change';
  }
  yield LAST_ACTS_MS;
}

/** A permission of either kind, by flag file or by the node agent. */
export const stopAllowed = (process: Process): boolean =>
  process.read(ALLOW_STOP) !== undefined || instruction(process)?.allowStop === true || forceAllowed(process);

const forceAllowed = (process: Process): boolean =>
  process.read(ALLOW_FORCE_STOP) !== undefined || instruction(process)?.allowForceStop === true;

/** Where it looks is said by its environment, not by what it is. */
const instruction = ({ node, containerUid, env }: Process) =>
  node.stopInstructions.get(`${containerUid}/${env.get('POD_ID')}/${node.bootId}`);
