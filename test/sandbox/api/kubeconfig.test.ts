/** The written kubeconfig as a reader of YAML finds it; kubectl.test.ts uses one. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeKubeconfig } from '../../../deploy/sandbox/api/kubeconfig.ts';

test('kubeconfig: names server, token and certificate, for its owner only', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-test-'));
  try {
    const path = join(folder, 'config');
    await writeKubeconfig(path, 'https://127.0.0.1:1', 'token: "x"', 'PEM');
    const config = load(await readFile(path, 'utf8')) as Record<string, unknown>;
    const cluster = { server: 'https://127.0.0.1:1', 'certificate-authority-data': 'UEVN' };
    assert.equal(config.clusters, [{ name: 'sandbox', cluster }]);
    assert.equal(config.users, [{ name: 'sandbox', user: { token: 'token: "x"' } }]);
    assert.is(config['current-context'], 'sandbox');
    assert.is((await stat(path)).mode & 0o777, 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
