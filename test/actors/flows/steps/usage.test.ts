/** What a pod uses, told to the trace of traced containers alone. Source: spec 07, 17; I7. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isBeingTraced, reportUsage } from '../../../../actors/flows/steps/usage.ts';
import type { TraceLog } from '../../../../io/trace-log.ts';
import { POD_METRICS, PODS } from '../../../../messages/kube.ts';
import { done } from '../../../../messages/verdict.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from '../../../sim/scene.ts';
import { containerOf, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { absent, did, playStep } from '../../../support/play.ts';

const stats = {
  processes: { active: 3, created: 5, desired: 4 },
  drives: { counters: { active: 1, created: 2, desired: 2 } },
};
const drive = containerOf('drive', { status: { stats } });
const metrics = {
  apiVersion: 'metrics.k8s.io/v1beta1',
  kind: 'PodMetrics',
  metadata: drive.metadata,
  containers: [
    { name: 'weka-container', usage: { cpu: '1500m', memory: '2Gi' } },
    { name: 'side', usage: { cpu: '250000000n', memory: '1Mi' } },
  ],
};
const pod = {
  ...podFor(drive),
  spec: {
    containers: [
      { name: 'weka-container', resources: { requests: { cpu: '2', memory: '4Gi' }, limits: { memory: '8Gi' } } },
      { name: 'side', resources: {} },
    ],
  },
};
const GET_METRICS = 'get pods/weka/drive';

test('use, requests and limits of all containers in cores and bytes, and the counts of its process', () => {
  const { calls, verdict } = playStep(reportUsage(passFor(drive)), [
    [GET_METRICS, did(metrics)],
    [GET_METRICS, did(pod)],
  ]);
  const types = calls.map((call) =>
    call.kind === 'kube' && 'ref' in call.request ? call.request.ref.type : undefined,
  );
  assert.equal(types, [POD_METRICS, PODS]);
  assert.equal('figures' in verdict && verdict.figures, {
    cpu_usage: 1.75,
    memory_usage: 2 * 1024 ** 3 + 1024 ** 2,
    cpu_request: 2,
    memory_request: 4 * 1024 ** 3,
    cpu_limit: 0,
    memory_limit: 8 * 1024 ** 3,
    desired_processes: 4,
    created_processes: 4,
    active_processes: 3,
    desired_drives: 2,
    created_drives: 2,
    active_drives: 1,
  });
});

test('without a metrics server there is nothing to tell, and no error', () => {
  assert.equal(playStep(reportUsage(passFor(drive)), [[GET_METRICS, absent]]).verdict, done);
});

test('only those whose trace goes to the log are asked about', () => {
  const traced = (traceContainers: readonly string[], traceSamplePercent = 0) =>
    isBeingTraced(passFor(drive, { settings: { traceContainers, traceSamplePercent } }));
  assert.is(traced([]), false);
  assert.is(traced(['weka/other']), false);
  assert.is(traced(['weka/drive']), true);
  assert.is(traced([], 100), true);
});

test('in a running fleet the figures come out in the trace of the container', async () => {
  const causes: string[] = [];
  const traceLog: TraceLog = {
    of: () => (record) => void causes.push(record.cause),
    choose: () => {},
    forget: () => {},
  };
  const scene = createScene({
    seed: 'usage',
    nodes: 1,
    drive: 1,
    compute: 1,
    env: { TRACE_SAMPLE_PERCENT: '100' },
    controller: { traceLog },
    outside: {
      kube: (api) => ({
        ...api,
        request: (request, signal) =>
          request.verb === 'get' && request.ref.type.kind === 'PodMetrics'
            ? Promise.resolve(did(metrics))
            : api.request(request, signal),
      }),
    },
  });
  scene.start();
  const told = () => causes.filter((cause) => cause.startsWith('cpu_usage=1.75 memory_usage='));
  assert.type(await scene.until(() => told().length > 1, UP_MS_MAX + 5 * MINUTE_MS), 'number');
  scene.crash();
});

test.run();
