/**
 * Runs every test/**\/*.test.ts in one process, in an order drawn from a seed. Closes what uvu leaves open: no file matched,
 * a file without .run(), a test.only left in, a promise that never settles, a server or timer left open.
 *   node test/run.ts [--seed N] [--file-timeout MS] [--in FOLDER] [--pattern GLOB] [part of a path]...
 */
import { randomInt } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../io/clock.ts';
import { random, shuffle } from './support/seeded.ts';

/** What uvu's `suite.run()` queues: [failures as text or true, passed, skipped, in all]. */
type Suite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;
const uvu = globalThis as typeof globalThis & {
  UVU_DEFER?: number;
  UVU_INDEX?: number;
  UVU_QUEUE: [string, ...Suite[]][];
};

const FILE_TIMEOUT_MS = 120_000;
const SLOW_MS = 1_000;
/** For sockets and children that are closed already but not yet gone. */
const CLOSING_MS = 300;

const { values, positionals: filters } = parseArgs({
  options: {
    seed: { type: 'string' },
    'file-timeout': { type: 'string' },
    in: { type: 'string' },
    pattern: { type: 'string' },
  },
  allowPositionals: true,
});
const seed = wholeNumber('seed', values.seed) ?? randomInt(2 ** 31);
const fileTimeoutMs = wholeNumber('file-timeout', values['file-timeout']) ?? FILE_TIMEOUT_MS;
const root = resolve(values.in ?? join(import.meta.dirname, '..'));

const pattern = values.pattern ?? 'test/**/*.test.ts';
const files = globSync(pattern, { cwd: root })
  .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
  .sort();
shuffle(files, random(`${seed}/order`));

const sum = { passed: 0, failed: 0, skipped: 0 };
const slow: string[] = [];
const leftOpenBy = new Map<string, string>();
let running = '';
let finished = false;

process.exitCode = 1; // Stands unless the end is reached.
process.on('unhandledRejection', (reason) => fault('unhandled rejection', reason));
process.on('uncaughtException', (error) => fault('uncaught exception', error));
process.on('exit', () => {
  if (finished) return;
  fault('a promise never settled', '');
  conclude();
});

uvu.UVU_DEFER = 1; // Before uvu is imported: suites queue instead of starting.
await import('uvu');
for (const [index, file] of files.entries()) await runFile(index, file);
const open = await stillOpen();
for (const kind of open) fault(`left open: ${kind}`, leftOpenBy.get(kind) ?? '');
if (files.length === 0) fault(`no test file matches ${filters.join(' ') || pattern}`, '');
conclude();
if (open.length > 0) process.exit(1); // It would hang.

async function runFile(index: number, file: string): Promise<void> {
  running = file;
  say(file);
  uvu.UVU_INDEX = index;
  uvu.UVU_QUEUE[index] = [file];
  const startedMs = systemClock.monotonicMs();
  const cancel = systemClock.after(fileTimeoutMs, () => {
    fault(`not over after ${fileTimeoutMs} ms`, '');
    conclude();
    process.exit(1);
  });
  try {
    if (/\b(?:test|suite)\.only\(/.test(readFileSync(resolve(root, file), 'utf8'))) fault('test.only was left in', '');
    await import(`file://${resolve(root, file)}`);
    const [, ...suites] = uvu.UVU_QUEUE[index] ?? [file];
    if (suites.length === 0) fault('nothing ran: is .run() missing?', '');
    for (const suite of suites) await runSuite(suite);
  } catch (error) {
    fault('threw while it was loaded', error);
  }
  await new Promise(setImmediate); // Rejections nobody handles are told after all microtasks: here, while this file is named.
  cancel();
  const tookMs = systemClock.monotonicMs() - startedMs;
  if (tookMs > SLOW_MS) slow.push(`${(tookMs / 1000).toFixed(1)} s ${file}`);
  for (const kind of openKinds()) if (!leftOpenBy.has(kind)) leftOpenBy.set(kind, file);
  running = '';
}

async function runSuite(suite: Suite): Promise<void> {
  const [errors, passed, skipped, total] = await suite();
  sum.passed += passed;
  sum.skipped += skipped;
  sum.failed += total - passed;
  if (typeof errors === 'string') say(errors);
  else if (passed < total) say(`${running}: a before hook threw`); // uvu swallows what.
}

function fault(what: string, detail: unknown): void {
  sum.failed += 1;
  const more = detail instanceof Error ? (detail.stack ?? detail.message) : String(detail);
  say(`FAIL ${running === '' ? 'run' : running}: ${what} ${more}`);
  if (finished) conclude(); // What comes late changes the result too.
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name} ${text}: must be a whole number`);
  return Number(text);
}

/** Handles that keep the process alive. */
function openKinds(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /Server|Timeout|Process/.test(kind));
}
async function stillOpen(): Promise<string[]> {
  if (openKinds().length > 0) await new Promise<void>((done) => systemClock.after(CLOSING_MS, done));
  return openKinds();
}

function conclude(): void {
  finished = true;
  for (const line of slow) say(`slow: ${line}`);
  say(`order seed ${seed} (repeat with --seed ${seed})`);
  say(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`);
  process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}
