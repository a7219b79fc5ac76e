/** The store: finalizers, preconditions, grace periods, owner garbage collection, the end of namespaces. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, EVENTS, JOBS, NAMESPACES, NODES, PODS } from '../../messages/kube.ts';
import {
  type Any,
  answer,
  core,
  GADGETS,
  gadget,
  gadgetRef,
  line,
  pod,
  refusal,
  type World,
  world,
} from './api-store.support.ts';

const make = ({ store }: World, type: Any, object: Any): Any => answer(store.request({ verb: 'create', type, object }));
const podRef = (name: string) => ({ type: PODS, namespace: 'default', name });

test('an object without finalizers goes at once; the deletion has a revision of its own', () => {
  const made = world();
  const { store } = made;
  const before = make(made, GADGETS, gadget('a'));
  const events: Any[] = [];
  const stop = store.watch({ type: GADGETS, resourceVersion: store.resourceVersion() }, (event) => events.push(event));
  answer(store.request({ verb: 'delete', ref: gadgetRef('a') }));
  stop();
  assert.is(store.get(gadgetRef('a')), undefined);
  assert.is(events.length, 1);
  assert.is(events[0].kind, 'deleted');
  assert.ok(Number(events[0].object.metadata.resourceVersion) > Number(before.metadata.resourceVersion));
  assert.match(refusal(store.request({ verb: 'delete', ref: gadgetRef('a') })), /^notFound/);
});

test('a finalizer keeps a deleted object until it is removed; none can be added meanwhile', () => {
  const made = world();
  const { store } = made;
  make(made, GADGETS, gadget('a', { size: 2 }, { finalizers: ['x.io/f'] }));
  const deleted = answer(store.request({ verb: 'delete', ref: gadgetRef('a') }));
  assert.is(deleted.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
  assert.equal([deleted.metadata.deletionGracePeriodSeconds, deleted.metadata.generation], [0, 2]);
  assert.is(answer(store.request({ verb: 'delete', ref: gadgetRef('a') })), deleted);
  assert.is(
    refusal(store.request({ verb: 'create', type: GADGETS, object: gadget('a') })),
    'alreadyExists: object is being deleted: gadgets.shop.example.com "a" already exists',
  );
  const finalizers = (list: string[]) =>
    store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: { metadata: { finalizers: list } } });
  assert.is(
    refusal(finalizers(['x.io/f', 'x.io/g'])),
    '422 Invalid: Gadget.shop.example.com "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.io/g"}',
  );
  const events: string[] = [];
  const stop = store.watch({ type: GADGETS, resourceVersion: store.resourceVersion() }, (event) =>
    events.push(line(event)),
  );
  answer(finalizers([]));
  stop();
  assert.equal([store.get(gadgetRef('a')), events], [undefined, ['deleted a']]);
});

test('a delete is refused when uid or resourceVersion differ from its preconditions', () => {
  const made = world();
  const { uid, resourceVersion } = make(made, GADGETS, gadget('a')).metadata;
  const remove = (more: Any) => made.store.request({ verb: 'delete', ref: gadgetRef('a'), ...more });
  assert.is(
    refusal(remove({ uid: 'other' })),
    `conflict: Operation cannot be fulfilled on Gadget.shop.example.com "a": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
  );
  assert.match(
    refusal(remove({ resourceVersion: '1' })),
    /the ResourceVersion in the precondition \(1\) does not match/,
  );
  answer(remove({ uid, resourceVersion }));
});

test('an unscheduled pod and a finished one go at once', () => {
  const made = world();
  make(made, PODS, pod('free'));
  make(made, PODS, pod('done', { nodeName: 'n' }));
  const patch = { status: { phase: 'Succeeded' } };
  answer(made.store.request({ verb: 'mergePatch', ref: podRef('done'), subresource: 'status', patch }));
  for (const name of ['free', 'done']) {
    answer(made.store.request({ verb: 'delete', ref: podRef(name) }));
    assert.is(made.store.get(podRef(name)), undefined);
  }
});

test('a bound pod waits for its kubelet: marked first, gone by the delete with period 0', () => {
  const made = world();
  make(made, PODS, pod('p', { nodeName: 'n', terminationGracePeriodSeconds: 120 }));
  const { metadata } = answer(made.store.request({ verb: 'delete', ref: podRef('p') }));
  assert.equal([metadata.deletionTimestamp, metadata.deletionGracePeriodSeconds], ['2026-01-01T00:02:00Z', 120]);
  made.pass(10_000);
  const again = answer(made.store.request({ verb: 'delete', ref: podRef('p') }));
  assert.is(again.metadata.deletionTimestamp, '2026-01-01T00:02:00Z');
  const shorter = answer(made.store.request({ verb: 'delete', ref: podRef('p'), gracePeriodSeconds: 30 }));
  assert.is(shorter.metadata.deletionTimestamp, '2026-01-01T00:00:30Z');
  const longer = answer(made.store.request({ verb: 'delete', ref: podRef('p'), gracePeriodSeconds: 60 }));
  assert.is(longer.metadata.deletionGracePeriodSeconds, 30);
  const patch = { metadata: { labels: { a: 'b' } } };
  answer(made.store.request({ verb: 'mergePatch', ref: podRef('p'), patch }));
  assert.ok(made.store.get(podRef('p')));
  answer(made.store.request({ verb: 'delete', ref: podRef('p'), gracePeriodSeconds: 0 }));
  assert.is(made.store.get(podRef('p')), undefined);
});

test('a pod with a finalizer outlives its kubelet', () => {
  const made = world();
  make(made, PODS, pod('p', { nodeName: 'n' }, { finalizers: ['x.io/f'] }));
  answer(made.store.request({ verb: 'delete', ref: podRef('p'), gracePeriodSeconds: 0 }));
  assert.is(made.store.get(podRef('p'))?.metadata.deletionGracePeriodSeconds, 0);
  answer(made.store.request({ verb: 'mergePatch', ref: podRef('p'), patch: { metadata: { finalizers: null } } }));
  assert.is(made.store.get(podRef('p')), undefined);
});

const ownedBy = (owner: Any, more: Any = {}) => ({
  ownerReferences: [
    { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid, ...more },
  ],
});

test('dependents go a moment after their owner, and theirs after them', () => {
  const made = world();
  const owner = make(made, GADGETS, gadget('owner'));
  const child = make(made, PODS, pod('child', {}, ownedBy(owner)));
  make(made, CONFIG_MAPS, core('ConfigMap', 'grandchild', {}, { namespace: 'default', ...ownedBy(child) }));
  answer(made.store.request({ verb: 'delete', ref: gadgetRef('owner') }));
  assert.ok(made.store.get(podRef('child')));
  made.pass(2000);
  assert.equal([made.store.all(PODS).length, made.store.all(CONFIG_MAPS).length], [0, 0]);
});

test('a dependent with another owner that is there stays, and loses the reference to the gone one', () => {
  const made = world();
  const [one, other] = [make(made, GADGETS, gadget('one')), make(made, GADGETS, gadget('other'))];
  const ownerReferences = [...ownedBy(one).ownerReferences, ...ownedBy(other).ownerReferences];
  make(made, PODS, pod('child', {}, { ownerReferences }));
  answer(made.store.request({ verb: 'delete', ref: gadgetRef('one') }));
  made.pass(2000);
  assert.equal(made.store.get(podRef('child'))?.metadata.ownerReferences, ownedBy(other).ownerReferences);
});

test('an owner that never was, of another uid, or in another namespace counts as gone', () => {
  const made = world();
  const owner = make(made, GADGETS, gadget('owner'));
  make(made, NAMESPACES, core('Namespace', 'team'));
  make(made, PODS, pod('other-uid', {}, ownedBy({ ...owner, metadata: { ...owner.metadata, uid: 'u' } })));
  make(made, PODS, pod('elsewhere', {}, { namespace: 'team', ...ownedBy(owner) }));
  make(made, PODS, pod('child', {}, ownedBy(owner)));
  made.pass(2000);
  assert.equal(
    made.store.all(PODS).map(({ metadata }) => metadata.name),
    ['child'],
  );
});

test('an owner of a type that is not served does not get its dependents deleted', () => {
  const made = world();
  const owner = { apiVersion: 'x.io/v1', kind: 'Unknown', metadata: { name: 'o', uid: 'u' } };
  make(made, PODS, pod('child', {}, ownedBy(owner)));
  made.pass(2000);
  assert.ok(made.store.get(podRef('child')));
});

test('foreground deletion waits for the dependents', () => {
  const made = world();
  const owner = make(made, GADGETS, gadget('owner'));
  make(made, PODS, pod('child', { nodeName: 'n' }, ownedBy(owner, { blockOwnerDeletion: true })));
  answer(made.store.request({ verb: 'delete', ref: gadgetRef('owner'), propagation: 'Foreground' }));
  made.pass(2000);
  assert.equal(made.store.get(gadgetRef('owner'))?.metadata.finalizers, ['foregroundDeletion']);
  assert.ok(made.store.get(podRef('child'))?.metadata.deletionTimestamp);
  answer(made.store.request({ verb: 'delete', ref: podRef('child'), gracePeriodSeconds: 0 }));
  made.pass(2000);
  assert.is(made.store.get(gadgetRef('owner')), undefined);
});

test('orphaning deletion leaves the dependents, without their reference', () => {
  const made = world();
  const owner = make(made, GADGETS, gadget('owner'));
  make(made, PODS, pod('child', {}, ownedBy(owner)));
  answer(made.store.request({ verb: 'delete', ref: gadgetRef('owner'), propagation: 'Orphan' }));
  made.pass(2000);
  assert.is(made.store.get(gadgetRef('owner')), undefined);
  assert.is(made.store.get(podRef('child'))?.metadata.ownerReferences, undefined);
});

test('a deleted namespace empties, waits for finalizers, and goes', () => {
  const made = world();
  make(made, NAMESPACES, core('Namespace', 'team'));
  make(made, GADGETS, gadget('plain', { size: 2 }, { namespace: 'team' }));
  make(made, GADGETS, gadget('held', { size: 2 }, { namespace: 'team', finalizers: ['x.io/f'] }));
  make(made, PODS, pod('bound', { nodeName: 'n' }, { namespace: 'team' }));
  const ref = { type: NAMESPACES, name: 'team' };
  const marked = answer(made.store.request({ verb: 'delete', ref }));
  assert.equal([marked.status.phase, marked.metadata.deletionTimestamp], ['Terminating', '2026-01-01T00:00:00Z']);
  made.pass(5000);
  assert.equal(
    made.store.all(GADGETS).map(({ metadata }) => metadata.name),
    ['held'],
  );
  assert.ok(made.store.get(ref));
  const held = { type: GADGETS, namespace: 'team', name: 'held' };
  answer(made.store.request({ verb: 'mergePatch', ref: held, patch: { metadata: { finalizers: [] } } }));
  answer(
    made.store.request({
      verb: 'delete',
      ref: { type: PODS, namespace: 'team', name: 'bound' },
      gracePeriodSeconds: 0,
    }),
  );
  made.pass(5000);
  assert.is(made.store.get(ref), undefined);
});

test('the namespaces that the server itself needs cannot be deleted', () => {
  const { store } = world();
  assert.is(
    refusal(store.request({ verb: 'delete', ref: { type: NAMESPACES, name: 'default' } })),
    '403 Forbidden: namespaces "default" is forbidden: this namespace may not be deleted',
  );
});

test('a collection is deleted by namespace and labels', () => {
  const made = world();
  for (const [name, color] of [
    ['a', 'red'],
    ['b', 'blue'],
    ['c', 'red'],
  ] as const) {
    make(made, CONFIG_MAPS, core('ConfigMap', name, {}, { namespace: 'default', labels: { color } }));
  }
  const request = {
    verb: 'deleteCollection',
    type: CONFIG_MAPS,
    namespace: 'default',
    labelSelector: 'color=red',
  } as const;
  answer(made.store.request(request));
  assert.equal(
    made.store.all(CONFIG_MAPS).map(({ metadata }) => metadata.name),
    ['b'],
  );
});

test('an event is gone an hour after its last write, once another is written', () => {
  const made = world();
  const event = (name: string) =>
    core('Event', name, { involvedObject: { namespace: 'default' }, count: 1 }, { namespace: 'default' });
  for (const name of ['old', 'renewed']) make(made, EVENTS, event(name));
  made.pass(3_000_000);
  const ref = { type: EVENTS, namespace: 'default', name: 'renewed' };
  answer(made.store.request({ verb: 'mergePatch', ref, patch: { count: 2 } }));
  made.pass(600_001);
  make(made, EVENTS, event('new'));
  assert.equal(
    made.store.all(EVENTS).map(({ metadata }) => metadata.name),
    ['new', 'renewed'],
  );
});

test('a job knows its pods by labels with its own uid', () => {
  const made = world();
  const template = { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } };
  const object = { ...core('Job', 'j', { spec: { template } }, { namespace: 'default' }), apiVersion: 'batch/v1' };
  const job = make(made, JOBS, object);
  assert.is(job.spec.template.metadata.labels['batch.kubernetes.io/controller-uid'], job.metadata.uid);
  assert.equal([job.spec.backoffLimit, job.spec.completions, job.status], [6, 1, {}]);
  make(made, NODES, core('Node', 'n'));
});

test.run();
