/**
 * A fleet on the virtual clock, and a hand that does the least a container controller must do, with no care for
 * failures: enough to show that the models answer as the contract says. Source: spec 07, 21.4.
 */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { load } from 'js-yaml';
import type { Container } from '../../../deploy/sandbox/world/holders.ts';
import type { Pod } from '../../../deploy/sandbox/world/objects.ts';
import { createWorld, type World, type WorldOptions } from '../../../deploy/sandbox/world/world.ts';
import { CONFIG_MAPS, CONTAINERS, type KubeObject, PODS, refOf } from '../../../messages/kube.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import { random } from '../../support/seeded.ts';
import { type SimClock, simClock } from '../../support/sim-clock.ts';

const folder = resolve(import.meta.dirname, '../../../deploy/chart/crds');
export const crds = globSync('*.yaml', { cwd: folder })
  .sort()
  .map((name) => load(readFileSync(resolve(folder, name), 'utf8')));

export interface Fleet {
  readonly clock: SimClock;
  readonly world: World;
  /** Steps until it holds; fails after `limitMs` of virtual time. */
  readonly until: (what: string, holds: () => boolean, limitMs?: number) => Promise<void>;
  /** Steps until the promise is settled; its value, or its rejection. */
  readonly result: <Value>(what: string, promise: Promise<Value>, limitMs?: number) => Promise<Value>;
  readonly pass: (durationMs: number) => Promise<void>;
  readonly sleep: (durationMs: number) => Promise<void>;
  readonly container: (name: string) => Container;
  readonly containers: () => readonly Container[];
  readonly pod: (name: string) => Pod | undefined;
}

export function fleet(seed: string, nodes: number, options: Partial<WorldOptions> = {}): Fleet {
  const clock = simClock();
  const world = createWorld({ clock, random: (name) => random(`${seed}/${name}`), crds, nodes, ...options });
  const settled = () => new Promise<void>((done) => setImmediate(done));
  const until = async (what: string, holds: () => boolean, limitMs = 600_000): Promise<void> => {
    const endMs = clock.monotonicMs() + limitMs;
    while (!holds()) {
      if (!clock.step(endMs)) throw new Error(`not within ${limitMs} ms: ${what}\n${world.oracle.text()}`);
      await settled();
    }
  };
  return {
    clock,
    world,
    until,
    result: async (what, promise, limitMs) => {
      let over = false;
      const end = () => {
        over = true;
      };
      promise.then(end, end);
      await until(what, () => over, limitMs);
      return promise;
    },
    pass: async (durationMs) => {
      const endMs = clock.monotonicMs() + durationMs;
      while (clock.step(endMs)) await settled();
    },
    sleep: (durationMs) => new Promise((done) => clock.after(durationMs, done)),
    container: (name) => {
      const found = world.store.get<Container>({ type: CONTAINERS, namespace: 'weka', name });
      if (found === undefined) throw new Error(`no container ${name}`);
      return found;
    },
    containers: () => world.store.all<Container>(CONTAINERS, 'weka'),
    pod: (name) => world.store.get<Pod>({ type: PODS, namespace: 'weka', name }),
  };
}

export const argvOf = (line: string): readonly string[] => line.split(' ');
export const shellOf = (text: string): readonly string[] => ['bash', '-ce', text];

/** Resolves with the outcome; the test keeps the clock going meanwhile. */
export const exec = (fleet: Fleet, pod: string, argv: readonly string[], container = 'weka-container') =>
  fleet.world.exec.run({ target: { namespace: 'weka', pod, container }, argv, timeoutMs: 60_000 });

/** The pod as far as the models read it. */
export function podOf({ metadata, spec }: Container & { spec: Record<string, unknown> }, extra: object = {}) {
  const env = {
    WEKA_CONTAINER_ID: metadata.uid,
    MODE: spec.mode,
    NAME: spec.name ?? '',
    PORT: '0',
    AGENT_PORT: '0',
    CORES: String(spec.numCores ?? 1),
    IMAGE_NAME: String(spec.image),
    JOIN_IPS: ((spec.joinIpPorts as string[] | undefined) ?? []).join(','),
    INSTRUCTIONS: JSON.stringify(spec.instructions ?? null),
  };
  const path = `/opt/k8s-weka/containers/${metadata.uid}`;
  const drives = spec.mode === 'drive' ? { 'weka.io/drives': String(spec.numDrives ?? 0) } : {};
  const resources = { cpu: '2', memory: '4Gi', 'hugepages-2Mi': '2Gi', ...drives };
  const owner = { apiVersion: 'weka.weka.io/v1alpha1', kind: 'WekaContainer', name: metadata.name, uid: metadata.uid };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      labels: metadata.labels ?? {},
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      hostNetwork: true,
      terminationGracePeriodSeconds: 31_536_000,
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              labelSelector: {
                matchLabels: {
                  'weka.io/cluster-id': metadata.labels?.['weka.io/cluster-id'] ?? '',
                  'weka.io/mode': String(spec.mode),
                },
              },
              topologyKey: 'kubernetes.io/hostname',
            },
          ],
        },
      },
      containers: [
        {
          name: 'weka-container',
          image: String(spec.image),
          env: [
            ...Object.entries(env).map(([name, value]) => ({ name, value })),
            { name: 'POD_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
          ],
          resources: { requests: resources, limits: resources },
        },
      ],
      volumes: [
        { name: 'weka-container-persistence-dir', hostPath: { path } },
        { name: 'weka-boot-scripts', configMap: { name: 'weka-boot-scripts' } },
      ],
      ...extra,
    },
  };
}

