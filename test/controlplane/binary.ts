/** The control plane's binary: built once from the Go program beside this file, kept in the user's cache by what it was built from. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const HERE = import.meta.dirname;
const SOURCES = ['main.go', 'go.mod', 'go.sum'] as const;
const KUBERNETES = 'v1.36.3';
const VERSION = 'k8s.io/component-base/version';
/** Without these versions, features that are gated by them are off. */
const FLAGS = ['gitVersion=v1.36.3', 'gitMajor=1', 'gitMinor=36'].map((each) => `-X ${VERSION}.${each}`);
const ARGV = ['build', '-trimpath', '-ldflags', ['-s', '-w', ...FLAGS].join(' ')];
/** A first build compiles all of Kubernetes. */
const BUILD_MS_MAX = 30 * 60_000;

/** Folder of what is built from Go for tests. */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'wekacontainer-controller');

/** Undefined: no such program on PATH. */
export function programOf(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export type Binary =
  | { readonly kind: 'ready'; readonly path: string }
  | { readonly kind: 'missing'; readonly why: string };

/** `say` hears of a build, which takes minutes the first time. Rejects when it fails, with the compiler's words. */
export async function controlPlaneBinary(say: (text: string) => void): Promise<Binary> {
  const hash = createHash('sha256').update(ARGV.join(' '));
  for (const name of SOURCES) hash.update(readFileSync(join(HERE, name)));
  const path = join(CACHE, `controlplane-${KUBERNETES}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(path)) return { kind: 'ready', path };
  const go = programOf('go');
  if (go === undefined) {
    const why =
      'Go is not on PATH, so no control plane can be built; point KUBECONFIG at the file of any test cluster instead';
    return { kind: 'missing', why };
  }
  mkdirSync(CACHE, { recursive: true });
  say(`building a Kubernetes ${KUBERNETES} control plane (minutes the first time): ${path}`);
  // Under a name of its own until it is whole: two runs may build at once.
  const unfinished = `${path}.${process.pid}`;
  await run(go, [...ARGV, '-o', unfinished, '.'], { ...process.env, CGO_ENABLED: '0' });
  renameSync(unfinished, path);
  return { kind: 'ready', path };
}

/** Rejects with the last words of a program that fails. */
export function run(program: string, argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, argv, { cwd: HERE, env, timeout: BUILD_MS_MAX, maxBuffer: 16 << 20 }, (error, _out, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${program} ${argv.join(' ')}: ${error.message}\n${stderr.slice(-4_000)}`));
    });
  });
}
