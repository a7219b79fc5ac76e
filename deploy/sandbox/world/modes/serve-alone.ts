/** What proxies, builders and distributors have in common: an agent and one local container without a cluster. Source: spec 07, 21.4. */
import { draw } from '../latency.ts';
import { createLocal } from '../local-container.ts';
import type { Process } from '../pod-process.ts';

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
