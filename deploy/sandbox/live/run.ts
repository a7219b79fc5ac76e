/** The story of `npm run sandbox`: the fleet moves in, a demo is ordered, a signal ends it, the fleet moves out. */
import { resolve } from 'node:path';
import type { Clock } from '../../../io/clock.ts';
import type { Log } from '../../../io/log.ts';
import { CONTAINERS } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { controllerEnvironment, freeAddresses } from '../demo/environment.ts';
import { orderText, type Plan, planOf, totalOf } from '../demo/orders.ts';
import { preparedOf } from '../demo/preparing.ts';
import { progressLine, progressLines, progressOf } from '../demo/progress.ts';
import type { Screen } from '../demo/screen.ts';
import { signalled } from '../demo/signals.ts';
import { type LiveFleet, NotWelcome, startLiveFleet } from './fleet.ts';
import { demoOf, type LiveOptions, PERMISSION } from './options.ts';

const NAMESPACE = 'weka';
const OPERATOR_NAMESPACE = 'weka-operator-system';
const LOOK_EVERY_MS = 500;

/** Resolves with the exit code when everything is stopped and removed: 1 where the fleet could not start, saw a violation, or had to leave something. */
export async function runLive(options: LiveOptions, clock: Clock, log: Log, screen: Screen): Promise<number> {
  const interrupted = signalled(clock);
  const plan = planOf({ ...options, demo: demoOf(options) }, NAMESPACE);
  let live: LiveFleet;
  try {
    live = await startLiveFleet({
      ...options,
      shape: plan.shape,
      namespace: NAMESPACE,
      operatorNamespace: OPERATOR_NAMESPACE,
      clock,
      log,
      problem: (text) => screen.say(`The fleet has a problem: ${text}`),
    });
  } catch (err) {
    const text = err instanceof Error ? err.message : String(err);
    const hint = err instanceof NotWelcome ? `. If it is one for tests all the same, add ${PERMISSION}` : '';
    process.stderr.write(`${text}${hint}\n`);
    return 1;
  }
  for (const line of await howToGoOn(options)) screen.say(line);
  if (options.demo !== 'none') await order(plan, live, screen, clock, interrupted);
  await watch(options, plan, live, screen, clock, interrupted);
  return await moveOut(options, live, screen);
}

async function howToGoOn({ nodes, kubeconfig }: LiveOptions): Promise<readonly string[]> {
  const env = controllerEnvironment(resolve(kubeconfig), OPERATOR_NAMESPACE, await freeAddresses());
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [
    `${nodes} modelled nodes are in the cluster. The controller, on this machine, since node agents listen on loopback:`,
    `  env ${pairs.join(' ')} npm run controller`,
    `WekaClusters, WekaClients, WekaManualOperations and WekaPolicies of namespace ${NAMESPACE} are served by stand-ins here.`,
    'Ctrl-C ends the fleet.',
  ];
}

async function order(
  plan: Plan,
  { fleet, store }: LiveFleet,
  screen: Screen,
  clock: Clock,
  interrupted: Promise<void>,
) {
  for (const { type, object } of plan.preparations) fleet.add(type, object);
  const prepared = await until(clock, interrupted, () => {
    const { done, lines } = preparedOf(store, plan.preparations);
    if (lines.length > 0) screen.show(lines, lines.join(' · '));
    return done;
  });
  screen.done();
  if (!prepared) return;
  for (const each of plan.clusters) {
    screen.say(orderText(each));
    fleet.addCluster(each);
  }
  for (const each of plan.clients) fleet.addClient(each);
}

/** Until a signal: tells of every change. */
async function watch(
  options: LiveOptions,
  plan: Plan,
  { store }: LiveFleet,
  screen: Screen,
  clock: Clock,
  interrupted: Promise<void>,
) {
  const wanted = options.demo === 'none' ? 0 : totalOf(plan);
  await until(clock, interrupted, () => {
    const now = progressOf(store.all<WekaContainer>(CONTAINERS), wanted);
    screen.show(progressLines(now), progressLine(now));
    return false;
  });
  screen.done();
}

/** True once it holds; false when it was interrupted. */
async function until(clock: Clock, interrupted: Promise<void>, holds: () => boolean): Promise<boolean> {
  let stopped = false;
  const stop = interrupted.then(() => {
    stopped = true;
  });
  while (!stopped) {
    if (holds()) return true;
    let cancel = (): void => undefined;
    const time = new Promise<void>((resolve) => {
      cancel = clock.after(LOOK_EVERY_MS, resolve);
    });
    await Promise.race([time, stop]);
    cancel();
  }
  return false;
}

async function moveOut({ keep }: LiveOptions, { fleet, close }: LiveFleet, screen: Screen): Promise<number> {
  screen.say(keep ? 'Stopping; the objects stay.' : 'Removing the fleet; a second signal ends this at once.');
  const left = await close(keep);
  for (const text of left) screen.say(`Could not be removed: ${text}`);
  const { violations } = fleet.oracle;
  screen.say(`Violations that the fleet has seen: ${violations.length}`);
  if (violations.length > 0) screen.say(fleet.oracle.text());
  return left.length === 0 && violations.length === 0 ? 0 : 1;
}
