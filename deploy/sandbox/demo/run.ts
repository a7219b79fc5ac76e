/** The story of `npm start` from an empty folder to an empty folder. Owns process, servers, signals; judges by what the API server holds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../io/clock.ts';
import { type ControllerProcess, lastLines, startController } from './controller-process.ts';
import { controllerEnvironment, freeAddresses } from './environment.ts';
import { type DemoFleet, NAMESPACE, startFleet } from './fleet.ts';
import { deleteAll } from './leaving.ts';
import type { DemoOptions } from './options.ts';
import { orderText, planOf, totalOf, wantedText } from './orders.ts';
import { preparedOf } from './preparing.ts';
import { ABSENT, type Progress, progressLine, progressLines, progressOf } from './progress.ts';
import type { Screen } from './screen.ts';

import { isPreparation, isSettled } from './settled.ts';
import { INTERRUPTED, signalled } from './signals.ts';

import {
  containersOf,
  type Demo,
  LOOK_EVERY_MS,
  type Pause,
  sayReasons,
  sayViolations,
  secondsText,
  until,
  type Waited,
} from './stage.ts';
import { LIMITS, SHARING_LIMITS, whatToTry, writesReport } from './summary.ts';
import { labelledForCsi, toldByNodes } from './told.ts';
import { upgradeAll } from './upgrading.ts';

const OPERATOR_NAMESPACE = 'weka-operator-system';
/** How long the fleet is watched at rest before its writes are summed up. */
const REST_MS = 5_000;
/** The controller's own limit for its drain, and some. */
const STOP_GRACE_MS = 8_000;
const LOG_LINES = 20;

const STOPPING = 'Stopping the controller and the fleet; a second signal ends them at once.';

/** Resolves with the exit code when everything is stopped and the folder is gone. Rejects for defects only. */
export async function runDemo(options: DemoOptions, clock: Clock, screen: Screen): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'wekacontainer-sandbox-'));
  let fleet: DemoFleet | undefined;
  let controller: ControllerProcess | undefined;
  const interrupted = signalled(clock);
  // Also where a defect or a second signal ends this process at once.
  process.once('exit', () => {
    controller?.kill();
    if (!options.keep) rmSync(folder, { recursive: true, force: true });
  });
  try {
    fleet = await startFleet(options, folder, clock);
    const addresses = await freeAddresses();
    const logPath = join(folder, 'controller.log');
    const env = controllerEnvironment(fleet.controllerKubeconfig, OPERATOR_NAMESPACE, addresses);
    controller = startController(env, logPath, clock);
    const plan = planOf(options, NAMESPACE);
    screen.say(`Modelled fleet of ${options.nodes} nodes at ${fleet.url}`);
    for (const order of plan.clusters) screen.say(`  ${orderText(order)}`);
    for (const { name, cluster } of plan.clients)
      screen.say(`  Clients ${name} of cluster ${cluster}: ${options.clients} nodes`);
    screen.say(`Kubeconfig ${fleet.kubeconfig}, log of the controller ${logPath}`);
    const { ended } = controller;
    const pause = (delayMs: number): Promise<Pause> => firstOf(clock, delayMs, interrupted, ended);
    const metricsUrl = `http://${addresses.metrics}/metrics`;
    return await story({ options, plan, clock, screen, fleet, controller, logPath, metricsUrl, pause });
  } catch (err) {
    if (fleet !== undefined) throw err;
    process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`);
    return 1;
  } finally {
    await controller?.stop(STOP_GRACE_MS);
    await fleet?.close();
    if (options.keep) screen.say(`Kept ${folder}`);
  }
}

function firstOf(clock: Clock, delayMs: number, interrupted: Promise<void>, ended: Promise<string>): Promise<Pause> {
  let cancel = (): void => undefined;
  const time = new Promise<Pause>((resolve) => {
    cancel = clock.after(delayMs, () => resolve('time'));
  });
  const others = [interrupted.then((): Pause => 'interrupted'), ended.then((): Pause => 'ended')];
  return Promise.race([time, ...others]).finally(() => cancel());
}

async function story(demo: Demo): Promise<number> {
  const { options, plan, clock, screen, fleet } = demo;
  const prepared = await prepare(demo);
  if (prepared !== 'done') return prepared === 'timeout' ? 1 : cutShort(demo, prepared);
  const startMs = clock.monotonicMs();
  for (const order of plan.clusters) fleet.world.addCluster(order);
  for (const order of plan.clients) fleet.world.addClient(order);
  const waited = await until(demo, () => show(demo));
  if (waited === 'interrupted' || waited === 'ended') return cutShort(demo, waited);
  if (waited === 'timeout') {
    sayWhy(demo);
    if (options.exitWhenRunning) return 1;
  } else {
    screen.say(
      `All ${totalOf(plan)} containers are Running after ${secondsText(clock, startMs)}: ${wantedText(plan)}.`,
    );
  }
  const rested = await demo.pause(REST_MS);
  if (rested !== 'time') return cutShort(demo, rested);
  const good = summarise(demo) && progress(demo).running === totalOf(plan);
  if (options.upgrade) {
    const upgraded = await upgradeAll(demo);
    if (upgraded !== 'done') return upgraded === 'timeout' ? 1 : cutShort(demo, upgraded);
  }
  if (options.andDelete) {
    const deleted = await deleteAll(demo);
    if (deleted !== 'done') return deleted === 'timeout' ? 1 : cutShort(demo, deleted);
  }
  if (options.exitWhenRunning) return good && fleet.world.oracle.violations.length === 0 ? 0 : 1;
  return stayUp(demo);
}

/** Applies what comes before the clusters and waits for it. */
async function prepare(demo: Demo): Promise<Waited> {
  const { plan, screen, clock, fleet, logPath } = demo;
  const { world } = fleet;
  if (plan.preparations.length === 0) return 'done';
  const startMs = clock.monotonicMs();
  for (const { type, object } of plan.preparations) world.add(type, object);
  const waited = await until(demo, () => {
    const { done, lines } = preparedOf(world.store, plan.preparations);
    screen.show(lines, lines.join(' · '));
    return done;
  });
  if (waited === 'done') screen.say(`The nodes are ready after ${secondsText(clock, startMs)}; now the clusters.`);
  if (waited === 'timeout') {
    screen.say('The nodes were not prepared in time:');
    sayReasons(demo, containersOf(demo));
    screen.say(`  The controller's log: ${logPath} (--keep leaves it behind)`);
  }
  return waited;
}