export function copyBootScripts({ world }: Fleet): void {
  const source = { type: CONFIG_MAPS, namespace: 'weka-operator-system', name: 'weka-boot-scripts' };
  const data = world.store.get<KubeObject & { data: unknown }>(source)?.data;
  const metadata = { name: 'weka-boot-scripts', namespace: 'weka' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  world.store.request({ verb: 'create', type: CONFIG_MAPS, object });
}

export function patchStatus({ world }: Fleet, name: string, status: object): void {
  const ref = { type: CONTAINERS, namespace: 'weka', name };
  const outcome = world.store.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
  if (outcome.kind !== 'ok') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
}

const RUNTIME = '/opt/weka/k8s-runtime';
const text = (outcome: ExecOutcome): string => (outcome.kind === 'ok' ? outcome.stdout : '');

/** From a new container to a joined one with its drives. Ports and drives are chosen as no one else would on that node. */
export async function bringUp(on: Fleet, name: string): Promise<void> {
  const { spec } = on.container(name);
  const created = on.world.store.request({ verb: 'create', type: PODS, object: podOf(on.container(name)) });
  if (created.kind !== 'ok') throw new Error(`pod of ${name}: ${JSON.stringify(created)}`);
  while (on.pod(name)?.status?.phase !== 'Running') await on.sleep(500);
  const node = on.pod(name)?.spec.nodeName ?? '';
  const model = on.world.nodes.get(node);
  if (model !== undefined && model.drivers === undefined) model.drivers = 'by hand';
  const ask = (argv: readonly string[]) => exec(on, name, argv);
  while ((await ask(shellOf(`test -f ${RUNTIME}/persistency-configured`))).kind !== 'ok') await on.sleep(1_000);
  const drive = spec.mode === 'drive';
  const drives = drive ? [...(model?.drives.keys() ?? [])].slice(0, 2) : undefined;
  const allocations = { wekaPort: drive ? 35_000 : 35_100, agentPort: drive ? 35_303 : 35_304, drives };
  patchStatus(on, name, { status: 'Init', nodeAffinity: node, allocations });
  const base64 = Buffer.from(JSON.stringify(allocations)).toString('base64');
  const script = `\ntest -f ${RUNTIME}/persistency-configured || exit 1\nmkdir -p ${RUNTIME}/tmp\necho '${base64}' | base64 -d > ${RUNTIME}/tmp/resources.json\nmv ${RUNTIME}/tmp/resources.json ${RUNTIME}/resources.json\n`;
  await ask(shellOf(script));
  let ips = '';
  while (ips === '') {
    await on.sleep(1_000);
    ips = text(await ask(argvOf(`cat ${RUNTIME}/management_ips`)));
  }
  patchStatus(on, name, { managementIPs: ips.split('\n') });
  for (;;) {
    await on.sleep(2_000);
    const [local] = JSON.parse(text(await ask(argvOf('weka local ps --json'))) || '[]');
    if (local === undefined) continue;
    patchStatus(on, name, { status: local.runStatus, internalStatus: local.internalStatus.display_status });
    if (local.internalStatus.display_status === 'READY') break;
  }
  const join = (spec as { joinIpPorts?: string[] }).joinIpPorts;
  const start = join === undefined ? 'weka local run wapi -H localhost' : 'wekaauthcli local run wapi -H 127.0.0.1';
  const c7 = `${start}:$(cat ${RUNTIME}/vars/agent_port)/jrpc -W container-get-identity --container-name ${spec.name} --json`;
  const { value } = JSON.parse(text(await ask(shellOf(c7))));
  const lastTransitionTime = new Date(on.clock.wallMs()).toISOString();
  const joined = { type: 'JoinedCluster', status: 'True', reason: 'Success', message: 'Container joined cluster' };
  const conditions = [{ ...joined, lastTransitionTime }];
  patchStatus(on, name, { containerID: value.host_id, clusterID: value.cluster_guid, conditions });
  for (const serial of drives ?? []) {
    await ask(argvOf(`weka cluster drive add ${value.host_id} ${model?.drives.get(serial)?.blockDevice}`));
  }
  const list = `wekaauthcli cluster drive --container ${value.host_id} --json`;
  for (;;) {
    const listed = JSON.parse(text(await ask(argvOf(list)))) as { status: string }[];
    patchStatus(on, name, { addedDrives: listed });
    if (listed.length === (drives?.length ?? 0) && listed.every(({ status }) => status === 'ACTIVE')) return;
    await on.sleep(5_000);
  }
}

/** Does `bringUp` for every container that appears. Errors land in the list. */
export function bringAllUp(on: Fleet): { readonly errors: readonly unknown[] } {
  const errors: unknown[] = [];
  on.world.store.watch({ type: CONTAINERS, resourceVersion: '', sendInitialEvents: true }, (event) => {
    if (event.kind === 'added') bringUp(on, event.object.metadata.name).catch((err: unknown) => errors.push(err));
  });
  return { errors };
}

/** Deletes the pod and keeps it told to stop until it is gone. */
export async function stopPod(on: Fleet, name: string, forced: boolean): Promise<void> {
  const pod = on.pod(name);
  if (pod === undefined) return;
  on.world.store.request({ verb: 'delete', ref: refOf(PODS, pod.metadata) });
  const flag = forced ? '/tmp/.allow-force-stop' : '/tmp/.allow-stop';
  while (on.pod(name)?.metadata.uid === pod.metadata.uid) {
    await exec(on, name, shellOf(`touch ${flag} && kill 1`));
    await exec(on, name, argvOf(`timeout 10s weka local stop ${forced ? '--force' : '-g'}`));
    await on.sleep(3_000);
  }
}
