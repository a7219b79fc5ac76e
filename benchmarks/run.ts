/**
 * Runs benchmarks by name, each in a process of its own, and says on what: commit, machine, Node, date.
 *   node benchmarks/run.ts [--json] [--tiny] [name]...
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '../io/clock.ts';
import { type Benchmark, type Figure, meetsGoal, type Scale } from './benchmark.ts';

/** One line a benchmark. Loaded when it is run: what one imports weighs on no other. */
export const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  allocation: async () => (await import('./allocation.ts')).allocation,
  tree: async () => (await import('./tree.ts')).tree,
};

interface Report {
  readonly name: string;
  readonly question: string;
  readonly scale: Scale;
  /** With `+` where the working copy had changes. */
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
  readonly date: string;
  readonly figures: readonly Figure[];
}

const HELP = `npm run bench -- [--json] [--tiny] [NAME]...

Runs the named benchmarks (all, when none is named): ${Object.keys(BENCHMARKS).join(', ')}.
  --json   one line of JSON a benchmark
  --tiny   a few hundred containers: shows that it runs, its figures mean nothing
`;

if (import.meta.main) process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      tiny: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown.length > 0) {
    process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}\n`);
    return 2;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
  const [only, ...more] = names;
  if (only === undefined) return 0;
  if (more.length === 0) return runHere(only, values.tiny ? 'tiny' : 'full', values.json);
  const flags = [...(values.json ? ['--json'] : []), ...(values.tiny ? ['--tiny'] : [])];
  const codes = names.map((name) => {
    const child = spawnSync(process.execPath, [import.meta.filename, ...flags, name], { stdio: 'inherit' });
    return child.status ?? 1;
  });
  return Math.max(...codes);
}

async function runHere(name: string, scale: Scale, json: boolean): Promise<number> {
  const benchmark = await BENCHMARKS[name]?.();
  if (benchmark === undefined) return 2;
  const report: Report = {
    name,
    question: benchmark.question,
    scale,
    commit: commit(),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`,
    node: process.version,
    date: new Date(systemClock.wallMs()).toISOString(),
    figures: await benchmark.run(scale),
  };
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : textOf(report));
  return 0;
}

function textOf({ name, question, scale, commit, machine, node, date, figures }: Report): string {
  const width = Math.max(...figures.map((figure) => figure.name.length));
  const lines = figures.map((figure) => `  ${figure.name.padEnd(width)}  ${amountOf(figure)}${goalOf(figure)}`);
  return [
    `${name} (${scale}): ${question}`,
    `  commit ${commit}, ${machine}, Node ${node}, ${date}`,
    ...lines,
    '',
  ].join('\n');
}
function amountOf({ value, unit }: Figure): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : 2;
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })}${unit === '' || unit === '/s' ? unit : ` ${unit}`}`;
}
function goalOf(figure: Figure): string {
  if (figure.goal === undefined) return '';
  const { kind, value } = figure.goal;
  const bound = `${kind === 'atLeast' ? '>=' : '<='} ${value.toLocaleString('en-US')}`;
  return `  (goal ${bound}: ${meetsGoal(figure) ? 'met' : 'MISSED'})`;
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
