/**
 * Start-up of mode smbw: the boot script of this revision takes its resources, writes no management address, does not know
 * how to set the mode up, and exits. Source: spec 07, 21.4; spec 04, 11.
 */
import { draw } from '../latency.ts';
import type { Process, StartUp } from '../pod-process.ts';
import { handedOver } from './backend.ts';
import { driversReady } from './drivers.ts';

export function* smbw(process: Process): StartUp {
  const { machine } = process;
  if ((yield* handedOver(process)) === undefined) return 'failed';
  yield* driversReady(process);
  yield draw(machine.latency.agentUp, machine.random);
  return 'failed';
}
