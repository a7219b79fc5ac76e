/**
 * Kernel drivers: who waits for them, who builds them, who serves what was built, who loads them. A driver is a file in
 * the persistent directory of its builder or distributor. Source: spec 04, 12.3; 06, 4.5, 4.8 and 4.10.
 */
import { draw } from '../latency.ts';
import { type DriversWay, type Pause, type Process, RUNTIME, type StartUp } from '../pod-process.ts';
import { nodeChanged } from '../run-process.ts';
import { serveAlone } from './serve-alone.ts';

const LOG = '/tmp/weka-drivers.log';
const FIRST_MISSING = 'wekafsio';
const RESULTS = '/weka-runtime/results.json';
const FRONTENDS: ReadonlySet<string> = new Set(['client', 's3', 'nfs', 'smbw']);
const GIVE_UP_MS = 120_000;
const RETRY_MS = 5_000;

export const driverFile = (version: string, signature: string): string =>
  `/opt/weka/dist/drivers/${version}-${signature}.tar.gz`;
/** Of an image name; the whole of one without a tag. */
const versionOf = (image: string): string => image.slice(image.lastIndexOf(':') + 1);

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
  judgeSecondLoad(process);
  const image = process.env.get('CLUSTER_IMAGE_NAME') ?? process.image;
  const giveUpAtMs = machine.clock.monotonicMs() + GIVE_UP_MS;
  yield draw(machine.latency.driversLoad, machine.random);
  while (!offered(process, image)) {
    if (machine.clock.monotonicMs() >= giveUpAtMs) {
      const err = `Failed to download the drivers of ${versionOf(image)} for ${node.kernel}`;
      process.write(RESULTS, JSON.stringify({ err, drivers_loaded: false }));
      return 'serving';
    }
    yield RETRY_MS;
  }
  judgeOthersDrivers(process, image);
  node.drivers = image;
  process.write(RESULTS, '{"err": null, "drivers_loaded": true}');
  nodeChanged(node);
  return 'serving';
}

/** A service outside the fleet has all drivers; one inside has what was uploaded to it, while it is up. */
function offered({ machine, node, env }: Process, image: string): boolean {
  const pod = machine.distributors.get(env.get('DIST_SERVICE') ?? '');
  if (pod === undefined) return true;
  const needed = filesOf(machine.driversWay(image), driverFile(versionOf(image), node.kernel));
  for (const { pod: name, local, directory } of machine.processes()) {
    if (name !== pod || local?.runStatus !== 'Running') continue;
    if (needed.every((path) => directory.files.has(path))) return true;
  }
  return false;
}

/** A weka that packs its drivers itself needs no checksum beside them. */
const filesOf = (way: DriversWay, path: string): readonly string[] =>
  way === 'not packed' ? [path, `${path}.sha256`] : [path];

function judgeSecondLoad({ node, pod, podUid, machine }: Process): void {
  for (const other of node.processes.values()) {
    if (other.mode !== 'drivers-loader' || other.podUid === podUid || other.read(RESULTS) !== undefined) continue;
    machine.report('drivers-loaded-twice-at-once', pod, `${other.pod} loads on ${node.name} too`);
  }
}

function judgeOthersDrivers({ node, pod, machine }: Process, image: string): void {
  for (const other of node.processes.values()) {
    if (!FRONTENDS.has(other.mode) || other.local?.runStatus !== 'Running' || other.image === image) continue;
    machine.report('drivers-changed-under-frontend', pod, `${other.pod} of ${other.image} runs, loaded is ${image}`);
  }
}

/** Mode `drivers-builder`: builds for its kernel, reports, serves the result. */
export function* driversBuilder(process: Process): StartUp {
  const { machine, image, directory, node } = process;
  const way = machine.driversWay(image);
  yield draw(machine.latency.persistency, machine.random);
  process.write(`${RUNTIME}/persistency-configured`, '');
  yield* serveAlone(process, 'dist');
  yield draw(machine.latency.driversBuild, machine.random);
  const version = versionOf(image);
  for (const path of filesOf(way, driverFile(version, node.kernel))) directory.files.set(path, image);
  const names = { weka_version: version, kernel_signature: node.kernel };
  const ways = { weka_pack_not_supported: way !== 'packed', no_weka_drivers_handling: way === 'modules' };
  process.write(RESULTS, JSON.stringify({ driver_built: true, err: '', ...names, ...ways }));
  return 'serving';
}

/** Modes `dist` and `drivers-dist`. */
export function* driversDist(process: Process): StartUp {
  const { machine } = process;
  yield draw(machine.latency.persistency, machine.random);
  process.write(`${RUNTIME}/persistency-configured`, '');
  yield* serveAlone(process, process.name === '' ? 'dist' : process.name);
  return 'serving';
}
