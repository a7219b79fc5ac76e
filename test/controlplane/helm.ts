/** Helm for the chart's suite: built once from its published source and kept in the user's cache, or the one on PATH. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type Binary, CACHE, programOf, run } from './binary.ts';

const VERSION = 'v3.22.0';

/** Rejects when a build fails. */
export async function helmBinary(): Promise<Binary> {
  const folder = join(CACHE, `helm-${VERSION}`);
  const path = join(folder, 'helm');
  if (existsSync(path)) return { kind: 'ready', path };
  const go = programOf('go');
  if (go === undefined) {
    const found = programOf('helm');
    return found === undefined
      ? { kind: 'missing', why: 'neither helm nor Go is on PATH' }
      : { kind: 'ready', path: found };
  }
  mkdirSync(CACHE, { recursive: true });
  // Under a name of its own until it is whole: two runs may build at once.
  const unfinished = `${folder}.${process.pid}`;
  const env = { ...process.env, CGO_ENABLED: '0', GOBIN: unfinished };
  await run(go, ['install', '-trimpath', `helm.sh/helm/v3/cmd/helm@${VERSION}`], env);
  mkdirSync(folder, { recursive: true });
  renameSync(join(unfinished, 'helm'), path);
  return { kind: 'ready', path };
}
