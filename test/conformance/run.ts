/**
 * `npm run conformance -- DIR…`: runs every case of the given golden folders through the real rules and prints, per failing
 * case, what the reference has and what we have. Exit 1 when a case failed, none was found, or a folder is missing.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { judge } from './compare.ts';
import type { Golden, Kind } from './kind.ts';

/** Each file of kinds/ exports its kind as `kind`. */
async function loadKinds(): Promise<ReadonlyMap<string, Kind>> {
  const kinds = new Map<string, Kind>();
  for (const file of readdirSync(new URL('kinds/', import.meta.url)).filter((name) => name.endsWith('.ts'))) {
    const { kind } = (await import(new URL(`kinds/${file}`, import.meta.url).href)) as { kind?: Kind };
    if (kind !== undefined) kinds.set(kind.name, kind);
  }
  return kinds;
}

function casesOf(folder: string): readonly string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) fail(`${folder}: there is no such folder`);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (files.length === 0) fail(`${folder}: holds no case (*.json)`);
  return files.sort().map((name) => join(folder, name));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(reason: string): never {
  process.stderr.write(`conformance: ${reason}\n`);
  process.exit(1);
}

const folders = process.argv.slice(2);
if (folders.length === 0) fail('name at least one golden folder, for example ../shared/golden/pods');
const cases = folders.flatMap(casesOf);
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
process.exitCode = failed > 0 ? 1 : 0;
