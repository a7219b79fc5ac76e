/** Unmodified kubectl against the modelled API server, over TLS on loopback. Without kubectl on PATH: one line, no test. */
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selfSignedCertificate } from '../../deploy/sandbox/api/certificate.ts';
import { writeKubeconfig } from '../../deploy/sandbox/api/kubeconfig.ts';
import { type ApiServer, createApiServer } from '../../deploy/sandbox/api/server.ts';
import type { ApiStore } from '../../deploy/sandbox/world/api.ts';
import { rfc3339, systemClock } from '../../io/clock.ts';
import { CONTAINERS, type Draft, EVENTS, NODES, PODS, refOf } from '../../messages/kube.ts';
import { newStore } from './api/new-store.ts';
import { containerDraft, fakeExec, NAMESPACE, podDraft, TOKEN } from './api/support.ts';

const KUBECTL_TIMEOUT_MS = 30_000;

const kubectlPath = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'kubectl'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

interface World {
  readonly store: ApiStore;
  readonly server: ApiServer;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}
interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const kubectl = suite<{ world: World }>('kubectl');
const ref = (name: string) => refOf(CONTAINERS, { namespace: NAMESPACE, name });

kubectl.before(async (ctx) => {
  const store = newStore(systemClock);
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-test-'));
  const tls = selfSignedCertificate(['127.0.0.1'], systemClock.wallMs());
  const server = await createApiServer({
    store,
    exec: fakeExec([]),
    tokens: new Map([[TOKEN, 'admin']]),
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    tls,
  });
  const config = join(folder, 'config');
  await writeKubeconfig(config, server.url, TOKEN, tls.cert);
  // A home of its own: no settings, plugins or cached discovery of whoever runs the tests.
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: config, KUBECACHEDIR: join(folder, 'cache') };
  ctx.world = { store, server, folder, env };
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } };
  store.request({ verb: 'create', type: NODES, object: node });
  store.request({ verb: 'create', type: PODS, object: podDraft('pod-1') });
});
kubectl.after(async ({ world }) => {
  await world.server.close();
  await rm(world.folder, { recursive: true, force: true });
});

