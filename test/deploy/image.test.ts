/** The image has what main.ts needs and no more: sources by following its imports, packages by package.json. */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modulesOf } from '../support/code-of.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Files of the program that `main.ts` reaches, and packages they import, without their subpath. Types alone count too. */
function reach(): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const open = ['main.ts'];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const module of modulesOf(read(file))) {
      if (module.startsWith('.')) open.push(join(dirname(file), module));
      else if (!isBuiltin(module)) packages.add(packageOf(module));
    }
  }
  return { files, packages };
}
const packageOf = (module: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? module;
const { files, packages } = reach();
const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, what = '']) =>
  what.split(' '),
);

test('main.ts needs no package of devDependencies', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  assert.ok(packages.size >= 6);
  assert.equal(
    [...packages].filter((name) => !Object.hasOwn(dependencies, name)),
    [],
  );
});

test('the image holds every file that main.ts reaches, and no folder that it does not', () => {
  const top = (file: string): string => file.split('/')[0] ?? file;
  const tops = new Set([...files].map(top));
  assert.ok(files.size > 100);
  assert.equal(
    [...tops].filter((name) => !copied.includes(name)),
    [],
  );
  assert.equal(
    copied.filter((name) => !tops.has(name) && !/^(?:package(?:-lock)?\.json|\.npmrc)$/.test(name)),
    [],
  );
});

test('the build sees what is copied, and nothing else', () => {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.is(lines.shift(), '*');
  assert.equal(lines.map((line) => line.replace('!', '')).sort(), [...new Set(copied)].sort());
});

test('nobody is root in it, and Node is the first process', () => {
  const last =
    read('Dockerfile')
      .split(/^FROM /m)
      .at(-1) ?? '';
  assert.match(last, /^USER [1-9]\d*:[1-9]\d*$/m);
  assert.match(last, /^ENTRYPOINT \["node", "main\.ts"\]$/m);
  assert.match(read('Dockerfile'), /npm ci --omit=dev --ignore-scripts/);
});

test.run();
