/** Style that can be tested is tested here: who imports whom, what is called in one place only, dead files, first lines. */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, modulesOf } from './support/code-of.ts';

const root = resolve(import.meta.dirname, '..');
const inRepo = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (path) => path === 'node_modules' || path === '.git' }).sort();
const files = inRepo('**/*.ts');
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const codes = new Map([...sources].map(([file, source]) => [file, codeOf(source, true)]));

/** The part of the program a file belongs to: its folder, or `root`. */
const partOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file);
/** A part may import itself and what stands in its list; config.ts, though left of all, shares the constructors of messages/. Whatever is not named here may import anything and nobody imports it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'config.ts': ['messages'],
  messages: [],
  io: ['config.ts', 'messages'],
  actors: ['config.ts', 'messages', 'io'],
  supervisors: ['config.ts', 'messages', 'io', 'actors'],
  deploy: ['config.ts', 'messages', 'io'],
  'main.ts': ['config.ts', 'messages', 'io', 'actors', 'supervisors'],
};
const SYNCHRONOUS = ['messages', 'actors', 'supervisors'];
const PRODUCT = [...SYNCHRONOUS, 'io', 'main.ts', 'config.ts', 'deploy'];

interface Ban {
  readonly pattern: RegExp;
  /** Parts in which it is banned; absent: everywhere. */
  readonly parts?: readonly string[];
  /** Files and folders where it has its place. */
  readonly except: readonly string[];
  readonly instead: string;
}
const BANS: readonly Ban[] = [
  { pattern: /\bDate\.now\b|\bnew Date\(\)/, except: ['io/clock.ts'], instead: 'Clock' },
  // A test may measure.
  { pattern: /\bperformance\.now\b/, except: ['io/clock.ts', 'test'], instead: 'Clock' },
  {
    pattern: /(?<!\.)\b(?:setTimeout|setInterval)\b|\bAbortSignal\.timeout\b|\btimers\/promises\b/,
    except: ['io/clock.ts'],
    instead: 'Clock.after',
  },
  { pattern: /\bsetImmediate\b/, parts: SYNCHRONOUS, except: ['actors/quiescence.ts'], instead: 'a message' },
  { pattern: /\bMath\.random\b/, except: ['io/random.ts'], instead: 'Random' },
  {
    pattern: /\bprocess\.env\b/,
    parts: PRODUCT,
    except: ['config.ts', 'main.ts', 'deploy/sandbox/world'],
    instead: 'Config',
  },
  { pattern: /\bprocess\./, parts: SYNCHRONOUS, except: [], instead: 'an argument' },
  // The order of start and drain is a sequence, and no actor's.
  {
    pattern: /\b(?:await|async)\b/,
    parts: SYNCHRONOUS,
    except: ['supervisors/controller.ts', 'supervisors/stores.ts'],
    instead: 'a call whose answer is a message',
  },
  { pattern: /\bconsole\./, except: [], instead: 'Log, or process.stdout' },
];

function problemsOf(find: (file: string, source: string) => readonly string[]): string[] {
  return [...sources].flatMap(([file, source]) => find(file, source).map((problem) => `${file}: ${problem}`));
}
const none = (problems: readonly string[]): void => assert.is(problems.join('\n'), '');
const targetOf = (file: string, module: string): string => join(dirname(file), module);

test('the scanner tells code from comments, strings, templates and regular expressions', () => {
  const source = [
    "const a = 'Date.now'; // Date.now",
    'const b = `x §{await c(`y §{d}`)} async`; /* async */',
    "const e = f / g; const h = /['/*]+[/]/.test(i) ? '//' : j;",
    'return /async/;',
  ].join('\n');
  const withDollars = (text: string): string => text.replaceAll('§', '$');
  const blank = [
    "const a = ''; ",
    'const b = `§{await c(`§{d}`)}`;  ',
    "const e = f / g; const h = //.test(i) ? '' : j;",
    'return //;',
  ];
  assert.equal(codeOf(withDollars(source), true).split('\n'), blank.map(withDollars));
  assert.match(codeOf(source, false), "'Date.now'; \n");
});

