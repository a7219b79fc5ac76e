/** Documents say what is there: paths, commands, variables, events, conditions, messages. A missing document is a failure. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flows } from '../actors/flows/tables.ts';
import { configRows } from '../config.ts';
import { EVENTS, EVENTS_PAGE, eventsPage } from '../deploy/events.ts';
import { COMPONENT } from '../io/events.ts';
import { LEADER_LEASE, OWN_LEASE } from '../io/leader-election.ts';
import { REFERENCE_MANAGER } from '../io/second-writer.ts';
import { CONDITIONS } from '../messages/condition.ts';
import { codeOf } from './support/code-of.ts';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const DOCUMENTS = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'];
const none = (problems: readonly string[]): void => assert.is(problems.join('\n'), '');
const matches = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
const sources = new Map(
  globSync('{actors,supervisors,io,messages}/**/*.ts', { cwd: root }).map((file) => [file, read(file)]),
);

/** From a top folder, or a file of the root. Punctuation that ends a sentence is none of it. */
const PATHS =
  /(?<![\w/.<>-])((?:actors|supervisors|messages|io|deploy|test|benchmarks|\.ci)\/[\w./-]*\w\/?|[\w-]+\.(?:ts|md))(?![\w<])/g;

for (const document of DOCUMENTS) {
  test(`${document}: every file and folder it names is there`, () => {
    const text = read(document);
    const named = [...matches(text, PATHS), ...matches(text, /\]\(([^)#:]+)\)/g)];
    none([...new Set(named)].filter((path) => !existsSync(join(root, path))));
  });

  test(`${document}: every npm script it names is in package.json`, () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const text = read(document);
    const named = [...matches(text, /npm run ([\w:-]+)/g), ...matches(text, /npm (start|test)\b/g)];
    none([...new Set(named)].filter((name) => !Object.hasOwn(scripts, name)));
  });

  test(`${document}: every environment variable it names is one of config.ts`, () => {
    const known = new Set(configRows().flatMap(({ rows }) => rows.map(({ env }) => env)));
    const named = matches(read(document), /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g);
    none([...new Set(named)].filter((name) => !known.has(name)));
  });
}

test('deploy/HANDOVER.md: its links, variables, values, metrics, events, Leases and manager are those of the code', () => {
  const text = read('deploy/HANDOVER.md');
  none(matches(text, /\]\(([^)#:]+)\)/g).filter((path) => !existsSync(join(root, 'deploy', path))));
  const known = new Set(configRows().flatMap(({ rows }) => rows.map(({ env }) => env)));
  none(matches(text, /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g).filter((name) => !known.has(name)));
  const values = read('deploy/chart/values.yaml');
  none(matches(text, /(?:--set |`settings\.)(\w+)/g).filter((name) => !new RegExp(`^ *${name}:`, 'm').test(values)));
  const families = read('supervisors/figures.ts') + read('io/metric-families.ts');
  const metrics = matches(text, /`wekacontainer_(\w+)[ `]/g);
  assert.ok(metrics.length >= 3);
  none(metrics.filter((name) => !families.includes(`'${name}'`)));
  for (const name of [LEADER_LEASE, OWN_LEASE, REFERENCE_MANAGER, COMPONENT]) assert.ok(text.includes(name), name);
  for (const reason of matches(text, /event `(\w+)`|reason=(\w+)/g))
    assert.ok(Object.hasOwn(EVENTS, reason.replace('reason=', '')), reason);
});

test('the patterns find what they are for', () => {
  const text = 'see `io/pool.ts`, `deploy/chart/`. Also main.ts and [x](deploy/A.md); not spec/01 or world/api.ts.';
  assert.equal(matches(text, PATHS), ['io/pool.ts', 'deploy/chart/', 'main.ts', 'deploy/A.md']);
  assert.ok(DOCUMENTS.every((document) => matches(read(document), PATHS).length > 3));
});

test('every npm script runs a file that is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const files = Object.values(scripts).flatMap((script) => matches(script, /\bnode ([\w./-]+\.ts)/g));
  assert.ok(files.length > 4);
  none(files.filter((file) => !existsSync(join(root, file))));
});

test('ARCHITECTURE.md: every union of messages of an actor is named', () => {
  const text = read('ARCHITECTURE.md');
  const unions = [...sources].filter(
    ([file, source]) => file.startsWith('messages/') && /export type \w+Message =/.test(source),
  );
  assert.ok(unions.length >= 4);
  none(unions.map(([file]) => file).filter((file) => !text.includes(file)));
});

test('deploy/EVENTS.md is what the tables say', () => {
  assert.is(readFileSync(EVENTS_PAGE, 'utf8'), eventsPage(), 'run: node deploy/events.ts');
});

/** A reason stands as text where its note is made. Elsewhere: the hooks of the flows, and the events that these files hand on. */
const HANDED_ON = ['actors/flows/run.ts', 'actors/rules/allocation/allocate.ts', 'supervisors/malformed.ts'];
const NOTE = /\b(?:normal|warning)(?:EachMinute)?\(/g;
const NOTED = /\b(?:(?:normal|warning)(?:EachMinute)?|short)\(\s*'([\w-]+)'|\bevent: '(\w+)'/g;

function reasonsOfCode(): ReadonlySet<string> {
  const reasons = new Set<string>();
  for (const [file, source] of sources) {
    if (!/^(?:actors|supervisors)\//.test(file)) continue;
    for (const [, noted, handed] of codeOf(source, false).matchAll(NOTED)) reasons.add(noted ?? handed ?? '');
  }
  for (const row of Object.values(flows).flat()) {
    if (!('hook' in row) || row.hook === undefined) continue;
    reasons.add(row.hook.kind === 'drivesError' ? 'DrivesAddingError' : `${row.hook.name}Error`);
  }
  const malformed = codeOf(sources.get('supervisors/malformed.ts') ?? '', false);
  for (const plural of matches(malformed, /watch\((\w+), /g)) reasons.add(`Malformed${kindOf(plural)}`);
  return reasons;
}
const kindOf = (constant: string): string =>
  new RegExp(`export const ${constant} = type\\('[^']*', '[^']*', '(\\w+)'`).exec(
    sources.get('messages/kube.ts') ?? '',
  )?.[1] ?? constant;

test('deploy/events.ts: every event reason of the code is there, and no other', () => {
  const reasons = reasonsOfCode();
  none([...reasons].filter((reason) => !Object.hasOwn(EVENTS, reason)).map((reason) => `${reason}: not in EVENTS`));
  none(
    Object.keys(EVENTS)
      .filter((reason) => !reasons.has(reason))
      .map((reason) => `${reason}: in no code`),
  );
});

test('a reason is a text where its note is made, so that the test above sees it', () => {
  const unseen = [...sources].filter(([file, source]) => {
    if (!/^(?:actors|supervisors)\//.test(file) || HANDED_ON.includes(file)) return false;
    const code = codeOf(source, false);
    return matches(code, NOTE).length > matches(code, /\b(?:normal|warning)(?:EachMinute)?\(\s*'[\w-]+'/g).length;
  });
  none(unseen.map(([file]) => `${file}: a reason that is not a text`));
});

test('every condition type stands in messages/condition.ts and nowhere else', () => {
  const elsewhere = [...sources].flatMap(([file, source]) => {
    if (file === 'messages/condition.ts') return [];
    const code = codeOf(source, false);
    return Object.values(CONDITIONS)
      .filter((type) => code.includes(`'${type}'`))
      .filter((type) => !Object.hasOwn(EVENTS, type))
      .map((type) => `${file}: '${type}'`);
  });
  none(elsewhere);
});

test.run();
