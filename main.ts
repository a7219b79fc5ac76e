/** Starts the controller on a cluster: configuration, outside, probes, signals. Decides nothing about containers. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Config, readConfig } from './config.ts';
import { agentClient } from './io/agent-client.ts';
import { systemClock } from './io/clock.ts';
import { countingKube } from './io/counting-kube.ts';
import { execClient } from './io/exec-client.ts';
import { fenced } from './io/fence.ts';
import { type ForeignLeader, watchForeignLeader } from './io/foreign-leader.ts';
import { mailboxProbe, metricsRoute, parseBindAddress, probeRoute, type Serving, serve } from './io/health.ts';
import { kubeClient } from './io/kube-client.ts';
import { loadCredentials } from './io/kube-credentials.ts';
import { type Election, OWN_LEASE, startElection } from './io/leader-election.ts';
import { openLog } from './io/log.ts';
import { logFamilies } from './io/metric-families.ts';
import { createMetrics, type Metrics } from './io/metrics.ts';
import { systemRandom } from './io/random.ts';
import { checkSchema, type SchemaCheck } from './io/schema-check.ts';
import { traceLog } from './io/trace-log.ts';
import { randomUuid } from './io/uuid.ts';
import { specShape, statusShape } from './messages/container-shape.ts';
import { CONTAINERS } from './messages/kube.ts';
import { RING_LABEL, shardOf } from './messages/shard.ts';
import { type Controller, createController } from './supervisors/controller.ts';
import { controllerFamilies } from './supervisors/figures.ts';

/** Messages that wait while none is handled for so long: the process is stuck, another one should take over. */
const STALLED_MS = 60_000;
const ACCOUNT_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

