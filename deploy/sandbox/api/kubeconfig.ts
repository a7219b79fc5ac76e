/** Writes a kubeconfig file for one server and one token. */
import { writeFile } from 'node:fs/promises';
import { dump } from 'js-yaml';

/**
 * Readable by its owner only. `certificate` is the PEM text that the server's certificate must match.
 * kubectl sends the token only to an `https:` server.
 */
export async function writeKubeconfig(path: string, url: string, token: string, certificate?: string): Promise<void> {
  const name = 'sandbox';
  const authority =
    certificate === undefined ? {} : { 'certificate-authority-data': Buffer.from(certificate).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, ...authority } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  await writeFile(path, dump(config), { mode: 0o600 });
}
