/** The runner itself: each way in which a run can look green and is not. Real runs of small files in a temporary folder. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const repo = resolve(import.meta.dirname, '..');
const folders: string[] = [];
test.after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly lastLine: string;
}
/** Runs the runner over files given by name and body; `test` and `assert` are imported for them. */
function runOver(bodies: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-'));
  folders.push(folder);
  mkdirSync(join(folder, 'test'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(repo, 'node_modules'), join(folder, 'node_modules'));
  const head = "import { test } from 'uvu';\nimport * as assert from 'uvu/assert';\n";
  for (const [name, body] of Object.entries(bodies))
    writeFileSync(join(folder, 'test', `${name}.test.ts`), head + body);
  const argv = [join(repo, 'test/run.ts'), '--in', folder, ...args];
  return new Promise((done) => {
    execFile(process.execPath, argv, { timeout: 60_000 }, (error, stdout) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      done({ code, output: stdout, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' });
    });
  });
}

const good = "test('good', () => assert.ok(true));\ntest.run();";
const cases: Readonly<Record<string, { body: string; says: RegExp; args?: string[] }>> = {
  'a failed assertion': {
    body: "test('bad', () => assert.is(1, 2));\ntest.run();",
    says: /"bad"/,
  },
  'a file without .run()': { body: "test('x', () => {});", says: /\.run\(\) missing/ },
  // Put together, so that the runner does not take this file for one with a focus.
  'a test.only left in': {
    body: `test${'.only'}('x', () => {});\ntest('y', () => {});\ntest.run();`,
    says: /test\.only was left in/,
  },
  'a promise that never settles': {
    body: "test('x', () => new Promise(() => {}));\ntest.run();",
    says: /not over after 600 ms/,
    args: ['--file-timeout', '600'],
  },
  'a timer left open': {
    body: "test('x', () => void setInterval(() => {}, 1_000));\ntest.run();",
    says: /left open: Timeout test\/bad\.test\.ts/,
  },
  'a server left open': {
    body: "import { createServer } from 'node:http';\ntest('x', () => void createServer().listen(0));\ntest.run();",
    says: /left open: TCPServerWrap test\/bad\.test\.ts/,
  },
  'a throw while it is loaded': { body: "throw new Error('broken');", says: /broken/ },
  'a rejection nobody handles': {
    body: "test('x', async () => {\n  void Promise.reject(new Error('lost'));\n  await null;\n});\ntest.run();",
    says: /unhandled rejection.*lost/,
  },
  'a hook that throws': {
    body: "test.before(() => {\n  throw new Error('hook');\n});\ntest('x', () => {});\ntest.run();",
    says: /a before hook threw/,
  },
};

for (const [name, { body, says, args = [] }] of Object.entries(cases)) {
  test(`${name} fails the run`, async () => {
    const { code, output, lastLine } = await runOver({ good, bad: body }, '--seed', '7', ...args);
    assert.match(output, says);
    assert.match(lastLine, /^\d+ passed, 1 failed(, 1 skipped)?$/);
    assert.is(code, 1);
  });
}

test('a run that matches no file fails', async () => {
  const { code, lastLine } = await runOver({ good }, 'no-such-file');
  assert.is(code, 1);
  assert.is(lastLine, '0 passed, 1 failed');
});

test('the order comes from the seed; arguments choose files', async () => {
  const bodies = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, good]));
  const order = ({ output }: Ended): string[] => output.split('\n').filter((text) => text.endsWith('.test.ts'));
  const [one, again, two, chosen] = await Promise.all([
    runOver(bodies, '--seed', '1'),
    runOver(bodies, '--seed', '1'),
    runOver(bodies, '--seed', '2'),
    runOver(bodies, 'b.test', 'e.test'),
  ]);
  assert.equal(order(one), order(again));
  assert.not.equal(order(one), order(two));
  assert.equal(order(chosen).sort(), ['test/b.test.ts', 'test/e.test.ts']);
  assert.is(one.code, 0);
  assert.is(one.lastLine, '6 passed, 0 failed');
});

test.run();
