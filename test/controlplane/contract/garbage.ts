/** What goes with its owner, and the end of a namespace. */
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, CONTAINERS, type KubeObject, NAMESPACES, SECRETS } from '../../../messages/kube.ts';
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
  newNamespace,
  ownedBy,
  type Place,
  pathOf,
  read,
  refTo,
  withFinalizers,
} from './server.ts';

const KEEP = 'example.com/keep';
const x = (place: Place) => inNamespace(place, CONTAINERS, 'x');
const child = (place: Place, name = 'child') => inNamespace(place, CONFIG_MAPS, name);
const makeOwner = (place: Place): Promise<KubeObject> => create(place, CONTAINERS, container(place, 'x'));
const remove = (place: Place, propagation: 'Background' | 'Foreground' | 'Orphan') =>
  place.kube.request({ verb: 'delete', ref: x(place), propagation });
const release = (place: Place, name = 'child') =>
  place.kube.request({ verb: 'mergePatch', ref: child(place, name), patch: { metadata: { finalizers: null } } });

export const GARBAGE = [
  behaviour('background: the owner goes at once, what it owns a moment later', async (place) => {
    await create(place, CONFIG_MAPS, ownedBy(configMap(place, 'child'), await makeOwner(place)));
    await create(place, CONFIG_MAPS, configMap(place, 'free'));
    done(await remove(place, 'Background'));
    assert.is(await exists(place, x(place)), false);
    await gone(place, child(place));
    assert.is(await exists(place, child(place, 'free')), true);
  }),
  behaviour('foreground: the owner waits for those that block it', async (place) => {
    const owner = await makeOwner(place);
    const blocking = ownedBy(configMap(place, 'child'), owner, { blockOwnerDeletion: true });
    await create(place, CONFIG_MAPS, withFinalizers(blocking, KEEP));
    const marked = done(await remove(place, 'Foreground'));
    assert.equal(marked.metadata.finalizers, ['foregroundDeletion']);
    assert.ok(marked.metadata.deletionTimestamp !== undefined);
    await place.eventually('the dependent is being deleted', async () => {
      return (await read(place, child(place))).metadata.deletionTimestamp !== undefined;
    });
    assert.is(await exists(place, x(place)), true);
    done(await release(place));
    await gone(place, child(place));
    await gone(place, x(place));
  }),
  behaviour('orphan: what it owns stays, without the reference', async (place) => {
    await create(place, CONFIG_MAPS, ownedBy(configMap(place, 'child'), await makeOwner(place)));
    done(await remove(place, 'Orphan'));
    await gone(place, x(place));
    assert.is((await read(place, child(place))).metadata.ownerReferences, undefined);
  }),
  behaviour('an owner that does not exist, by its uid, is as good as gone', async (place) => {
    const owner = await makeOwner(place);
    const uid = '00000000-0000-4000-8000-000000000000';
    await create(place, CONFIG_MAPS, ownedBy(configMap(place, 'stale'), owner, { uid }));
    await create(place, CONFIG_MAPS, ownedBy(configMap(place, 'child'), owner));
    await gone(place, child(place, 'stale'));
    assert.is(await exists(place, child(place)), true);
  }),
  behaviour('one owner of two gone: the object stays, without that reference', async (place) => {
    const [one, two] = [await makeOwner(place), await create(place, CONTAINERS, container(place, 'y'))];
    const draft = ownedBy(configMap(place, 'child'), one);
    const references = [...(draft.metadata.ownerReferences ?? [])];
    const second = ownedBy(configMap(place, 'child'), two).metadata.ownerReferences ?? [];
    const metadata = { ...draft.metadata, ownerReferences: [...references, ...second] };
    await create(place, CONFIG_MAPS, { ...draft, metadata });
    done(await remove(place, 'Background'));
    await place.eventually('one owner is left', async () => {
      const owners = (await read(place, child(place))).metadata.ownerReferences;
      return owners.length === 1 && owners[0].name === 'y';
    });
  }),
  behaviour('a dependent with a finalizer is marked, and held', async (place) => {
    const draft = withFinalizers(ownedBy(configMap(place, 'child'), await makeOwner(place)), KEEP);
    await create(place, CONFIG_MAPS, draft);
    done(await remove(place, 'Background'));
    await place.eventually('the dependent is being deleted', async () => {
      return (await read(place, child(place))).metadata.deletionTimestamp !== undefined;
    });
    done(await release(place));
    assert.is(await exists(place, child(place)), false);
  }),
  behaviour('two controllers of one object, or an owner without uid, are a 422', async (place) => {
    const owner = await makeOwner(place);
    const bad = async (more: object): Promise<unknown> => {
      const object = ownedBy(configMap(place, 'child'), owner, more);
      const outcome = await place.kube.request({ verb: 'create', type: CONFIG_MAPS, object });
      return outcome.kind === 'refused' ? outcome.status : outcome.kind;
    };
    assert.is(await bad({ uid: '' }), 422);
    assert.is(await bad({ kind: '' }), 422);
    const [reference] = ownedBy(configMap(place, 'child'), owner, { controller: true }).metadata.ownerReferences ?? [];
    const draft = configMap(place, 'child');
    const two = {
      ...draft,
      metadata: { ...draft.metadata, ownerReferences: [reference, { ...reference, name: 'y' }] },
    };
    const { code, body } = await place.plain.ask(pathOf(place, CONFIG_MAPS), { method: 'POST', body: two });
    assert.is(code, 422);
    assert.match(body.message, /Only one reference can have Controller set to true/);
  }),
  behaviour('a namespace on its way out takes nothing new, empties itself and goes', async (place) => {
    const inner = { ...place, namespace: `${place.namespace}-inner` };
    await newNamespace(place, inner.namespace);
    const ref = { type: NAMESPACES, name: inner.namespace };
    await create(inner, SECRETS, { ...configMap(inner, 's'), kind: 'Secret' });
    await create(inner, CONTAINERS, withFinalizers(container(inner, 'x'), KEEP));
    done(await place.kube.request({ verb: 'delete', ref }));
    const refused = await place.kube.request({
      verb: 'create',
      type: CONFIG_MAPS,
      object: configMap(inner, 'late'),
    });
    assert.equal([refused.kind, refused.kind === 'refused' && refused.status], ['refused', 403]);
    assert.match(
      messageOf(refused),
      `configmaps "late" is forbidden: unable to create new content in namespace ${inner.namespace} because it is being terminated`,
    );
    assert.is((await read(place, ref)).status.phase, 'Terminating');
    await gone(place, inNamespace(inner, SECRETS, 's'));
    await place.eventually('the container is being deleted', async () => {
      return (await read(place, x(inner))).metadata.deletionTimestamp !== undefined;
    });
    assert.is(await exists(place, ref), true);
    const patch = { metadata: { finalizers: null } };
    done(await place.kube.request({ verb: 'mergePatch', ref: x(inner), patch }));
    await gone(place, ref);
    assert.is(refTo(NAMESPACES, await createAgain(place, inner.namespace)).name, inner.namespace);
  }),
];

/** A namespace's name is free once it is gone. */
async function createAgain(place: Place, name: string): Promise<KubeObject> {
  await newNamespace(place, name);
  return read(place, { type: NAMESPACES, name });
}
