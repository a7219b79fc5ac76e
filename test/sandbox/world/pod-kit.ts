/** A node with processes on it and nothing else: no API, no kubelet. For tests of what runs inside a pod. */

import * as assert from 'uvu/assert';
import type { Answer, Later } from '../../../deploy/sandbox/world/cli/answer.ts';
import { REALISTIC } from '../../../deploy/sandbox/world/latency.ts';
import { startUp } from '../../../deploy/sandbox/world/modes/table.ts';
import type { PhysicalDrive } from '../../../deploy/sandbox/world/node-model.ts';
import { KERNEL } from '../../../deploy/sandbox/world/nodes.ts';
import type { Pod } from '../../../deploy/sandbox/world/objects.ts';
import { createOracle } from '../../../deploy/sandbox/world/oracle.ts';
import type { DriversWay, NodeModel, Process } from '../../../deploy/sandbox/world/pod-process.ts';
import { startProcess } from '../../../deploy/sandbox/world/run-process.ts';
import { shutdown } from '../../../deploy/sandbox/world/stopping.ts';
import { recognise } from '../../../deploy/sandbox/world/weka-cli.ts';
import { createClusters } from '../../../deploy/sandbox/world/weka-clusters.ts';
import { rfc3339 } from '../../../io/clock.ts';
import { random } from '../../support/seeded.ts';
import { simClock } from '../../support/sim-clock.ts';

const RUNTIME = '/opt/weka/k8s-runtime';

export function podKit(seed = 'pod-kit') {
  const clock = simClock();
  const oracle = createOracle(clock);
  const clusters = createClusters({ clock, random: random(`${seed}/weka`), latency: REALISTIC, oracle });
  const forced: string[] = [];
  const nodes: NodeModel[] = [];
  const distributors = new Map<string, string>();
  const ways = new Map<string, DriversWay>();
  const machine = {
    clock,
    random: random(`${seed}/process`),
    latency: REALISTIC,
    clusters,
    forced: (process: Process, by: string) => forced.push(`${process.pod}: ${by}`),
    signedAgain: () => {},
    permitted: () => {},
    stopped: () => {},
    erased: () => {},
    drained: () => {},
    driversWay: (image: string): DriversWay => ways.get(image) ?? 'packed',
    resigned: (process: Process) => oracle.report('drive-resigned-in-cluster', process.pod, 'resigned'),
    processes: function* () {
      for (const { processes } of nodes) yield* processes.values();
    },
    distributors,
    report: oracle.report,
  };

  const node = (name: string, index: number): NodeModel => {
    const made = nodeOf(name, index);
    nodes.push(made);
    return made;
  };
  const nodeOf = (name: string, index: number): NodeModel => ({
    name,
    ip: `10.0.0.${index}`,
    agentIp: `127.0.1.${index}`,
    kubelet: undefined,
    bootId: `boot-${name}`,
    power: 'on',
    containerRuntime: 'containerd://1.7',
    kernel: KERNEL,
    cloud: 'none',
    nics: [],
    drivers: 'image',
    activeMounts: 0,
    drives: new Map(
      [1, 2].map((number) => {
        const [serial, blockDevice] = [`S${index}-${number}`, `/dev/nvme${number}n1`];
        const physicalUuid = `physical-${serial}`;
        const drive: PhysicalDrive = {
          serial,
          blockDevice,
          partition: `${blockDevice}p1`,
          capacityGib: 7_000,
          type: 'TLC',
          physicalUuid,
          signedFor: 'exclusive',
          virtualDrives: new Map(),
          guid: undefined,
          heldAs: undefined,
          pci: { vendorId: '144d', deviceId: 'a80a' },
          mounted: false,
          holds: 'nothing',
        };
        return [serial, drive];
      }),
    ),
    directories: new Map(),
    stopInstructions: new Map(),
    processes: new Map(),
  });

  /** Starts a pod's process; `uid` is the container's, `pod` a fresh pod uid by default. */
  const start = (
    where: NodeModel,
    mode: string,
    uid: string,
    extra: Readonly<Record<string, string>> = {},
    podUid = `pod-of-${uid}`,
  ) => {
    const env = {
      WEKA_CONTAINER_ID: uid,
      POD_ID: podUid,
      MODE: mode,
      NAME: `${mode}x${uid}`,
      CORES: '2',
      IMAGE_NAME: 'image',
      ...extra,
    };
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `pod-${uid}`,
        namespace: 'weka',
        uid: podUid,
        resourceVersion: '1',
        creationTimestamp: rfc3339(clock.wallMs()),
      },
      spec: {
        nodeName: where.name,
        containers: [
          {
            name: 'weka-container',
            image: 'image',
            env: Object.entries(env).map(([name, value]) => ({ name, value })),
          },
        ],
        volumes: [{ name: 'weka-container-persistence-dir', hostPath: { path: `/opt/k8s-weka/containers/${uid}` } }],
      },
    };
    const exits: number[] = [];
    const process = startProcess(machine, where, pod, where.ip, { startUp, shutdown }, (code) => exits.push(code));
    return { process, exits };
  };

  /** Runs a command now and waits on the virtual clock for a late answer. */
  const run = (process: Process, argv: readonly string[]): Answer => {
    let answer: Answer | Later = recognise(argv).run(process);
    while ('afterMs' in answer) {
      clock.advance(answer.afterMs);
      answer = answer.finish();
    }
    return answer;
  };
  const weka = (process: Process, line: string): Answer => run(process, line.split(' '));
  const shell = (process: Process, text: string): Answer => run(process, ['bash', '-ce', text]);

  /** S1, as the controller sends it. */
  const writeResources = (process: Process, resources: unknown): Answer => {
    const base64 = Buffer.from(JSON.stringify(resources)).toString('base64');
    return shell(
      process,
      [
        '',
        `test -f ${RUNTIME}/persistency-configured || exit 1`,
        `mkdir -p ${RUNTIME}/tmp`,
        `echo '${base64}' | base64 -d > ${RUNTIME}/tmp/resources.json`,
        `mv ${RUNTIME}/tmp/resources.json ${RUNTIME}/resources.json`,
        '',
      ].join('\n'),
    );
  };
  const display = (process: Process): string | undefined =>
    JSON.parse(weka(process, 'weka local ps --json').stdout)[0]?.internalStatus?.display_status;
  const identity = (process: Process) =>
    JSON.parse(
      shell(
        process,
        `weka local run wapi -H localhost:$(cat ${RUNTIME}/vars/agent_port)/jrpc -W container-get-identity --container-name ${process.name} --json`,
      ).stdout,
    );

  return {
    distributors,
    /** How the drivers of an image are built, where not packed. */
    ways,
    clock,
    oracle,
    clusters,
    forced,
    node,
    start,
    run,
    weka,
    shell,
    writeResources,
    display,
    identity,
  };
}

