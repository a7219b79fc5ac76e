/** What `kubectl get wekacontainers -A -o wide` is answered, by what the controller's steps write. Source: spec 01, 1.3; 07, 8 and 16. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reconcileManagementIps } from '../../../actors/flows/steps/management-ips.ts';
import { setStatusMetrics } from '../../../actors/flows/steps/metrics.ts';
import { initState } from '../../../actors/flows/steps/object.ts';
import { CONTAINERS, refOf } from '../../../messages/kube.ts';
import { mergePatch } from '../../../messages/merge-patch.ts';
import type { Verdict } from '../../../messages/verdict.ts';
import type { WekaContainer, WekaContainerStatus } from '../../../messages/weka-container.ts';
import { createScene, UP_MS_MAX } from '../../sim/scene.ts';
import { containerOf, type Given, NODE, podFor } from '../../support/containers.ts';
import { passFor } from '../../support/pass.ts';
import { agentOk, type Line, ok, playStep } from '../../support/play.ts';
import { withServer } from './support.ts';

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly type: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}
const ALL = '/apis/weka.weka.io/v1alpha1/wekacontainers';
const AS_TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

test('the columns, their types, and which of them only -o wide shows', async () => {
  await withServer(async ({ ask }) => {
    const { columnDefinitions } = (await ask(ALL, { accept: AS_TABLE })).body as Table;
    assert.equal(
      columnDefinitions.map(({ name, type, priority }) => `${name} ${type} ${priority}`),
      [
        'Name string 0',
        'Status string 0',
        'Mode string 0',
        'Management IPs string 0',
        'Node string 0',
        'Processes string 1',
        'Drives string 1',
        'Mounts string 1',
        'CPU string 1',
        'Age date 0',
        'Weka cID string 1',
        'Capacity string 1',
      ],
    );
  });
});

type Change = { readonly status?: unknown };
/** The container after one step has said its word. */
function after(container: WekaContainer, verdict: Verdict): WekaContainer {
  const { status } = verdict as Change;
  return { ...container, status: mergePatch(container.status ?? {}, status ?? {}) as WekaContainerStatus };
}
const figures = (drives: object = {}): Line => [
  'agent POST /getContainerInfo',
  agentOk({ container_metrics: { processes: { active: 4, created: 4 }, cpuUtilization: '43.86', drives } }),
];
const passOf = (container: WekaContainer) => passFor(container, { world: [podFor(container)] });

/** As the active flow leaves it: first values, addresses, figures. */
function shown(
  mode: 'drive' | 'client' | 'compute',
  ips: string,
  lines: readonly Line[],
  given: Given = {},
): WekaContainer {
  let container = containerOf(mode, {
    ...given,
    metadata: { ownerReferences: [], finalizers: [] },
    status: { status: 'Running', nodeAffinity: NODE, ...given.status },
  });
  container = after(container, initState(passOf(container)));
  const read = playStep(reconcileManagementIps(passOf(container)), [['exec GetManagementIps', ok(ips)]]);
  container = after(container, read.verdict);
  return after(container, playStep(setStatusMetrics(passOf(container)), lines).verdict);
}

test('spec 07 §23 #16, #44: the cells of each kind of container are the texts of the specification', async () => {
  const drive = shown(
    'drive',
    '10.0.0.1\n10.0.0.2\n',
    [figures({ counters: { active: 1, created: 2 }, failures: [{ serialId: 'S', wekaDriveId: 'D' }] })],
    { spec: { numCores: 3, numDrives: 2 }, status: { containerID: 0 } },
  );
  const client = shown(
    'client',
    'fd00::7\n',
    [
      figures(),
      ['agent GET /getActiveMounts?container_name=w-client&container_uuid=uid-client', agentOk({ active_mounts: 0 })],
    ],
    { status: { containerID: 12 } },
  );
  const compute = containerOf('compute', { metadata: { ownerReferences: [], finalizers: [] }, status: null });
  await withServer(async ({ ask, store, clock }) => {
    for (const { apiVersion, kind, metadata, spec, status } of [drive, client, compute]) {
      const { name, namespace = '' } = metadata;
      const object = { apiVersion, kind, metadata: { name, namespace }, spec };
      const created = store.request({ verb: 'create', type: CONTAINERS, object });
      assert.is(created.kind, 'ok', JSON.stringify(created));
      if (status === undefined) continue;
      const ref = refOf(CONTAINERS, metadata);
      const written = store.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
      assert.is(written.kind, 'ok', JSON.stringify(written));
    }
    clock.advance(125_000);
    const { rows } = (await ask(ALL, { accept: AS_TABLE })).body as Table;
    assert.equal(
      rows.map(({ cells }) => cells),
      [
        ['client', 'Running', 'client', 'fd00::7', NODE, '4/4/2', null, '0', '43.86', '2m5s', '12', null],
        ['compute', null, 'compute', null, null, null, null, null, null, '2m5s', null, null],
        ['drive', 'Running', 'drive', '10.0.0.1 (+1)', NODE, '4/4/4', '1/2/2', null, '43.86', '2m5s', '0', null],
      ],
    );
  });
});

test('a fleet that runs fills every column that its modes have', async () => {
  const scene = createScene({ seed: 'columns', nodes: 2, drive: 2, compute: 2 });
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  const figured = () => scene.own().every(({ status }) => status?.printer?.processes !== undefined);
  assert.type(await scene.until(figured, UP_MS_MAX), 'number');
  await withServer(
    async ({ ask }) => {
      const { rows } = (await ask(ALL, { accept: AS_TABLE })).body as Table;
      const own = rows.map(({ cells }) => cells).filter(([, , mode]) => mode === 'drive' || mode === 'compute');
      assert.is(own.length, 4);
      for (const cells of own) {
        const [, status, mode, ips, node, processes, drives, mounts, cpu, age, id] = cells.map((cell) => cell ?? '-');
        assert.is(`${status} ${processes} ${drives} ${mounts}`, `Running 2/2/2 ${mode === 'drive' ? '1/1/1' : '-'} -`);
        assert.match(`${ips} ${node} ${cpu} ${id}`, /^\d+(\.\d+){3} node-\d+ \d+\.\d\d \d+$/);
        assert.match(String(age), /^\d+[ms]/);
      }
    },
    { store: scene.world.store, clock: scene.clock },
  );
  scene.crash();
});

test.run();
