/** Mode `ssdproxy`: waits for drivers, then serves JSON-RPC through the node's agent. Joins no cluster. Source: spec 06, 3.2; 07, 21.4. */
import { draw } from '../latency.ts';
import { createLocal } from '../local-container.ts';
import { type Process, RUNTIME, type StartUp } from '../pod-process.ts';
import { driversReady } from './drivers.ts';

export function* ssdProxy(process: Process): StartUp {
  const { latency, random } = process.machine;
  yield draw(latency.persistency, random);
  process.write(`${RUNTIME}/persistency-configured`, '');
  yield* driversReady(process);
  yield* serveAlone(process, 'ssdproxy');
  return 'serving';
}

/** Agent and one local container that belongs to no cluster. */
export function* serveAlone(process: Process, name: string): Generator<number, void, void> {
  const { latency, random } = process.machine;
  yield draw(latency.agentUp, random);
  process.agentUp = true;
  process.changed();
  yield draw(latency.localUp, random);
  process.local = createLocal(process, name);
  if (process.exiting) return;
  process.local.start();
  process.local.display = 'READY';
  process.changed();
}