/** One run; `input` becomes its standard input. Every call names the namespace. */
function run({ env }: World, argv: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env, timeout: KUBECTL_TIMEOUT_MS };
    const child = execFile(kubectlPath ?? '', ['-n', NAMESPACE, ...argv], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
/** The same, where it must succeed; gives its output. */
async function output(world: World, argv: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await run(world, argv, input);
  assert.is(code, 0, `kubectl ${argv.join(' ')}: ${stderr}`);
  return stdout;
}
const cellsOf = (line: string | undefined): readonly string[] => (line ?? '').trim().split(/\s{2,}/);
const yamlOf = (draft: Draft): string => JSON.stringify(draft); // JSON is YAML too.

kubectl('version and api-resources show server and types', async ({ world }) => {
  assert.match(await output(world, ['version']), /Server Version: v1\./);
  const resources = await output(world, ['api-resources', '--api-group=weka.weka.io', '-o', 'wide']);
  assert.match(resources, /wekacontainers +weka\.weka\.io\/v1alpha1 +true +WekaContainer +create,delete/);
  assert.match(await output(world, ['api-resources', '--namespaced=false']), /nodes +no +v1 +false +Node/);
});

kubectl('apply creates, changes, and says when nothing changed', async ({ world }) => {
  const apply = (more: Record<string, unknown>) =>
    output(world, ['apply', '-f', '-'], yamlOf(containerDraft('applied', more)));
  assert.is(await apply({}), 'wekacontainer.weka.weka.io/applied created\n');
  assert.is(await apply({ numCores: 2 }), 'wekacontainer.weka.weka.io/applied configured\n');
  assert.is(await apply({ numCores: 2 }), 'wekacontainer.weka.weka.io/applied unchanged\n');
  assert.is((world.store.get(ref('applied')) as { spec?: { numCores: number } } | undefined)?.spec?.numCores, 2);
});

kubectl('apply names unknown fields and broken rules', async ({ world }) => {
  const apply = (more: Record<string, unknown>) =>
    run(world, ['apply', '-f', '-'], yamlOf(containerDraft('bad', more)));
  assert.match((await apply({ typo: 1 })).stderr, /BadRequest.*strict decoding error: unknown field "spec\.typo"/);
  assert.match(
    (await apply({ mode: 'odd' })).stderr,
    /The WekaContainer "bad" is invalid: .*spec\.mode: Unsupported value: "odd"/s,
  );
  assert.match(
    (await apply({ containerCapacity: -1 })).stderr,
    /is invalid: spec: Invalid value: .*containerCapacity must be greater than 0/,
  );
  assert.is(world.store.get(ref('bad')), undefined);
});

kubectl('server-side apply creates, changes, and reports conflicts', async ({ world }) => {
  const apply = (manager: string, more: Record<string, unknown>) =>
    run(
      world,
      ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
      yamlOf(containerDraft('served', more)),
    );
  assert.is((await apply('one', { port: 14000 })).stdout, 'wekacontainer.weka.weka.io/served serverside-applied\n');
  const conflict = await apply('two', { port: 15000 });
  assert.is(conflict.code, 1);
  assert.match(conflict.stderr, /conflict with "one".*\.spec\.port/s);
});

kubectl('get shows printer columns over all namespaces, -o wide adds more', async ({ world }) => {
  world.store.request({ verb: 'create', type: CONTAINERS, object: containerDraft('seen') });
  const [head, ...rows] = (await output(world, ['get', 'wekacontainers', '-A', '-o', 'wide'])).split('\n');
  assert.equal(cellsOf(head).slice(0, 4), ['NAMESPACE', 'NAME', 'STATUS', 'MODE']);
  for (const title of ['PROCESSES', 'DRIVES', 'MOUNTS', 'CPU', 'WEKA CID']) assert.match(head ?? '', new RegExp(title));
  const row = rows.find((line) => / seen /.test(line));
  assert.match(row ?? '', /^weka +seen .* drive .* \d+s/);
  assert.not.match((await output(world, ['get', 'wekacontainers'])).split('\n')[0] ?? '', /PROCESSES/);
});

kubectl('get understands selectors, names, output formats and pages', async ({ world }) => {
  for (const name of ['page-1', 'page-2', 'page-3']) {
    const draft = containerDraft(name);
    const metadata = { ...draft.metadata, labels: { pages: 'yes' } };
    world.store.request({ verb: 'create', type: CONTAINERS, object: { ...draft, metadata } });
  }
  const names =
    'wekacontainer.weka.weka.io/page-1\nwekacontainer.weka.weka.io/page-2\nwekacontainer.weka.weka.io/page-3\n';
  assert.is(await output(world, ['get', 'wekacontainers', '-l', 'pages=yes', '-o', 'name', '--chunk-size=2']), names);
  const mode = ['get', 'wekacontainer', 'page-1', '-o', 'jsonpath={.spec.mode}'];
  assert.is(await output(world, mode), 'drive');
  const sorted = await output(world, [
    'get',
    'wekacontainers',
    '-l',
    'pages=yes',
    '--sort-by=.metadata.name',
    '--no-headers',
  ]);
  assert.equal(
    sorted
      .trim()
      .split('\n')
      .map((line) => cellsOf(line)[0]),
    ['page-1', 'page-2', 'page-3'],
  );
  assert.match(await output(world, ['get', 'pods,nodes']), /pod\/pod-1.*node\/node-1/s);
});

kubectl('a missing object is told as kubectl users know it', async ({ world }) => {
  const { code, stderr } = await run(world, ['get', 'wekacontainer', 'missing']);
  assert.equal([code, stderr], [1, 'Error from server (NotFound): wekacontainers.weka.weka.io "missing" not found\n']);
});

kubectl('describe shows the object and its events', async ({ world }) => {
  const { store } = world;
  store.request({ verb: 'create', type: CONTAINERS, object: containerDraft('told') });
  const time = rfc3339(systemClock.wallMs());
  const { uid } = store.get(ref('told'))?.metadata ?? { uid: '' };
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'told.1', namespace: NAMESPACE },
    involvedObject: {
      apiVersion: 'weka.weka.io/v1alpha1',
      kind: 'WekaContainer',
      namespace: NAMESPACE,
      name: 'told',
      uid,
    },
    reason: 'Joined',
    message: 'container joined its cluster',
    type: 'Normal',
    source: { component: 'weka-operator' },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
  assert.is(store.request({ verb: 'create', type: EVENTS, object: event }).kind, 'ok');
  const described = await output(world, ['describe', 'wekacontainer', 'told']);
  assert.match(described, /Name: +told/);
  assert.match(described, /Normal +Joined +\d+s +weka-operator +container joined its cluster/);
  assert.match(
    await output(world, ['get', 'events']),
    /Normal +Joined +wekacontainer\/told +container joined its cluster/,
  );
  assert.match(await output(world, ['describe', 'node', 'node-1']), /Non-terminated Pods:.*pod-1/s);
  assert.match(await output(world, ['describe', 'pod', 'pod-1']), /Name: +pod-1/);
});

