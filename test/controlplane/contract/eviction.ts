/** Evictions, and the budgets that refuse them. A budget's status is written by hand on both sides. */
import * as assert from 'uvu/assert';
import { DISRUPTION_BUDGETS } from '../../../deploy/sandbox/world/store/builtin-types.ts';
import { PODS } from '../../../messages/kube.ts';
import type { Answer } from '../../support/plain-client.ts';
import { behaviour, create, done, exists, inNamespace, type Place, pathTo, pod, read, runningPod } from './server.ts';

const p = (place: Place) => inNamespace(place, PODS, 'p');
const LABELS = { labels: { app: 'weka' } };
const evict = (place: Place, name = 'p'): Promise<Answer> =>
  place.plain.ask(pathTo(p(place), 'eviction'), {
    method: 'POST',
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: place.namespace } },
  });
async function budget(place: Place, status: object | undefined): Promise<void> {
  await create(place, DISRUPTION_BUDGETS, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace: place.namespace, name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: LABELS.labels } },
  } as never);
  if (status === undefined) return;
  const whole = { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1, ...status };
  const ref = inNamespace(place, DISRUPTION_BUDGETS, 'b');
  done(await place.kube.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status: whole } }));
}

export const EVICTIONS = [
  behaviour('without a budget an eviction is a delete with grace', async (place) => {
    await runningPod(place, 'p', LABELS);
    const { code, body } = await evict(place);
    assert.equal([code, body.kind, body.status], [201, 'Status', 'Success']);
    assert.is((await read(place, p(place))).metadata.deletionGracePeriodSeconds, 30);
    assert.is((await evict(place)).code, 201);
  }),
  behaviour('an exhausted budget refuses: 429', async (place) => {
    await runningPod(place, 'p', LABELS);
    await budget(place, { disruptionsAllowed: 0 });
    const { code, body } = await evict(place);
    assert.equal([code, body.reason], [429, 'TooManyRequests']);
    assert.is(body.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    const message = 'The disruption budget b needs 1 healthy pods and has 1 currently';
    assert.equal(body.details.causes, [{ reason: 'DisruptionBudget', message }]);
    assert.is((await read(place, p(place))).metadata.deletionTimestamp, undefined);
  }),
  behaviour('a budget that nobody has looked at yet refuses for 10 s', async (place) => {
    await runningPod(place, 'p', LABELS);
    await budget(place, undefined);
    const { code, headers } = await evict(place);
    assert.equal([code, headers['retry-after']], [429, '10']);
  }),
  behaviour('an eviction takes one disruption from the budget', async (place) => {
    await runningPod(place, 'p', LABELS);
    await budget(place, { disruptionsAllowed: 1 });
    assert.is((await evict(place)).code, 201);
    const { status } = await read(place, inNamespace(place, DISRUPTION_BUDGETS, 'b'));
    assert.equal([status.disruptionsAllowed, Object.keys(status.disruptedPods)], [0, ['p']]);
    assert.ok((await read(place, p(place))).metadata.deletionTimestamp !== undefined);
  }),
  behaviour('a pod that does not work yet, or is on its way out, is no disruption', async (place) => {
    await budget(place, { disruptionsAllowed: 0 });
    const draft = pod(place, 'p', { schedulerName: 'nobody' });
    await create(place, PODS, { ...draft, metadata: { ...draft.metadata, ...LABELS } });
    assert.is((await evict(place)).code, 201);
    assert.is(await exists(place, p(place)), false);
  }),
  behaviour('an eviction of another name is a 400, of nobody a 404', async (place) => {
    assert.is((await evict(place)).code, 404);
    await runningPod(place, 'p');
    assert.is((await evict(place, 'q')).code, 400);
  }),
];