/** The shell text of cluster formation, over these processes in order. */
export function createText(processes: readonly Process[], port = 35_000): string {
  const secrets = '/var/run/secrets/weka-operator/operator-user';
  const ips = processes.map(({ ip }) => ip);
  const endpoints = ips.map((ip) => `${ip}:${port}`);
  return `weka status || weka cluster create ${ips.join(' ')} --host-ips ${endpoints.join(',')} --join-secret=\`cat ${secrets}/join-secret\` --admin-password \`cat ${secrets}/password\` `;
}

export type Kit = ReturnType<typeof podKit>;

/** Up to STEM or CLUSTERIZING. */
export function started(kit: Kit, node: ReturnType<Kit['node']>, mode: string, uid: string, env = {}) {
  const one = kit.start(node, mode, uid, env);
  kit.clock.advance(3_000);
  const drives = mode === 'drive' ? [...node.drives.keys()] : undefined;
  assert.is(kit.writeResources(one.process, { drives, wekaPort: 35_000, agentPort: 35_300 }).code, 0);
  kit.clock.advance(8_000);
  return one;
}
/** A cluster of so many drive processes, host ids from 0, all READY. */
export function formed(kit: Kit, count: number): readonly ReturnType<typeof started>[] {
  const all = Array.from({ length: count }, (_, index) =>
    started(kit, kit.node(`node-${index}`, index + 1), 'drive', `uid-${index}`),
  );
  const [first] = all as [ReturnType<typeof started>];
  assert.is(kit.shell(first.process, createText(all.map(({ process }) => process))).code, 0);
  kit.clock.advance(25_000);
  return all;
}