kubectl('label, annotate and cordon change the object', async ({ world }) => {
  const { store } = world;
  store.request({ verb: 'create', type: CONTAINERS, object: containerDraft('marked') });
  assert.is(
    await output(world, ['label', 'wekacontainer', 'marked', 'color=blue']),
    'wekacontainer.weka.weka.io/marked labeled\n',
  );
  await output(world, ['annotate', 'wekacontainer', 'marked', 'why=test']);
  const { labels, annotations } = store.get(ref('marked'))?.metadata ?? {};
  assert.equal([labels?.color, annotations?.why], ['blue', 'test']);
  assert.is(await output(world, ['cordon', 'node-1']), 'node/node-1 cordoned\n');
  const node = store.get(refOf(NODES, { name: 'node-1' })) as { spec?: { unschedulable?: boolean } } | undefined;
  assert.is(node?.spec?.unschedulable, true);
  assert.match(await output(world, ['get', 'nodes']), /node-1 +\S*SchedulingDisabled/);
  assert.is(await output(world, ['uncordon', 'node-1']), 'node/node-1 uncordoned\n');
});

kubectl('create namespace, configmap and secret arrive although kubectl sends them as protobuf', async ({ world }) => {
  assert.is(await output(world, ['create', 'namespace', 'extra']), 'namespace/extra created\n');
  await output(world, ['create', 'configmap', 'settings', '--from-literal=key=value']);
  await output(world, ['create', 'secret', 'generic', 'token', '--from-literal=key=value']);
  assert.is(await output(world, ['get', 'configmap', 'settings', '-o', 'jsonpath={.data.key}']), 'value');
  assert.is(await output(world, ['get', 'secret', 'token', '-o', 'jsonpath={.data.key}']), 'dmFsdWU=');
});

kubectl('drain deletes the pods of a node', async ({ world }) => {
  const { store } = world;
  store.request({
    verb: 'create',
    type: NODES,
    object: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-2' } },
  });
  const pod = podDraft('pod-2');
  const object = { ...pod, spec: { nodeName: 'node-2', containers: [{ name: 'c', image: 'i' }] } };
  store.request({ verb: 'create', type: PODS, object });
  const pods = refOf(PODS, { namespace: NAMESPACE, name: 'pod-2' });
  // What the kubelet does once the containers have stopped.
  const stop = store.watch({ type: PODS, resourceVersion: store.resourceVersion() }, (event) => {
    if (event.kind !== 'modified' || event.object.metadata.deletionTimestamp === undefined) return;
    store.request({ verb: 'delete', ref: pods, gracePeriodSeconds: 0 });
  });
  await output(world, ['drain', 'node-2', '--force', '--grace-period=5', '--timeout=20s']);
  stop();
  assert.is(store.get(pods), undefined);
});

