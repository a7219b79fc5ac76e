/** Runs every case of golden folders through the real rules and tells how it went. run.ts is its command line. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { judge } from './compare.ts';
import type { Golden, Kind } from './kind.ts';

/** Exit code: 1 when a case failed, a folder holds none or is missing, or no folder is named. Lines go to `print`. */
export async function runFolders(folders: readonly string[], print: (line: string) => void): Promise<0 | 1> {
  const missing = folders.flatMap(problemOf);
  if (folders.length === 0) missing.push('name at least one golden folder, for example ../shared/golden/pods');
  for (const problem of missing) print(`conformance: ${problem}`);
  if (missing.length > 0) return 1;

  const cases = folders.flatMap((folder) => filesOf(folder).map((name) => join(folder, name)));
  const kinds = await loadKinds();
  let failed = 0;
  for (const file of cases) {
    const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
    const problems = judge(golden, kinds.get(golden.kind ?? 'pod'));
    if (problems.length === 0) continue;
    failed++;
    print(`FAILED ${basename(file, '.json')}: ${golden.about}`);
    for (const line of problems) print(`  ${line}`);
  }
  print(`${cases.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();

function problemOf(folder: string): readonly string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [`${folder}: there is no such folder`];
  return filesOf(folder).length === 0 ? [`${folder}: holds no case (*.json)`] : [];
}

/** Each file of kinds/ exports its kind as `kind`. */
async function loadKinds(): Promise<ReadonlyMap<string, Kind>> {
  const folder = new URL('kinds/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const loaded = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
  return new Map(loaded.map(({ kind }: { kind: Kind }) => [kind.name, kind]));
}
