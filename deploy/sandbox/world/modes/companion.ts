/** Modes `envoy` and `telemetry`: wait for their resources, then serve beside their neighbour. They join no cluster. Source: spec 04, 12.3; 07, 21.4. */
import type { Process, StartUp } from '../pod-process.ts';
import { handedOver } from './backend.ts';
import { serveAlone } from './serve-alone.ts';

export function* companion(process: Process): StartUp {
  if ((yield* handedOver(process)) === undefined) return 'failed';
  yield* serveAlone(process, process.mode);
  return 'serving';
}
