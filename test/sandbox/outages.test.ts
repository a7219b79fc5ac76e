/**
 * The controller as a process, and an API server that is not there, refuses its token, forbids what it asks, or has an older CRD:
 * the log says which, /readyz says no, and it goes on by itself once that is put right. Waits for lines of its log.
 */
import { globSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selfSignedCertificate } from '../../deploy/sandbox/api/certificate.ts';
import { writeKubeconfig } from '../../deploy/sandbox/api/kubeconfig.ts';
import { type ApiServer, createApiServer } from '../../deploy/sandbox/api/server.ts';
import { type ControllerProcess, startController } from '../../deploy/sandbox/demo/controller-process.ts';
import {
  type ControllerAddresses,
  controllerEnvironment,
  freeAddresses,
} from '../../deploy/sandbox/demo/environment.ts';
import { createApiStore } from '../../deploy/sandbox/world/api-store.ts';
import { systemClock } from '../../io/clock.ts';
import { LEADER_LEASE } from '../../io/leader-election.ts';
import { LEASES, NAMESPACES } from '../../messages/kube.ts';
import { type PlainClient, plainClient, type Wire } from '../support/plain-client.ts';
import { random } from '../support/seeded.ts';
import { simClock } from '../support/sim-clock.ts';
import { fakeExec } from './api/support.ts';

const CRDS = join(import.meta.dirname, '../../deploy/chart/crds');
const NAMESPACE = 'weka-operator';
const GRACE_MS = 5_000;
const HOST = '127.0.0.1';
const tls = selfSignedCertificate([HOST], systemClock.wallMs());

interface Context {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly port: number;
  readonly addresses: ControllerAddresses;
  readonly process: ControllerProcess;
  readonly log: Lines;
  readonly probe: PlainClient;
  /** Runs now; undefined: nobody listens. */
  server: ApiServer | undefined;
}
const outages = suite<{ here: Context }>('outages');

/** CRDs as they are, or as a revision would have them that knew neither rules nor these fields. */
const crds = (old: boolean): readonly unknown[] =>
  globSync('*.yaml', { cwd: CRDS }).map((name) => {
    const crd: Wire = load(readFileSync(join(CRDS, name), 'utf8'));
    if (!old || crd.spec.names.kind !== 'WekaContainer') return crd;
    const { spec, status } = crd.spec.versions[0].schema.openAPIV3Schema.properties;
    delete spec['x-kubernetes-validations'];
    delete status.properties.internalStatus;
    delete spec.properties.numCores;
    spec.required = ['image'];
    return crd;
  });
function storeWith(definitions: readonly unknown[], leader: string) {
  const store = createApiStore({ clock: simClock(), random: random('outages'), crds: definitions });
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  store.request({ verb: 'create', type: NAMESPACES, object });
  const metadata = { name: LEADER_LEASE, namespace: NAMESPACE };
  // Nobody renews it here: it must not stand still for long enough.
  const spec = { holderIdentity: leader, leaseDurationSeconds: 3_600 };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  if (leader !== '') store.request({ verb: 'create', type: LEASES, object: lease });
  return store;
}

/** In place of the server that runs: its watches end, the next one takes its port. */
async function serve(
  here: Context,
  options: {
    readonly token: string;
    readonly old?: boolean;
    readonly leader?: string;
    readonly forbids?: () => string | undefined;
  },
): Promise<void> {
  await here.server?.close();
  const { token, old = false, leader = '', forbids } = options;
  here.server = await createApiServer({
    store: storeWith(crds(old), leader),
    exec: fakeExec([]),
    tokens: new Map([[token, 'controller']]),
    clock: simClock(),
    host: HOST,
    tls,
    port: here.port,
    ...(forbids === undefined ? {} : { forbids }),
  });
}