const progress = (demo: Demo): Progress => progressOf(containersOf(demo), totalOf(demo.plan));

/** Draws how far it is; true once all are Running and the nodes of clients have their labels. */
function show(demo: Demo): boolean {
  const { options, fleet, screen } = demo;
  const now = progress(demo);
  const labelled = labelledForCsi(fleet.world.store);
  const csi = options.clients === 0 ? [] : [`nodes labelled for CSI ${labelled}/${options.clients}`];
  screen.show([...progressLines(now), ...csi], [progressLine(now), ...csi].join(' · '));
  return now.running === now.wanted && labelled >= options.clients;
}

function sayWhy(demo: Demo): void {
  const { screen, options, logPath } = demo;
  const all = containersOf(demo);
  screen.say(`Not all are Running within ${options.timeoutMs / 1_000} s:`);
  const missing = progress(demo).others.find(([state]) => state === ABSENT)?.[1] ?? 0;
  if (missing > 0) screen.say(`  ${missing} containers were not even created by the modelled cluster controller`);
  sayReasons(
    demo,
    all.filter((container) => !isSettled(container) && !isPreparation(container)),
  );
  screen.say(`  The controller's log: ${logPath} (--keep leaves it behind)`);
}

/** Prints writes, commands and violations; true when nothing exceeds its limit. */
function summarise({ options, plan, fleet, screen }: Demo): boolean {
  const { writes, world } = fleet;
  const limits = options.demo === 'mixed' ? SHARING_LIMITS : LIMITS;
  const report = writesReport(writes.containers(), writes.shared(), writes.refusedCount(), REST_MS, limits);
  for (const line of toldByNodes(world, plan.clusters[0]?.driversDistService)) screen.say(line);
  for (const line of report.lines) screen.say(line);
  const commands = [...world.exec.counts].sort(([, a], [, b]) => b - a);
  const total = commands.reduce((sum, [, count]) => sum + count, 0);
  const names = commands.map(([name, count]) => `${name} ${count}`).join(', ');
  screen.say(`Commands in pods, those of the modelled cluster controller included: ${total} (${names})`);
  sayViolations({ fleet, screen });
  return report.withinLimits;
}

/** Until a signal: tells of every change. */
async function stayUp(demo: Demo): Promise<number> {
  const { screen, fleet, logPath, metricsUrl } = demo;
  for (const line of whatToTry(fleet.kubeconfig, logPath, metricsUrl)) screen.say(line);
  for (;;) {
    show(demo);
    const paused = await demo.pause(LOOK_EVERY_MS);
    if (paused === 'time') continue;
    screen.done();
    const code = await cutShort(demo, paused);
    return paused === 'interrupted' ? 0 : code;
  }
}

async function cutShort({ screen, controller, logPath }: Demo, why: 'interrupted' | 'ended'): Promise<number> {
  if (why === 'interrupted') {
    screen.say(STOPPING);
    return INTERRUPTED;
  }
  screen.say(`The controller has ended before its time (${await controller.ended}). The end of its log:`);
  for (const line of lastLines(logPath, LOG_LINES)) screen.say(`  ${line}`);
  return 1;
}
