/** The contract suite on a real API server: always a control plane of its own, whose history is short. */
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { systemClock } from '../../io/clock.ts';
import { execClient } from '../../io/exec-client.ts';
import { kubeClient } from '../../io/kube-client.ts';
import { loadCredentials } from '../../io/kube-credentials.ts';
import { noLog } from '../../io/log.ts';
import { systemRandom } from '../../io/random.ts';
import { CONFIG_MAPS, CONTAINERS, type Draft } from '../../messages/kube.ts';
import { fakeExec } from '../sandbox/api/support.ts';
import { plainClient } from '../support/plain-client.ts';
import { controlPlaneBinary } from './binary.ts';
import { proveContract } from './contract/all.ts';
import { startExecNode } from './contract/exec-node.ts';
import { done } from './contract/server.ts';
import { startControlPlane } from './control-plane.ts';

const CRDS = join(import.meta.dirname, '../../deploy/chart/crds');
const CRD = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const COMPACTION_SECONDS = 2;
const LOOK_AGAIN_MS = 100;
const WAIT_MS_MAX = 90_000;

const pause = (): Promise<void> => new Promise((resolve) => systemClock.after(LOOK_AGAIN_MS, resolve));
async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const fromMs = systemClock.monotonicMs();
  while (!(await holds())) {
    if (systemClock.monotonicMs() - fromMs > WAIT_MS_MAX) throw new Error(`not in ${WAIT_MS_MAX} ms: ${what}`);
    await pause();
  }
}

proveContract('kube-apiserver 1.36.3', async () => {
  const binary = await controlPlaneBinary(() => {});
  if (binary.kind === 'missing') throw new Error(binary.why);
  const folder = await mkdtemp(join(tmpdir(), 'controlplane-'));
  const plane = await startControlPlane({ binary: binary.path, folder, compactionSeconds: COMPACTION_SECONDS });
  const credentials = await loadCredentials({ clock: systemClock, log: noLog, kubeconfig: plane.kubeconfig });
  const userAgent = 'contract-test/1.0';
  const kube = kubeClient({ credentials, clock: systemClock, random: systemRandom, userAgent });
  const exec = execClient({ credentials, clock: systemClock, userAgent });
  const plain = plainClient({ origin: plane.url, token: plane.token, certificate: plane.certificate });
  for (const name of globSync('*.yaml', { cwd: CRDS })) {
    const object = load(readFileSync(join(CRDS, name), 'utf8')) as Draft;
    done(await kube.request({ verb: 'create', type: CRD, object }));
  }
  const list = () => kube.list({ verb: 'list', type: CONTAINERS, limit: 1 });
  await eventually('the CRDs are served', async () => (await list()).kind === 'ok');
  const node = await startExecNode('contract-node', kube, fakeExec([]));

  /** A list of its own tells when history is gone: two objects, of which the second one is never read in time. */
  const forgetHistory = async (): Promise<void> => {
    const metadata = { namespace: 'default', generateName: 'history-' };
    const write = () => plain.ask('/api/v1/namespaces/default/configmaps', { method: 'POST', body: { metadata } });
    await write();
    await write();
    const first = done(await kube.list({ verb: 'list', type: CONFIG_MAPS, namespace: 'default', limit: 1 }));
    const next = { verb: 'list', type: CONFIG_MAPS, namespace: 'default', limit: 1, continue: first.continue } as const;
    await eventually('history is compacted', async () => {
      await write();
      const { continue: token = '', ...more } = next;
      return (await kube.list({ ...more, continue: token })).kind === 'gone';
    });
  };
  return {
    kube,
    exec,
    plain,
    token: plane.token,
    node: node.name,
    eventually,
    forgetHistory,
    close: async () => {
      exec.close();
      await node.close();
      await plain.close();
      await kube.close();
      credentials.stop();
      await plane.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
