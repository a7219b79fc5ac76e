/**
 * Every command a pod of the modelled fleet understands. What it does not know exits 127, and the oracle hears of it:
 * a drifted argv is a defect of the controller. Source: spec 07, 3 and 21.2 (last sentence).
 */
import type { Answer, Command, Later } from './cli/answer.ts';
import { driverCommands } from './cli/drivers.ts';
import { formingCommands } from './cli/forming.ts';
import { memberCommands } from './cli/member.ts';
import { ownPod } from './cli/own-pod.ts';
import { protocolCommands } from './cli/protocols.ts';
import type { Process } from './pod-process.ts';

const COMMANDS: readonly Command[] = [
  ...ownPod,
  ...memberCommands,
  ...protocolCommands,
  ...formingCommands,
  ...driverCommands,
];

export interface Recognised {
  /** As in spec 07 §3, without `Exec.`; `Unknown` for what is not there. */
  readonly name: string;
  readonly takes: Command['takes'];
  readonly run: (process: Process) => Answer | Later;
}

export function recognise(argv: readonly string[]): Recognised {
  for (const command of COMMANDS) {
    const parts = command.match(argv);
    if (parts !== undefined) {
      return { name: command.name, takes: command.takes, run: (process) => command.run(process, parts) };
    }
  }
  const stderr = `sandbox: not a command of the contract (spec 07, 3): ${JSON.stringify(argv)}\n`;
  return { name: 'Unknown', takes: 'file', run: () => ({ code: 127, stdout: '', stderr }) };
}
