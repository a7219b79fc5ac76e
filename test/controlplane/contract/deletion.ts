/** The end of one object: preconditions, grace, finalizers. */
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, CONTAINERS, type KubeOutcome, type KubeRequest, PODS } from '../../../messages/kube.ts';
import {
  behaviour,
  configMap,
  container,
  create,
  done,
  exists,
  gone,
  inNamespace,
  messageOf,
  type Place,
  pathOf,
  pathTo,
  pod,
  read,
  refTo,
  runningPod,
  withFinalizers,
  withLabels,
} from './server.ts';

type DeleteOptions = Omit<Extract<KubeRequest, { verb: 'delete' }>, 'verb' | 'ref'>;
const x = (place: Place) => inNamespace(place, CONTAINERS, 'x');
const remove = (place: Place, options: DeleteOptions = {}, ref = x(place)): Promise<KubeOutcome> =>
  place.kube.request({ verb: 'delete', ref, ...options });
const KEEP = 'example.com/keep';
const makeHeld = (place: Place) => create(place, CONTAINERS, withFinalizers(container(place, 'x'), KEEP));
const finalizers = (place: Place, value: readonly string[] | null) =>
  place.kube.request({ verb: 'mergePatch', ref: x(place), patch: { metadata: { finalizers: value } } });

