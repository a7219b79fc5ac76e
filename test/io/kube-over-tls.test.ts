/** Client, watcher and store against the modelled API server over real TLS: the whole way of a watch event, and of new certificates. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { selfSignedCertificate } from '../../deploy/sandbox/api/certificate.ts';
import { createApiServer } from '../../deploy/sandbox/api/server.ts';
import { systemClock } from '../../io/clock.ts';
import { kubeClient } from '../../io/kube-client.ts';
import type { KubeCredential } from '../../io/kube-credentials.ts';
import { noLog } from '../../io/log.ts';
import { type Change, createStore } from '../../io/store.ts';
import { startWatcher } from '../../io/watcher.ts';
import { CONFIG_MAPS, type KubeObject, refOf } from '../../messages/kube.ts';
import { newStore } from '../sandbox/api/new-store.ts';
import { fakeExec } from '../sandbox/api/support.ts';
import { simClock } from '../support/sim-clock.ts';

const configMap = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'weka' },
  data: { value },
});
type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

async function setUp() {
  const tls = selfSignedCertificate(['localhost', '127.0.0.1'], systemClock.wallMs());
  const world = newStore(simClock());
  const server = await createApiServer({
    store: world,
    exec: fakeExec([]),
    tokens: new Map([['good', 'admin']]),
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    tls,
  });
  const credentialWith = (token: string): KubeCredential => ({
    headers: { authorization: `Bearer ${token}` },
    tls: { ca: tls.cert },
  });
  let current = credentialWith('expired');
  let refreshes = 0;
  const client = kubeClient({
    credentials: {
      baseUrl: server.url,
      current: () => current,
      refresh: async () => {
        refreshes++;
        current = credentialWith('good');
      },
      stop: () => undefined,
    },
    clock: systemClock,
    random: () => 0.5,
    userAgent: 'test/1',
  });
  return {
    client,
    world,
    rotate: () => {
      current = credentialWith('good');
    },
    untrust: () => {
      current = { ...current, tls: {} };
    },
    refreshes: () => refreshes,
    close: async () => {
      await client.close();
      await server.close();
    },
  };
}

test('lists, watches, writes and reads its own writes over TLS, with a token renewed after 401 and new certificates meanwhile', async () => {
  const { client, world, rotate, refreshes, close } = await setUp();
  for (const name of ['a', 'b', 'c'])
    world.request({ verb: 'create', type: CONFIG_MAPS, object: configMap(name, '1') });
  const project = (object: KubeObject) => object as ConfigMap;
  const store = createStore<ConfigMap>({ project, clock: systemClock, log: noLog });
  const until = (matches: (change: Change<ConfigMap>) => boolean) =>
    new Promise<void>((resolve) => {
      const end = store.onChange((change) => {
        if (!matches(change)) return;
        end();
        resolve();
      });
    });
  const options = { api: client, type: CONFIG_MAPS, namespace: 'weka', project, clock: systemClock, log: noLog };
  const watcher = startWatcher<ConfigMap>({ ...options, random: () => 0.5, pageSize: 2 }, store.take);
  try {
    await store.whenSynced;
    assert.is(refreshes(), 1);
    assert.equal(
      store
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
      ['a', 'b', 'c'],
    );

    const created = await client.request({ verb: 'create', type: CONFIG_MAPS, object: configMap('d', '1') });
    assert.is(created.kind, 'ok');
    const again = await client.request({ verb: 'create', type: CONFIG_MAPS, object: configMap('d', '1') });
    assert.is(again.kind, 'alreadyExists');
    if (created.kind === 'ok') store.put(created.answer);
    assert.is(store.byName('weka', 'd')?.data?.value, '1');

    rotate(); // The watch runs on with the old connection, new requests go over new ones.
    const changed = until(({ kind, origin }) => kind === 'changed' && origin === 'watch');
    const ref = refOf(CONFIG_MAPS, { namespace: 'weka', name: 'a' });
    const stale = { metadata: { resourceVersion: '1' }, data: { value: '2' } };
    assert.is((await client.request({ verb: 'mergePatch', ref, patch: stale })).kind, 'conflict');
    assert.is((await client.request({ verb: 'mergePatch', ref, patch: { data: { value: '2' } } })).kind, 'ok');
    await changed;
    assert.is(store.byName('weka', 'a')?.data?.value, '2');

    const gone = until(({ kind }) => kind === 'gone');
    await client.request({ verb: 'delete', ref });
    await gone;
    assert.is(store.byName('weka', 'a'), undefined);
    assert.is((await client.request({ verb: 'get', ref })).kind, 'notFound');
    assert.is(watcher.counts().listings, 1);
  } finally {
    watcher.stop();
    await close();
  }
});

test('close ends a watch that still runs on a connection with old certificates', async () => {
  const { client, rotate, close } = await setUp();
  rotate();
  const request = { type: CONFIG_MAPS, resourceVersion: '', sendInitialEvents: true };
  let heard = () => {};
  const first = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const end = client.watch(request, () => heard(), new AbortController().signal);
  await first;
  rotate();
  await client.list({ verb: 'list', type: CONFIG_MAPS });
  await close();
  assert.is((await end).kind, 'transport');
});

test('a server whose certificate we do not trust is a transport outcome', async () => {
  const { client, untrust, close } = await setUp();
  untrust();
  try {
    const outcome = await client.list({ verb: 'list', type: CONFIG_MAPS });
    assert.is(outcome.kind, 'transport');
    assert.match((outcome as { cause: string }).cause, /self-signed certificate/);
  } finally {
    await close();
  }
});

test.run();
