/** `npm run sim -- --seeds 1..200`: seeded lives one after another; says what each came to, and ends with 1 if one went wrong. */
import { Command, InvalidArgumentError } from 'commander';
import { live as liveInChaos } from './chaos.ts';
import { live as liveWithLeave } from './leaves.ts';
import { live } from './life.ts';

interface Options {
  readonly seeds: readonly [from: number, to: number];
  readonly fail: number;
  readonly drive: number;
  readonly compute: number;
  readonly s3: number;
  readonly nfs: number;
  readonly nodes: number;
  readonly twice: boolean;
  readonly trace?: string;
  readonly verbose?: boolean;
  readonly chaos?: boolean;
  readonly leaves?: boolean;
}
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const command = new Command('sim')
  .description('Lives of a modelled cluster under the real controller: to Running and to gone, on a virtual clock.')
  .option('--seeds <from..to>', 'seeds to live, e.g. 1..200 or 7', seeds, [1, 20] as const)
  .option('--fail <share>', 'share of calls that fail', share, 0.1)
  .option('--drive <count>', 'drive containers', count, 6)
  .option('--compute <count>', 'compute containers', count, 6)
  .option('--s3 <count>', 's3 containers', count, 0)
  .option('--nfs <count>', 'nfs containers', count, 0)
  .option('--nodes <count>', 'nodes', count, 7)
  .option('--no-twice', 'do not live each seed a second time to compare the traces')
  .option('--trace <text>', 'print the trace lines that contain this text')
  .option('--chaos', 'nodes, pods, process and API server come and go meanwhile; each seed is lived once')
  .option(
    '--leaves',
    'one random leave at a random instant: delete, pause, upgrade, drain, node loss; each seed is lived once',
  )
  .option('--verbose', 'print API requests by verb and kind');

function seeds(text: string): readonly [number, number] {
  const [, from = '', to = from] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  if (from === '' || Number(to) < Number(from)) throw new InvalidArgumentError('use 7 or 1..200');
  return [Number(from), Number(to)];
}
function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('a number from 0 to 1');
  return value;
}
function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number');
  return value;
}

command.parse();
const {
  seeds: range,
  fail,
  drive,
  compute,
  s3,
  nfs,
  nodes,
  twice,
  trace,
  verbose,
  chaos,
  leaves,
} = command.opts<Options>();
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
let [passed, failed] = [0, 0];
for (let seed = range[0]; seed <= range[1]; seed += 1) {
  const options = { seed, nodes, drive, compute, s3, nfs, failShare: fail };
  const startedMs = performance.now();
  if (chaos === true) {
    const { faults, story, upMs = Number.NaN, goneMs = Number.NaN } = await liveInChaos(options);
    const figures = `up ${seconds(upMs)}, gone ${seconds(goneMs)}, ${Math.round(performance.now() - startedMs)} ms`;
    const details = faults.length === 0 ? [] : [...faults, ...story];
    say(
      `seed ${seed}: ${faults.length === 0 ? 'ok' : 'FAILED'}; ${figures}${details.map((line) => `\n  ${line}`).join('')}`,
    );
    if (faults.length === 0) passed += 1;
    else failed += 1;
    continue;
  }
  if (leaves === true) {
    const { faults, story, settledMs = Number.NaN, goneMs = Number.NaN } = await liveWithLeave(options);
    const figures = `settled ${seconds(settledMs)}, gone ${seconds(goneMs)}, ${Math.round(performance.now() - startedMs)} ms`;
    const details = faults.length === 0 ? [] : [...faults, ...story];
    say(
      `seed ${seed}: ${faults.length === 0 ? 'ok' : 'FAILED'}; ${figures}; ${story.at(0) ?? 'nothing'}${details.map((line) => `\n  ${line}`).join('')}`,
    );
    if (faults.length === 0) passed += 1;
    else failed += 1;
    continue;
  }
  const life = await live({
    ...options,
    ...(trace === undefined ? {} : { onTrace: (line) => (line.includes(trace) ? say(line) : undefined) }),
  });
  const again = twice ? await live(options) : life;
  const faults = [
    ...(life.converged ? [] : ['did not converge', ...life.stuck]),
    ...life.violations.map(({ atMs, rule, who, what }) => `${atMs} ms ${rule}: ${who}: ${what}`),
    ...(life.traceHash === again.traceHash ? [] : ['the same seed gave another trace']),
    ...(life.crashes === 0 ? [] : [`${life.crashes} crashes`]),
  ];
  const figures = `up ${seconds(life.upMs)}, gone ${seconds(life.goneMs)}, ${life.traceLines} turns, ${Math.round(performance.now() - startedMs)} ms`;
  say(
    `seed ${seed}: ${faults.length === 0 ? 'ok' : 'FAILED'}; ${figures}${faults.map((fault) => `\n  ${fault}`).join('')}`,
  );
  if (verbose === true)
    for (const { verb, kind, subresource, count: times } of life.requests)
      say(`  ${times} ${verb} ${kind} ${subresource}`);
  if (faults.length === 0) passed += 1;
  else failed += 1;
}
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
