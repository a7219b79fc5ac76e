/** Waiting for the node's kernel drivers, and loading them: what a process and the loader share. Source: spec 04, 12.3; 06, 4.5. */
import { draw } from '../latency.ts';
import { nodeChanged } from '../node-model.ts';
import type { Pause, Process, StartUp } from '../pod-process.ts';

const LOG = '/tmp/weka-drivers.log';
const FIRST_MISSING = 'wekafsio';

/** Backends take any loaded driver. The log names the first missing one, and is empty once all are there. */
export function* driversReady(process: Process): Generator<Pause, void, void> {
  while (process.node.drivers === undefined) {
    if (process.read(LOG) !== FIRST_MISSING) process.write(LOG, FIRST_MISSING);
    yield 'change';
  }
  process.write(LOG, '');
}

/** Mode `drivers-loader`: downloads, installs, reports, idles. */
export function* driversLoader(process: Process): StartUp {
  const { machine, node } = process;
  yield draw(machine.latency.driversLoad, machine.random);
  node.drivers = process.env.get('CLUSTER_IMAGE_NAME') ?? process.image;
  process.write('/weka-runtime/results.json', '{"err": null, "drivers_loaded": true}');
  nodeChanged(node);
  return 'serving';
}