export const DELETIONS = [
  behaviour('without a finalizer it goes at once; the answer is a Status', async (place) => {
    const { metadata } = await create(place, CONTAINERS, container(place, 'x'));
    const { code, body } = await place.plain.ask(pathTo(x(place)), { method: 'DELETE' });
    assert.equal([code, body.kind, body.status], [200, 'Status', 'Success']);
    const { uid } = metadata;
    assert.equal(body.details, { name: 'x', group: 'weka.weka.io', kind: 'wekacontainers', uid });
    assert.is(await exists(place, x(place)), false);
  }),
  behaviour('a deleted pod is answered as it was last', async (place) => {
    await create(place, PODS, pod(place, 'p', { schedulerName: 'nobody' }));
    const ref = inNamespace(place, PODS, 'p');
    const { code, body } = await place.plain.ask(pathTo(ref), { method: 'DELETE' });
    assert.equal([code, body.kind, body.metadata?.name], [200, 'Pod', 'p']);
    assert.is(await exists(place, ref), false);
  }),
  behaviour('a finalizer holds it: deletionTimestamp, no grace, one generation more', async (place) => {
    const made = await makeHeld(place);
    const answer = done(await remove(place));
    const { metadata } = await read(place, x(place));
    assert.equal(answer.metadata, metadata);
    assert.match(metadata.deletionTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal([metadata.deletionGracePeriodSeconds, metadata.generation], [0, 2]);
    assert.ok(Number(metadata.resourceVersion) > Number(made.metadata.resourceVersion));
  }),
  behaviour('a second delete changes nothing', async (place) => {
    await makeHeld(place);
    const first = done(await remove(place));
    const second = done(await remove(place));
    assert.equal(second.metadata, first.metadata);
  }),
  behaviour('the last finalizer gone, so is the object; the patch answers with what it was', async (place) => {
    await makeHeld(place);
    done(await remove(place));
    const last = done(await finalizers(place, null));
    assert.is(last.metadata.finalizers, undefined);
    assert.ok(last.metadata.deletionTimestamp !== undefined);
    assert.is(await exists(place, x(place)), false);
  }),
  behaviour('an object on its way out takes no new finalizers: 422', async (place) => {
    await makeHeld(place);
    done(await remove(place));
    const outcome = await finalizers(place, [KEEP, 'example.com/late']);
    assert.equal([outcome.kind, outcome.kind === 'refused' && outcome.status], ['refused', 422]);
    assert.match(
      messageOf(outcome),
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/late"}',
    );
  }),
  behaviour('an object on its way out can still be changed, and its name is still taken', async (place) => {
    await makeHeld(place);
    done(await remove(place));
    done(await place.kube.request({ verb: 'mergePatch', ref: x(place), patch: { spec: { numCores: 2 } } }));
    const patch = { status: { status: 'Destroying' } };
    done(await place.kube.request({ verb: 'mergePatch', ref: x(place), subresource: 'status', patch }));
    const now = await read(place, x(place));
    assert.equal([now.spec.numCores, now.status.status, now.metadata.generation], [2, 'Destroying', 3]);
    const again = await place.kube.request({ verb: 'create', type: CONTAINERS, object: container(place, 'x') });
    assert.is(again.kind, 'alreadyExists');
    assert.match(messageOf(again), /already exists/);
  }),
  behaviour('finalizers come off while nothing is deleted, and nothing happens', async (place) => {
    await makeHeld(place);
    done(await finalizers(place, null));
    assert.is(await exists(place, x(place)), true);
  }),
  behaviour('a delete of another uid or version is a conflict and deletes nothing', async (place) => {
    const { metadata } = await create(place, CONTAINERS, container(place, 'x'));
    const uid = '00000000-0000-4000-8000-000000000000';
    for (const wrong of [{ uid }, { resourceVersion: '1' }, { uid: metadata.uid, resourceVersion: '1' }]) {
      const outcome = await remove(place, wrong);
      assert.is(outcome.kind, 'conflict', JSON.stringify(outcome));
      assert.match(messageOf(outcome), /in the precondition \(.*\) does not match/);
    }
    assert.is(await exists(place, x(place)), true);
    done(await remove(place, { uid: metadata.uid, resourceVersion: metadata.resourceVersion }));
    assert.is(await exists(place, x(place)), false);
  }),
  behaviour('a pod on a node gets its grace; a shorter one counts, a longer one does not', async (place) => {
    const ref = refTo(PODS, await runningPod(place, 'p'));
    const first = done(await remove(place, {}, ref)).metadata;
    assert.is(first.deletionGracePeriodSeconds, 30);
    const longer = done(await remove(place, { gracePeriodSeconds: 60 }, ref)).metadata;
    assert.equal([longer.deletionGracePeriodSeconds, longer.deletionTimestamp], [30, first.deletionTimestamp]);
    const shorter = done(await remove(place, { gracePeriodSeconds: 10 }, ref)).metadata;
    assert.is(shorter.deletionGracePeriodSeconds, 10);
    const seconds = (text = ''): number => Date.parse(text) / 1000;
    assert.is(seconds(first.deletionTimestamp) - seconds(shorter.deletionTimestamp), 20);
    await remove(place, { gracePeriodSeconds: 0 }, ref);
    await gone(place, ref);
  }),
  behaviour('a pod with a finalizer outlives its grace', async (place) => {
    const ref = refTo(PODS, await runningPod(place, 'p', { finalizers: [KEEP] }));
    done(await remove(place, { gracePeriodSeconds: 0 }, ref));
    const { metadata } = await read(place, ref);
    assert.equal([metadata.deletionGracePeriodSeconds, metadata.finalizers], [0, [KEEP]]);
    done(await place.kube.request({ verb: 'mergePatch', ref, patch: { metadata: { finalizers: null } } }));
    await gone(place, ref);
  }),
  behaviour('a pod that waits for a node goes at once', async (place) => {
    const ref = refTo(PODS, await create(place, PODS, pod(place, 'p', { schedulerName: 'nobody' })));
    done(await remove(place, {}, ref));
    assert.is(await exists(place, ref), false);
  }),
  behaviour('what is removed is told as deleted, with the state it had last', async (place) => {
    await makeHeld(place);
    const { metadata } = done(await remove(place));
    const watch = await place.plain.watch(
      `${pathOf(place, CONTAINERS)}?watch=1&resourceVersion=${metadata.resourceVersion}`,
    );
    done(await finalizers(place, null));
    const { type, object } = await watch.next();
    assert.equal([type, object.metadata.uid], ['DELETED', metadata.uid]);
    assert.ok(Number(object.metadata.resourceVersion) > Number(metadata.resourceVersion));
  }),
  behaviour('a collection is deleted by its labels', async (place) => {
    await create(place, CONFIG_MAPS, withLabels(configMap(place, 'a'), { app: 'weka' }));
    await create(place, CONFIG_MAPS, configMap(place, 'b'));
    const path = `${pathOf(place, CONFIG_MAPS)}?labelSelector=app%3Dweka`;
    assert.is((await place.plain.ask(path, { method: 'DELETE' })).code, 200);
    await gone(place, inNamespace(place, CONFIG_MAPS, 'a'));
    assert.is(await exists(place, inNamespace(place, CONFIG_MAPS, 'b')), true);
  }),
];
