/** Loading a kubeconfig (with the real library, once) and keeping the credentials fresh on a virtual clock. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FORCED_REFRESH_MS_MIN,
  keepFresh,
  loadCredentials,
  READING_MS_MAX,
  REFRESH_MS,
} from '../../io/kube-credentials.ts';
import { noLog } from '../../io/log.ts';
import { simClock } from '../support/sim-clock.ts';
import { driveIo } from './drive-io.ts';

const b64 = (text: string) => Buffer.from(text).toString('base64');
const kubeconfig = (tokenFile: string) => `
apiVersion: v1
kind: Config
current-context: by-token
clusters:
  - name: one
    cluster: { server: 'https://127.0.0.1:6443/prefix/', certificate-authority-data: ${b64('CA')}, tls-server-name: api }
  - name: open
    cluster: { server: 'http://127.0.0.1:8001', insecure-skip-tls-verify: true }
contexts:
  - { name: by-token, context: { cluster: one, user: token } }
  - { name: by-cert, context: { cluster: one, user: cert } }
  - { name: by-plugin, context: { cluster: open, user: plugin } }
  - { name: by-file, context: { cluster: open, user: file } }
users:
  - { name: token, user: { token: abc } }
  - { name: cert, user: { client-certificate-data: ${b64('CERT')}, client-key-data: ${b64('KEY')} } }
  - name: plugin
    user:
      exec: { apiVersion: client.authentication.k8s.io/v1, command: echo, args: ['{"status":{"token":"from the plugin"}}'] }
  - name: file
    user: { auth-provider: { name: tokenFile, config: { tokenFile: '${tokenFile}' } } }
`;

test('a kubeconfig gives address, headers and TLS material: token, certificate, exec plugin, token file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  try {
    const [file, tokenFile] = [join(folder, 'config'), join(folder, 'token')];
    writeFileSync(file, kubeconfig(tokenFile));
    writeFileSync(tokenFile, 'from the file\n');
    const load = async (context?: string) => {
      const clock = simClock();
      const named = context === undefined ? {} : { context };
      const credentials = await loadCredentials({ clock, log: noLog, kubeconfig: file, ...named });
      credentials.stop();
      assert.is(clock.pendingCount(), 0);
      return { baseUrl: credentials.baseUrl, ...credentials.current() };
    };
    const tls = { ca: Buffer.from('CA'), servername: 'api' };
    assert.equal(await load(), {
      baseUrl: 'https://127.0.0.1:6443/prefix',
      headers: { authorization: 'Bearer abc' },
      tls,
    });
    assert.equal(await load('by-cert'), {
      baseUrl: 'https://127.0.0.1:6443/prefix',
      headers: {},
      tls: { ...tls, cert: Buffer.from('CERT'), key: Buffer.from('KEY') },
    });
    const open = { baseUrl: 'http://127.0.0.1:8001', tls: { rejectUnauthorized: false } };
    assert.equal(await load('by-plugin'), { ...open, headers: { authorization: 'Bearer from the plugin' } });
    assert.equal(await load('by-file'), { ...open, headers: { authorization: 'Bearer from the file' } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function setUp() {
  const clock = simClock();
  let token = 'one';
  let fails = false;
  const calls: string[] = [];
  const read = (how: string) => async () => {
    calls.push(how);
    await Promise.resolve();
    if (fails) throw new Error('unreadable');
    return { headers: { authorization: token }, tls: { ca: 'CA' } };
  };
  const credentials = await keepFresh(
    'http://x',
    { clock, log: noLog },
    { read: read('read'), reload: read('reload') },
  );
  calls.length = 0;
  return {
    clock,
    credentials,
    calls,
    set: (next: { token?: string; fails?: boolean }) => {
      token = next.token ?? token;
      fails = next.fails ?? false;
    },
  };
}

test('the timer re-reads, and what did not change keeps its identity', async () => {
  const { clock, credentials, calls, set } = await setUp();
  const first = credentials.current();
  await driveIo(clock, REFRESH_MS);
  assert.equal(calls, ['read']);
  assert.is(credentials.current(), first);
  set({ token: 'two' });
  await driveIo(clock, REFRESH_MS);
  assert.is(credentials.current().headers.authorization, 'two');
  assert.is(credentials.current().tls, first.tls);
  credentials.stop();
  assert.is(clock.pendingCount(), 0);
});

test('refreshes at the same time share one reading, and soon after another none is made', async () => {
  const { clock, credentials, calls } = await setUp();
  await Promise.all([credentials.refresh(), credentials.refresh(), credentials.refresh()]);
  assert.equal(calls, ['reload']);
  await credentials.refresh();
  assert.equal(calls, ['reload']);
  await driveIo(clock, FORCED_REFRESH_MS_MIN);
  await credentials.refresh();
  assert.equal(calls, ['reload', 'reload']);
  credentials.stop();
});

test('a reading that fails keeps the old credentials, and the timer goes on', async () => {
  const { clock, credentials, calls, set } = await setUp();
  set({ fails: true });
  await driveIo(clock, REFRESH_MS);
  await credentials.refresh();
  assert.is(credentials.current().headers.authorization, 'one');
  set({ token: 'two' });
  await driveIo(clock, REFRESH_MS);
  assert.is(credentials.current().headers.authorization, 'two');
  assert.equal(calls, ['read', 'reload', 'read']);
  credentials.stop();
});

test('a reading that hangs is given up, and later ones are made', async () => {
  const clock = simClock();
  let hangs = false;
  const read = () =>
    hangs ? new Promise<never>(() => undefined) : Promise.resolve({ headers: { authorization: 'x' }, tls: {} });
  const credentials = await keepFresh('http://x', { clock, log: noLog }, { read, reload: read });
  hangs = true;
  const refreshed = credentials.refresh();
  await driveIo(clock, READING_MS_MAX);
  await refreshed;
  credentials.stop();
  assert.is(clock.pendingCount(), 0);
});

test.run();