interface Lines {
  /** Lines from now on count for `until`. */
  readonly mark: () => void;
  /** Resolves as soon as `holds`, looked at with each new line. Bounded by the file's own time limit. */
  readonly until: (holds: (text: string) => boolean | Promise<boolean>) => Promise<void>;
  readonly stop: () => void;
}
function linesOf(path: string, folder: string, ended: Promise<string>): Lines {
  let from = 0;
  let wake = (): void => undefined;
  const watcher = watch(folder, () => wake());
  const over = ended.then((how) => {
    throw new Error(`the controller has ended with ${how}:\n${read().slice(-2_000)}`);
  });
  over.catch(() => undefined); // At the end it is meant to.
  const read = (): string => readFileSync(path, 'utf8');
  return {
    mark: () => {
      from = read().length;
    },
    until: async (holds) => {
      for (;;) {
        const news = new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (await holds(read().slice(from))) return;
        await Promise.race([news, over]);
      }
    },
    stop: () => watcher.close(),
  };
}
const readyz = async ({ probe }: Context): Promise<readonly [number, string]> => {
  const { code, body } = await probe.ask('/readyz');
  return [code, body];
};
/** Both tell of it: the log, and /readyz once it has lasted. */
async function complains(here: Context, text: string): Promise<void> {
  await here.log.until(async (log) => {
    const [code, body] = log.includes(text) ? await readyz(here) : [0, ''];
    return code === 503 && body.includes(text);
  });
}
const isReady = (here: Context): Promise<void> =>
  here.log.until(async () => {
    const [code] = await readyz(here);
    return code === 200;
  });

outages.before(async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'outages-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const [addresses, spare] = [await freeAddresses(), await freeAddresses()];
  const port = Number(spare.metrics.split(':')[1]);
  await writeKubeconfig(kubeconfig, `https://${HOST}:${port}`, 'first', tls.cert);
  const logPath = join(folder, 'log');
  const process = startController(controllerEnvironment(kubeconfig, NAMESPACE, addresses), logPath, systemClock);
  const probe = plainClient({ origin: `http://${addresses.health}`, token: '' });
  const log = linesOf(logPath, folder, process.ended);
  context.here = { folder, kubeconfig, port, addresses, process, log, probe, server: undefined };
});
outages.after(async ({ here }) => {
  await here.process.stop(GRACE_MS);
  here.log.stop();
  await here.probe.close();
  await here.server?.close();
  rmSync(here.folder, { recursive: true, force: true });
});

outages('nobody listens: the log and /readyz say so', async ({ here }) => {
  await complains(here, 'ECONNREFUSED');
});

outages('a CRD of an older revision: the fields that it lacks are named, the rules too', async ({ here }) => {
  here.log.mark();
  await serve(here, { token: 'first', old: true, leader: 'weka-operator-7c9' });
  await complains(
    here,
    'the CRD of WekaContainer is of another revision, it lacks spec.numCores, status.internalStatus',
  );
  await here.log.until((log) => log.includes('the CRD has no validation rules'));
});

outages(
  'spec 08 §11 #38, the process without election: it does not begin beside a leader, and names it',
  async ({ here }) => {
    await complains(here, 'lease ad0b5146.weka.io: held by weka-operator-7c9');
  },
);

outages('the CRD put right, and nobody leads: ready, without a restart', async ({ here }) => {
  here.log.mark();
  await serve(here, { token: 'first' });
  await here.log.until((log) => log.includes('CRD fits now'));
  await isReady(here);
});

outages('an expired token: it is named as such, and a new one in the kubeconfig is taken', async ({ here }) => {
  here.log.mark();
  await serve(here, { token: 'second' });
  await complains(here, '401 Unauthorized (the credentials are not accepted');
  here.log.mark();
  await writeKubeconfig(here.kubeconfig, `https://${HOST}:${here.port}`, 'second', tls.cert);
  await isReady(here);
});

outages("forbidden: the server's own words, until the right is given", async ({ here }) => {
  const why = 'pods is forbidden: User "controller" cannot list resource "pods" in API group "" at the cluster scope';
  let forbidden = true;
  here.log.mark();
  await serve(here, { token: 'second', forbids: () => (forbidden ? why : undefined) });
  await complains(here, 'refused, 403 pods is forbidden');
  forbidden = false;
  here.log.mark();
  await isReady(here);
  assert.is((await readyz(here))[1], 'ok\n');
});

outages.run();