kubectl('delete waits until the finalizers are gone', async ({ world }) => {
  const { store } = world;
  const draft = containerDraft('held');
  const metadata = { ...draft.metadata, finalizers: ['weka.weka.io/finalizer'] };
  store.request({ verb: 'create', type: CONTAINERS, object: { ...draft, metadata } });
  const stop = store.watch({ type: CONTAINERS, resourceVersion: store.resourceVersion() }, (event) => {
    if (event.kind !== 'modified' || event.object.metadata.deletionTimestamp === undefined) return;
    store.request({ verb: 'mergePatch', ref: ref('held'), patch: { metadata: { finalizers: null } } });
  });
  const said = await output(world, ['delete', 'wekacontainer', 'held', '--timeout=20s']);
  stop();
  assert.match(said, /wekacontainer\.weka\.weka\.io "held" deleted/);
  assert.is(store.get(ref('held')), undefined);
});

kubectl('get -w prints what is there, then a change', async ({ world }) => {
  const { store } = world;
  store.request({ verb: 'create', type: CONTAINERS, object: containerDraft('watched') });
  // By selector, not by name: of one named object kubectl takes the first event for what it has printed already.
  const argv = ['-n', NAMESPACE, 'get', 'wekacontainers', '--field-selector=metadata.name=watched', '-w'];
  const child = spawn(kubectlPath ?? '', argv, { env: world.env, timeout: KUBECTL_TIMEOUT_MS });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  let text = '';
  let changed = false;
  await new Promise<void>((resolve) => {
    child.on('close', () => resolve()); // Also its failure: then the text below is missing.
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!changed && / drive /.test(text)) {
        changed = true;
        store.request({
          verb: 'mergePatch',
          ref: ref('watched'),
          subresource: 'status',
          patch: { status: { status: 'Paused' } },
        });
      }
      if (/Paused/.test(text)) resolve();
    });
  });
  child.kill();
  await closed;
  const lines = text.trim().split('\n');
  assert.match(lines[0] ?? '', /^NAME +STATUS/);
  assert.match(lines.at(-1) ?? '', /^watched +Paused +drive/);
});

kubectl('exec passes arguments, input, both outputs and the exit code', async ({ world }) => {
  assert.is(await output(world, ['exec', 'pod-1', '--', 'echo', 'a b', 'c']), 'a b c\n');
  assert.is(await output(world, ['exec', '-i', 'pod-1', '--', 'cat'], 'one\ntwo\n'), 'one\ntwo\n');
  const failed = await run(world, ['exec', 'pod-1', '-c', 'weka-container', '--', 'fail']);
  assert.equal([failed.code, failed.stdout], [7, 'some\n']);
  assert.match(failed.stderr, /bad\n.*exit code 7/s);
});

kubectl('exec of what is not there fails with a clear text', async ({ world }) => {
  const unknown = await run(world, ['exec', 'pod-1', '--', 'nonsense']);
  assert.is(unknown.code, 127);
  assert.match(unknown.stderr, /nonsense: command not found/);
  assert.match((await run(world, ['exec', 'pod-2', '--', 'echo'])).stderr, /pods "pod-2" not found/);
  assert.match(
    (await run(world, ['exec', 'pod-1', '-c', 'x', '--', 'echo'])).stderr,
    /container x is not valid for pod pod-1/,
  );
  assert.match((await run(world, ['logs', 'pod-1'])).stderr, /logs of pods are not modelled/);
});

kubectl('explain reads the schema', async ({ world }) => {
  const explained = await output(world, ['explain', 'wekacontainers.spec']);
  assert.match(explained, /KIND: +WekaContainer/);
  assert.match(explained, /numCores\t<integer>/);
  assert.match(await output(world, ['explain', 'wekacontainers.spec', '--recursive']), /basePort\t<integer>/);
});

kubectl('auth can-i and whoami know the token', async ({ world }) => {
  assert.is(await output(world, ['auth', 'can-i', 'delete', 'pods']), 'yes\n');
  assert.match(await output(world, ['auth', 'whoami']), /Username +admin/);
});

if (kubectlPath === undefined) {
  process.stdout.write('kubectl: not on PATH, its tests are left out\n');
  suite('kubectl is absent').run(); // The runner takes a file in which nothing ran for a mistake.
} else kubectl.run();