test('the scanner finds every way to name a module', () => {
  const source = `import { a } from './a.ts'; import './b.ts'; export type { c } from "c";
    // import d from './d.ts'
    await import('./e.ts'); new URL('../f.ts', import.meta.url); const text = 'from here';`;
  assert.equal(modulesOf(source).sort(), ['../f.ts', './a.ts', './b.ts', './e.ts', 'c']);
});

test('imports point one way: messages <- io <- actors <- supervisors <- main', () => {
  none(
    problemsOf((file, source) => {
      const part = partOf(file);
      const allowed = MAY_IMPORT[part];
      if (allowed === undefined) return [];
      return modulesOf(source)
        .filter((module) => module.startsWith('.'))
        .filter((module) => ![part, ...allowed].includes(partOf(targetOf(file, module))))
        .map((module) => `imports ${module}`);
    }),
  );
});

test('no file of the program or the sandbox imports itself by way of others', () => {
  const seen = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (seen.has(file)) return;
    seen.add(file);
    const modules = modulesOf(sources.get(file) ?? '').filter((module) => module.startsWith('.'));
    for (const module of modules) visit(targetOf(file, module), [...path, file]);
  };
  for (const file of files) if (PRODUCT.includes(partOf(file))) visit(file, []);
  none(cycles);
});

test('only the kernel imports nact', () => {
  none(
    problemsOf((file, source) =>
      file !== 'actors/machine.ts' && modulesOf(source).includes('nact') ? ['imports nact'] : [],
    ),
  );
});

for (const { pattern, parts, except, instead } of BANS) {
  test(`${pattern.source} stands nowhere but in ${except.join(', ') || 'nothing'}`, () => {
    none(
      problemsOf((file) => {
        if (parts !== undefined && !parts.includes(partOf(file))) return [];
        if (except.some((place) => file === place || file.startsWith(`${place}/`))) return [];
        const lines = (codes.get(file) ?? '').split('\n');
        return lines.flatMap((line, index) => (pattern.test(line) ? [`${index + 1}: use ${instead}`] : []));
      }),
    );
  });
}

test('every file is used: by the program, the sandbox, a test or a benchmark', () => {
  const starts = files.filter((file) =>
    /^(?:main|deploy\/sandbox\/(?:start|live)|test\/(?:.*\/)?run|test\/.*\.(?:test|live|types)|test\/conformance\/kinds\/.*|benchmarks\/.*)\.ts$/.test(
      file,
    ),
  );
  const reached = new Set<string>();
  const open = [...starts];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const module of modulesOf(sources.get(file) ?? ''))
      if (module.startsWith('.')) open.push(targetOf(file, module));
  }
  none(files.filter((file) => !reached.has(file)));
});

test('every relative import names a file that is there', () => {
  none(
    problemsOf((file, source) =>
      modulesOf(source)
        .filter((module) => module.startsWith('.') && module.endsWith('.ts') && !file.startsWith('test/tidy'))
        .filter((module) => !sources.has(targetOf(file, module)))
        .map((module) => `no such file: ${module}`),
    ),
  );
});

test('every file opens with a comment that says what it is for', () => {
  none(problemsOf((_file, source) => (/^(?:#!.*\n)?\/(?:\/|\*)/.test(source) ? [] : ['no comment at its top'])));
});

test('file names are kebab-case', () => {
  none(files.filter((file) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(basename(file))));
});

test('nothing is left over: no marks of unfinished work, no path of the machine it was written on', () => {
  const marks = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|X{3})\\b`);
  const paths = new RegExp(`(?:^|[\\s'"\`(=])/${'work'}/`, 'm');
  const texts = inRepo('**/*.{ts,md,json,yaml,yml,sh,html}').filter((file) => file !== 'package-lock.json');
  const problems = texts.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [marks, paths].flatMap((pattern) => {
      const [found] = pattern.exec(text) ?? [];
      return found === undefined ? [] : [`${file}: ${found.trim()}`];
    });
  });
  none(problems);
});

test.run();
