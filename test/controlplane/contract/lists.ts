/** Lists: pages, selectors, which state they show. */
import * as assert from 'uvu/assert';
import { collectionPath } from '../../../io/kube-path.ts';
import { CONFIG_MAPS, CONTAINERS, PODS } from '../../../messages/kube.ts';
import {
  behaviour,
  configMap,
  container,
  create,
  done,
  inNamespace,
  namesOf,
  type Place,
  pathOf,
  pod,
  runningPod,
  withLabels,
} from './server.ts';

async function createContainers(place: Place, ...names: readonly string[]): Promise<void> {
  for (const name of names) await create(place, CONTAINERS, container(place, name));
}
const selected = async (place: Place, selector: object, type = CONTAINERS): Promise<readonly string[]> =>
  namesOf(done(await place.kube.list({ verb: 'list', type, namespace: place.namespace, ...selector })).items);

export const LISTS = [
  behaviour('a list in pages is whole, in order, of one moment', async (place) => {
    const { kube, namespace } = place;
    await createContainers(place, 'a', 'b', 'c', 'd', 'e');
    const page = async (next?: string) =>
      done(
        await kube.list({
          verb: 'list',
          type: CONTAINERS,
          namespace,
          limit: 2,
          ...(next === undefined ? {} : { continue: next }),
        }),
      );
    const first = await page();
    await createContainers(place, 'aa', 'f');
    await kube.request({ verb: 'delete', ref: inNamespace(place, CONTAINERS, 'd') });
    const second = await page(first.continue);
    const third = await page(second.continue);
    assert.equal(
      [first, second, third].map(({ items }) => namesOf(items)),
      [['a', 'b'], ['c', 'd'], ['e']],
    );
    assert.equal([second.resourceVersion, third.resourceVersion], [first.resourceVersion, first.resourceVersion]);
    assert.is(third.continue, undefined);
  }),
  behaviour('an expired continue token is a 410', async (place) => {
    const { kube, namespace } = place;
    await createContainers(place, 'a', 'b');
    const list = { verb: 'list', type: CONTAINERS, namespace, limit: 1 } as const;
    const first = done(await kube.list(list));
    await createContainers(place, 'c');
    await place.forgetHistory();
    const next = { ...list, continue: first.continue ?? '' };
    await place.eventually('the token has expired', async () => (await kube.list(next)).kind === 'gone');
  }),
  behaviour('a malformed continue token is a 400', async ({ kube, namespace }) => {
    const outcome = await kube.list({ verb: 'list', type: CONTAINERS, namespace, limit: 1, continue: 'nonsense' });
    assert.equal([outcome.kind, outcome.kind === 'refused' && outcome.status], ['refused', 400]);
  }),
  behaviour('a list names its kind; items of built-in types do not name theirs', async (place) => {
    await createContainers(place, 'a');
    await create(place, CONFIG_MAPS, configMap(place, 'a'));
    const [custom, builtin] = [
      (await place.plain.ask(pathOf(place, CONTAINERS))).body,
      (await place.plain.ask(pathOf(place, CONFIG_MAPS))).body,
    ];
    assert.equal([custom.kind, custom.apiVersion], ['WekaContainerList', 'weka.weka.io/v1alpha1']);
    assert.equal([custom.items[0].kind, custom.items[0].apiVersion], ['WekaContainer', 'weka.weka.io/v1alpha1']);
    assert.equal([builtin.kind, builtin.apiVersion], ['ConfigMapList', 'v1']);
    assert.equal([builtin.items[0].kind, builtin.items[0].apiVersion], [undefined, undefined]);
  }),
  behaviour('a list at resourceVersion 0 or at a known one is answered', async (place) => {
    await createContainers(place, 'a');
    const version = done(await place.kube.list({ verb: 'list', type: CONTAINERS })).resourceVersion;
    for (const resourceVersion of ['0', version]) {
      const { code, body } = await place.plain.ask(`${pathOf(place, CONTAINERS)}?resourceVersion=${resourceVersion}`);
      assert.is(code, 200);
      assert.ok(Array.isArray(body.items));
    }
  }),
  behaviour('a list at exactly a version shows the state of then', async (place) => {
    await createContainers(place, 'a');
    const { resourceVersion } = done(await place.kube.list({ verb: 'list', type: CONTAINERS }));
    await createContainers(place, 'b');
    const query = `resourceVersionMatch=Exact&resourceVersion=${resourceVersion}`;
    const { body } = await place.plain.ask(`${pathOf(place, CONTAINERS)}?${query}`);
    assert.equal([namesOf(body.items), body.metadata.resourceVersion], [['a'], resourceVersion]);
    const unversioned = await place.plain.ask(`${pathOf(place, CONTAINERS)}?resourceVersionMatch=Exact`);
    assert.equal([unversioned.code, unversioned.body.reason], [422, 'Invalid']);
  }),
  behaviour('label selectors', async (place) => {
    for (const [name, labels] of [
      ['a', { app: 'weka', role: 'drive' }],
      ['b', { app: 'weka', role: 'compute' }],
      ['c', { app: 'other' }],
    ] as const)
      await create(place, CONTAINERS, withLabels(container(place, name), labels));
    const by = (labelSelector: string) => selected(place, { labelSelector });
    assert.equal(await by('app=weka'), ['a', 'b']);
    assert.equal(await by('app==weka,role!=drive'), ['b']);
    assert.equal(await by('role!=drive'), ['b', 'c']);
    assert.equal(await by('role in (drive, compute)'), ['a', 'b']);
    assert.equal(await by('role notin (drive)'), ['b', 'c']);
    assert.equal(await by('role'), ['a', 'b']);
    assert.equal(await by('!role'), ['c']);
  }),
  behaviour('field selectors', async (place) => {
    await create(place, PODS, pod(place, 'waits', { schedulerName: 'nobody' }));
    await runningPod(place, 'runs');
    const by = (fieldSelector: string) => selected(place, { fieldSelector }, PODS);
    assert.equal(await by('metadata.name=waits'), ['waits']);
    assert.equal(await by(`spec.nodeName=${place.node}`), ['runs']);
    assert.equal(await by('spec.nodeName='), ['waits']);
    assert.equal(await by('status.phase!=Running'), ['waits']);
    assert.equal(await by(`metadata.namespace=${place.namespace},status.phase=Running`), ['runs']);
    await createContainers(place, 'one', 'two');
    assert.equal(await selected(place, { fieldSelector: 'metadata.name=two' }), ['two']);
  }),
  behaviour('a selector that cannot be read, or a field that cannot be selected, is a 400', async ({ kube }) => {
    const statusOf = async (selector: object): Promise<unknown> => {
      const outcome = await kube.list({ verb: 'list', type: CONTAINERS, ...selector });
      return outcome.kind === 'refused' ? outcome.status : outcome.kind;
    };
    assert.is(await statusOf({ labelSelector: 'a in' }), 400);
    assert.is(await statusOf({ fieldSelector: 'spec.mode=drive' }), 400);
    assert.is(await statusOf({ fieldSelector: 'nonsense' }), 400);
  }),
  behaviour('a list without a namespace is of all of them', async (place) => {
    await createContainers(place, 'everywhere');
    const { items } = done(await place.kube.list({ verb: 'list', type: CONTAINERS }));
    assert.ok(items.some(({ metadata }) => metadata.namespace === place.namespace && metadata.name === 'everywhere'));
    assert.is((await place.plain.ask(collectionPath(CONTAINERS, 'no-such-namespace'))).body.items.length, 0);
  }),
];
