/** The process beside an operator that stays active and leads: it does not wait, and elects under a lease of its own. Source: spec 08, 8.6 and 8.8. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { selfSignedCertificate } from '../../deploy/sandbox/api/certificate.ts';
import { writeKubeconfig } from '../../deploy/sandbox/api/kubeconfig.ts';
import { createApiServer } from '../../deploy/sandbox/api/server.ts';
import { startController } from '../../deploy/sandbox/demo/controller-process.ts';
import { controllerEnvironment, freeAddresses } from '../../deploy/sandbox/demo/environment.ts';
import { systemClock } from '../../io/clock.ts';
import { LEADER_LEASE, OWN_LEASE } from '../../io/leader-election.ts';
import { REFERENCE_MANAGER } from '../../io/second-writer.ts';
import { type KubeObject, LEASES, NAMESPACES } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';
import { newStore } from './api/new-store.ts';
import { fakeExec, TOKEN } from './api/support.ts';

const NAMESPACE = 'weka-operator';
const HOST = '127.0.0.1';
type Lease = KubeObject & {
  readonly metadata: { readonly managedFields?: readonly { readonly manager: string }[] };
  readonly spec?: { readonly holderIdentity?: string };
};

test('BESIDE_ACTIVE_OPERATOR: the leader’s lease stays its own; ours is held under another name, by a manager of our name', async () => {
  const store = newStore(simClock());
  store.request({
    verb: 'create',
    type: NAMESPACES,
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  });
  const theirs = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEADER_LEASE, namespace: NAMESPACE },
    spec: { holderIdentity: 'weka-operator-7c9', leaseDurationSeconds: 3_600 },
  };
  store.request({ verb: 'create', type: LEASES, object: theirs });
  const held = new Promise<Lease>((resolve) => {
    store.watch({ type: LEASES, resourceVersion: '', sendInitialEvents: true }, (event) => {
      if (event.kind === 'added' && event.object.metadata.name === OWN_LEASE) resolve(event.object as Lease); // Of that type.
    });
  });
  const tls = selfSignedCertificate([HOST], systemClock.wallMs());
  const tokens = new Map([[TOKEN, 'controller']]);
  const server = await createApiServer({
    store,
    exec: fakeExec([]),
    tokens,
    clock: simClock(),
    host: HOST,
    tls,
    port: 0,
  });
  const folder = mkdtempSync(join(tmpdir(), 'beside-'));
  const [kubeconfig, log] = [join(folder, 'kubeconfig'), join(folder, 'log')];
  await writeKubeconfig(kubeconfig, server.url, TOKEN, tls.cert);
  const env = controllerEnvironment(kubeconfig, NAMESPACE, await freeAddresses());
  const process = startController(
    { ...env, ENABLE_LEADER_ELECTION: 'true', BESIDE_ACTIVE_OPERATOR: 'true' },
    log,
    systemClock,
  );
  try {
    const ended = process.ended.then((how) => {
      throw new Error(`${how}:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
    });
    const { spec, metadata } = await Promise.race([held, ended]);
    assert.match(String(spec?.holderIdentity), /^sandbox-controller_/);
    assert.equal(
      metadata.managedFields?.map(({ manager }) => manager),
      ['wekacontainer-controller'],
    );
    assert.is.not(metadata.managedFields?.[0]?.manager, REFERENCE_MANAGER);
    const leader = store.get<Lease>({ type: LEASES, namespace: NAMESPACE, name: LEADER_LEASE });
    assert.is(leader?.spec?.holderIdentity, 'weka-operator-7c9');
  } finally {
    await process.stop(5_000);
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
