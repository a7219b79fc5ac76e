/** Mode `ssdproxy`: waits for drivers, then serves JSON-RPC through the node's agent. Joins no cluster. Source: spec 06, 3.2; 07, 21.4. */
import { draw } from '../latency.ts';
import { type Process, RUNTIME, type StartUp } from '../pod-process.ts';
import { driversReady } from './drivers.ts';
import { serveAlone } from './serve-alone.ts';

export function* ssdProxy(process: Process): StartUp {
  const { latency, random } = process.machine;
  yield draw(latency.persistency, random);
  process.write(`${RUNTIME}/persistency-configured`, '');
  yield* driversReady(process);
  yield* serveAlone(process, 'ssdproxy');
  return 'serving';
}
