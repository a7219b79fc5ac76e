/** The store: creating, reading and changing objects, subresources, conflicts, what a write may touch. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, NAMESPACES, NODES, PODS } from '../../messages/kube.ts';
import { type Any, answer, core, GADGETS, gadget, gadgetRef, line, pod, refusal, world } from './api-store.support.ts';

const create = (object: Any) => ({ verb: 'create', type: GADGETS, object }) as const;

test('a created object gets uid, resourceVersion, generation 1, time and defaults, and is frozen', () => {
  const { store } = world();
  const made = answer(store.request(create(gadget('a'))));
  assert.match(made.metadata.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.is(made.metadata.resourceVersion, store.resourceVersion());
  assert.is(made.metadata.generation, 1);
  assert.match(made.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(made.spec, { size: 2, color: 'red' });
  assert.ok(
    Object.isFrozen(made) && Object.isFrozen(made.spec) && Object.isFrozen(made.metadata.managedFields[0].fieldsV1),
  );
  assert.is(store.get(gadgetRef('a')), made);
});

test('the draft of a caller is neither frozen nor kept', () => {
  const { store } = world();
  const draft = gadget('a') as Any;
  answer(store.request(create(draft)));
  draft.spec.size = 50;
  assert.is((store.get(gadgetRef('a')) as Any).spec.size, 2);
});

test('a second create of a name is alreadyExists', () => {
  const { store } = world();
  answer(store.request(create(gadget('a'))));
  assert.is(refusal(store.request(create(gadget('a')))), 'alreadyExists: gadgets.shop.example.com "a" already exists');
});

test('generateName appends five letters and leaves them to chance', () => {
  const { store } = world();
  const object = { ...gadget('x'), metadata: { generateName: 'a-', namespace: 'default' } };
  const [one, other] = [answer(store.request(create(object))), answer(store.request(create(object)))];
  assert.match(one.metadata.name, /^a-[a-z0-9]{5}$/);
  assert.is.not(one.metadata.name, other.metadata.name);
});

test('a name that is no DNS name is refused in the words of the API server', () => {
  const { store } = world();
  assert.match(
    refusal(store.request(create(gadget('A_b')))),
    /^422 Invalid: Gadget\.shop\.example\.com "A_b" is invalid: metadata\.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist/,
  );
});

test('get of an absent object is notFound', () => {
  const { store } = world();
  assert.is(
    refusal(store.request({ verb: 'get', ref: gadgetRef('a') })),
    'notFound: gadgets.shop.example.com "a" not found',
  );
});

test('a namespace that is absent is 404, one that is being deleted 403', () => {
  const { store } = world();
  const inTeam = gadget('a', { size: 2 }, { namespace: 'team' });
  assert.is(refusal(store.request(create(inTeam))), 'notFound: namespaces "team" not found');
  answer(store.request({ verb: 'create', type: NAMESPACES, object: core('Namespace', 'team') }));
  answer(store.request(create(inTeam)));
  answer(store.request({ verb: 'delete', ref: { type: NAMESPACES, name: 'team' } }));
  assert.is(
    refusal(store.request(create(gadget('b', { size: 2 }, { namespace: 'team' })))),
    '403 Forbidden: gadgets.shop.example.com "b" is forbidden: unable to create new content in namespace team because it is being terminated',
  );
});

test('a PUT with an old resourceVersion is a conflict, in the words of the API server', () => {
  const { store } = world();
  const made = answer(store.request(create(gadget('a'))));
  const changed = { ...made, spec: { size: 4 } };
  answer(store.request({ verb: 'replace', ref: gadgetRef('a'), object: changed }));
  assert.is(
    refusal(store.request({ verb: 'replace', ref: gadgetRef('a'), object: { ...made, spec: { size: 6 } } })),
    'conflict: Operation cannot be fulfilled on gadgets.shop.example.com "a": the object has been modified; please apply your changes to the latest version and try again',
  );
});

test('a PUT without resourceVersion is refused for custom types and unconditional for built-in ones', () => {
  const { store } = world();
  answer(store.request(create(gadget('a'))));
  assert.is(
    refusal(store.request({ verb: 'replace', ref: gadgetRef('a'), object: gadget('a', { size: 4 }) as Any })),
    '422 Invalid: gadgets.shop.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  );
  const map = core('ConfigMap', 'm', { data: { a: '1' } }, { namespace: 'default' });
  answer(store.request({ verb: 'create', type: CONFIG_MAPS, object: map }));
  const ref = { type: CONFIG_MAPS, namespace: 'default', name: 'm' };
  const object = { ...map, data: { a: '2' } } as Any;
  assert.equal(answer(store.request({ verb: 'replace', ref, object })).data, { a: '2' });
});

test('a PUT that names another uid, name or kind is refused', () => {
  const { store } = world();
  const made = answer(store.request(create(gadget('a'))));
  const put = (object: Any) => refusal(store.request({ verb: 'replace', ref: gadgetRef('a'), object }));
  assert.match(put({ ...made, metadata: { ...made.metadata, uid: 'u' } }), /^conflict: .*Precondition failed: UID/);
  assert.match(
    put({ ...made, metadata: { ...made.metadata, name: 'b' } }),
    /^400 BadRequest: the name of the object \(b\)/,
  );
  assert.match(
    put({ ...made, kind: 'Other' }),
    /^422 Invalid: Other\.shop\.example\.com "a" is invalid: kind: Invalid value: "Other": must be Gadget/,
  );
});

test('a write that changes nothing makes no revision and no event', () => {
  const { store } = world();
  const made = answer(store.request(create(gadget('a'))));
  const events: string[] = [];
  const stop = store.watch({ type: GADGETS, resourceVersion: store.resourceVersion() }, (e) => events.push(line(e)));
  const before = store.resourceVersion();
  const again = answer(store.request({ verb: 'replace', ref: gadgetRef('a'), object: structuredClone(made) }));
  assert.is(again, made);
  answer(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: { spec: { size: 2 } } }));
  answer(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: { metadata: { labels: {} } } }));
  assert.is(store.resourceVersion(), before);
  assert.equal(events, []);
  stop();
});

test('the generation counts changes of the spec, not of metadata or status', () => {
  const { store } = world();
  answer(store.request(create(gadget('a'))));
  const patch = (body: unknown, subresource?: 'status') =>
    answer(
      store.request({
        verb: 'mergePatch',
        ref: gadgetRef('a'),
        patch: body,
        ...(subresource === undefined ? {} : { subresource }),
      }),
    ).metadata.generation;
  assert.is(patch({ metadata: { labels: { a: 'b' } } }), 1);
  assert.is(patch({ status: { phase: 'Up' } }, 'status'), 1);
  assert.is(patch({ spec: { size: 4 } }), 2);
});

test('the main resource leaves the status alone, and the status subresource everything else', () => {
  const { store } = world();
  const made = answer(store.request(create({ ...gadget('a'), status: { phase: 'Up' } } as Any)));
  assert.is(made.status, undefined);
  const patch = { metadata: { labels: { a: 'b' } }, spec: { size: 8 }, status: { seen: 1 } };
  const viaStatus = answer(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), subresource: 'status', patch }));
  assert.equal(
    [viaStatus.spec.size, viaStatus.metadata.labels, viaStatus.status],
    [2, undefined, { seen: 1, phase: 'New' }],
  );
  const viaMain = answer(
    store.request({
      verb: 'replace',
      ref: gadgetRef('a'),
      object: { ...viaStatus, spec: { size: 8 }, status: undefined },
    }),
  );
  assert.equal([viaMain.spec.size, viaMain.status], [8, { seen: 1, phase: 'New' }]);
});

test('a node carries labels and annotations through its status subresource; a config map has none', () => {
  const { store } = world();
  answer(
    store.request({ verb: 'create', type: NODES, object: core('Node', 'n', { status: { capacity: { cpu: '4' } } }) }),
  );
  const ref = { type: NODES, name: 'n' };
  const patch = {
    metadata: { annotations: { x: 'y' } },
    spec: { unschedulable: true },
    status: { capacity: { mem: '1' } },
  };
  const node = answer(store.request({ verb: 'mergePatch', ref, subresource: 'status', patch }));
  assert.equal(
    [node.metadata.annotations, node.spec, node.status.capacity],
    [{ x: 'y' }, undefined, { cpu: '4', mem: '1' }],
  );
  answer(
    store.request({ verb: 'create', type: CONFIG_MAPS, object: core('ConfigMap', 'm', {}, { namespace: 'default' }) }),
  );
  const map = { type: CONFIG_MAPS, namespace: 'default', name: 'm' };
  assert.match(
    refusal(store.request({ verb: 'mergePatch', ref: map, subresource: 'status', patch: {} })),
    /^notFound: /,
  );
});

test('a namespace starts Active, labelled with its own name', () => {
  const { store } = world();
  const made = answer(store.request({ verb: 'create', type: NAMESPACES, object: core('Namespace', 'team') }));
  assert.equal([made.status, made.metadata.labels], [{ phase: 'Active' }, { 'kubernetes.io/metadata.name': 'team' }]);
});

test('a dry run validates and answers but stores nothing', () => {
  const { store } = world();
  const before = store.resourceVersion();
  assert.is(answer(store.request(create(gadget('a')), { dryRun: true })).spec.color, 'red');
  assert.match(refusal(store.request(create(gadget('a', { size: 3 })), { dryRun: true })), /size must be even/);
  assert.equal([store.get(gadgetRef('a')), store.resourceVersion()], [undefined, before]);
  const made = answer(store.request(create(gadget('a'))));
  store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: { spec: { size: 4 } } }, { dryRun: true });
  store.request({ verb: 'delete', ref: gadgetRef('a') }, { dryRun: true });
  assert.is(store.get(gadgetRef('a')), made);
});

test('metadata that cannot be decoded is a bad request', () => {
  const { store } = world();
  assert.match(
    refusal(store.request(create(gadget('a', { size: 2 }, { labels: { a: 1 } })))),
    /^400 BadRequest: .*cannot unmarshal number into Go struct field ObjectMeta\.labels of type string/,
  );
  assert.match(
    refusal(store.request(create(gadget('a', { size: 2 }, { labels: { a: '-' } })))),
    /^422 Invalid: .*metadata\.labels/,
  );
});

test('a pod is defaulted, starts Pending, and may change only its images and tolerations', () => {
  const { store } = world();
  const made = answer(store.request({ verb: 'create', type: PODS, object: pod('p') }));
  assert.equal(
    [made.spec.restartPolicy, made.spec.terminationGracePeriodSeconds, made.status.phase],
    ['Always', 30, 'Pending'],
  );
  assert.equal(
    made.spec.tolerations.map((one: Any) => one.key),
    ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'],
  );
  const ref = { type: PODS, namespace: 'default', name: 'p' };
  const patch = (spec: unknown) => store.request({ verb: 'mergePatch', ref, patch: { spec } });
  assert.match(
    refusal(patch({ hostNetwork: true })),
    /^422 Invalid: Pod "p" is invalid: spec: Forbidden: pod updates may not change/,
  );
  assert.is(answer(patch({ tolerations: [] })), made, 'the default tolerations come back at once');
  answer(patch({ tolerations: [...made.spec.tolerations, { key: 'a', operator: 'Exists' }] }));
  assert.match(refusal(patch({ tolerations: [] })), /existing toleration can not be modified/);
  answer(patch({ nodeName: 'n1' }));
  assert.match(refusal(patch({ nodeName: 'n2' })), /spec: Forbidden/);
  assert.match(
    refusal(
      store.request({ verb: 'create', type: PODS, object: core('Pod', 'q', { spec: {} }, { namespace: 'default' }) }),
    ),
    /spec\.containers: Required value/,
  );
});

test.run();