const read = readConfig(process.env, accountNamespace());
if (read.kind === 'bad') {
  for (const problem of read.problems) process.stderr.write(`${problem}\n`);
  process.exit(1);
}
try {
  await run(read.config, read.warnings);
} catch (error) {
  // A kubeconfig that cannot be used, an address that cannot be had: nothing has been touched yet.
  process.stderr.write(`cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function accountNamespace(): string | undefined {
  try {
    return readFileSync(ACCOUNT_NAMESPACE, 'utf8').trim();
  } catch {
    return undefined; // Not in a pod.
  }
}

async function run(settings: Config, warnings: readonly string[]): Promise<void> {
  const instance = settings.podName || hostname();
  const output = openLog({ level: settings.logLevel, clock: systemClock, base: { instance } });
  const { log } = output;
  for (const warning of warnings) log.warn({ warning }, 'configuration');
  const metrics = createMetrics({ log, processFigures: true, version: settings.version });
  const userAgent = `wekacontainer-controller/${settings.version}`;
  const credentials = await loadCredentials({
    clock: systemClock,
    log,
    ...(settings.kubeconfig === '' ? {} : { kubeconfig: settings.kubeconfig }),
  });
  const kube = kubeClient({ credentials, clock: systemClock, random: systemRandom, userAgent });
  const counted = countingKube(kube, systemClock, () => 'controller', metrics.countApi);
  const exec = execClient({ credentials, clock: systemClock, userAgent });
  const agent = agentClient({ clock: systemClock, userAgent });

  let stopping = false;
  /** Absent without election, and until this replica asks for the lease. */
  let election: Election | undefined;
  /** Only without election: who might work at the same time. */
  let foreign: ForeignLeader | undefined;
  const direct = { kube: counted, exec, agent };
  const shard = shardOf(settings);
  const alone = shard === undefined && !settings.enableLeaderElection;
  const controller = createController({
    ...(alone ? direct : fenced(direct, () => election?.holds() ?? false)),
    settings,
    clock: systemClock,
    random: systemRandom,
    log,
    traceLog: traceLog(settings, output.always),
    instance,
    fatal: (report) => {
      // New containers cannot start any more: another process should take over.
      log.error({ actor: report.path, err: report.error }, 'supervisor gave up');
      void stop('supervisor', 1);
    },
  });
  for (const family of [...controllerFamilies(controller, systemClock.monotonicMs), ...logFamilies(output.dropped)])
    metrics.addFamily(family);

  const schema = checkSchema({
    kube,
    type: CONTAINERS,
    spec: specShape,
    status: statusShape,
    clock: systemClock,
    log,
  });
  const servings = await listen(settings, controller, metrics, schema);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal, 0));
  log.info({ version: settings.version, namespace: settings.operatorNamespace }, 'starting');
  await controller.stores.warm();
  if (!settings.enableLeaderElection) await nobodyElseLeads();
  if (!alone) await leadership();
  await controller.start();
  log.info({ containers: controller.stores.containers.size() }, 'all stores have seen their first list');

  async function stop(why: string, code: number): Promise<void> {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'draining');
    // One that waits for the lease must not get it now.
    if (election?.holds() === false) await election.release();
    const { aborted } = await controller.drain(settings.drainTimeoutMs);
    log.info({ aborted }, 'drained');
    await election?.release();
    schema.stop();
    exec.close();
    await Promise.all([...servings.map(({ close }) => close()), kube.close(), agent.close()]);
    credentials.stop();
    output.flush();
    process.exit(code);
  }

  /** Resolves when this replica leads, or is known to the sharder. The end of it is the end of the process: whoever leads next must find nobody at work. */
  function leadership(): Promise<void> {
    const { operatorNamespace: namespace } = settings;
    if (namespace === '') throw new Error('POD_NAMESPACE is needed, the namespace of the lease');
    // A shard's Lease bears its name and its ring, and is held under that name.
    const who =
      shard === undefined
        ? {
            ...(settings.besideActiveOperator ? { name: OWN_LEASE } : {}),
            identity: `${instance}_${randomUuid(systemRandom)}`,
          }
        : { name: shard.name, identity: shard.name, labels: { [RING_LABEL]: shard.ring } };
    return new Promise((elected) => {
      election = startElection({
        api: counted,
        namespace,
        ...who,
        clock: systemClock,
        random: systemRandom,
        log,
        elected: () => elected(),
        lost: () => {
          output.flush();
          process.exit(1);
        },
      });
    });
  }

  function nobodyElseLeads(): Promise<void> {
    const { operatorNamespace: namespace } = settings;
    if (settings.besideActiveOperator || namespace === '') return Promise.resolve(); // Outside of a cluster there is no lease.
    foreign = watchForeignLeader({ api: counted, namespace, clock: systemClock, log });
    return foreign.gone;
  }

  /** A replica that waits for the lease is ready when it could begin at once: else an update of the Deployment would never end. */
  function known({ stores }: Controller): boolean {
    return election?.holds() === false ? stores.isWarm() : stores.synced();
  }

  async function listen(
    config: Config,
    running: Controller,
    figures: Metrics,
    check: SchemaCheck,
  ): Promise<readonly Serving[]> {
    const { counts } = running.system;
    const mailboxes = mailboxProbe(systemClock, STALLED_MS, {
      turnCount: () => counts.turns,
      waitingCount: () => counts.told - counts.turns - counts.deadLetters - counts.coalesced,
    });
    const probes = {
      '/healthz': probeRoute({ mailboxes }),
      '/readyz': probeRoute({
        leader: () => foreign?.problem(),
        stores: () => (known(running) ? undefined : 'not all have seen their first list'),
        apiServer: running.stores.trouble,
        crd: check.problem,
        drain: () => (stopping ? 'under way' : undefined),
      }),
    };
    const wanted = [
      { address: parseBindAddress(config.healthProbeBindAddress), routes: probes },
      { address: parseBindAddress(config.operatorMetricsBindAddress), routes: { '/metrics': metricsRoute(figures) } },
    ];
    const open = wanted.flatMap(({ address, routes }) => (address === undefined ? [] : [serve(address, routes, log)]));
    return Promise.all(open);
  }
}
