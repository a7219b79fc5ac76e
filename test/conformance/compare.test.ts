/** How a golden case is judged, and the runner's exit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { container as given } from '../actors/rules/given.ts';
import { comparableQuantity } from './comparable-pod.ts';
import { judge } from './compare.ts';
import { DELIBERATE } from './deliberate.ts';
import { runFolders } from './folders.ts';
import { asRecorded, type Golden, type Kind } from './kind.ts';
import { kind as nodeInfo } from './kinds/node-info.ts';

const golden = (more: Partial<Golden>): Golden => ({ name: 'case', about: 'a case', kind: 'k', config: {}, ...more });
const answers = (result: unknown, name = 'k'): Kind => ({ name, result: () => result, expected: asRecorded });

test('an equal result passes, another one fails with the difference, was first', () => {
  assert.equal(judge(golden({ result: { a: 1 } }), answers({ a: 1 })), []);
  assert.equal(judge(golden({ result: { a: 1 } }), answers({ a: 2 })), ['a: 1 → 2']);
});

test('any of several recorded outcomes will do', () => {
  const given = golden({ result: { a: 1 }, otherOutcomes: [{ a: 2 }] });
  assert.equal(judge(given, answers({ a: 2 })), []);
  assert.equal(judge(given, answers({ a: 3 })), ['a: 1 → 3']);
});

test('a kind that nobody registers, and a throw, are failures', () => {
  assert.equal(judge(golden({}), undefined), ['kind k is not built yet']);
  const throws: Kind = {
    ...answers(0),
    result: () => {
      throw new Error('no');
    },
  };
  assert.match(judge(golden({ result: 0 }), throws)[0] ?? '', /^threw Error: no/);
});

test('a crash of the reference wants a result and a named difference', () => {
  const crashed = { result: { error: { kind: 'panic', text: 'nil map' } } };
  assert.is(judge(golden(crashed), answers({ a: 1 })).length, 1);
  assert.is(judge(golden({ ...crashed, deliberateDifference: 'F0' }), answers({ error: { kind: 'error' } })).length, 1);
});

test('a difference that is not declared, or does not occur, is a failure', () => {
  const given = golden({ result: { a: 1 }, deliberateDifference: 'F0' });
  assert.equal(judge(given, answers({ a: 1 })), ['difference F0 is not declared for kind k']);
  const declared = golden({ kind: 'node-info', result: { nodeInfo: null }, deliberateDifference: 'F27' });
  assert.match(judge(declared, answers({ nodeInfo: null }, nodeInfo.name))[0] ?? '', /^difference F27 did not occur/);
});

test('a declared difference is taken back exactly: whatever else differs still fails', () => {
  const text = 'Failed to get OCP version from node';
  const declared = golden({
    kind: 'node-info',
    result: { error: { kind: 'error', retrySeconds: 10, text } },
    deliberateDifference: 'F27',
  });
  assert.equal(judge(declared, answers({ nodeInfo: { os: 'rhcos' } }, nodeInfo.name)), []);
  const [line = ''] = judge(declared, answers({ nodeInfo: { os: 'rhcos', os_build_id: '9' } }, nodeInfo.name));
  assert.match(line, /^error\.text: "Failed to get OCP version from node" → /);
});

test('each difference is declared once for a kind', () => {
  const keys = DELIBERATE.map(({ id, kind }) => `${id} ${kind}`);
  assert.is(new Set(keys).size, keys.length);
});

test('quantities are equal by amount, and by nothing else', () => {
  const equal = [
    ['3000M', '3G'],
    ['3.5Gi', '3584Mi'],
    ['2000m', '2'],
    ['0Mi', '0'],
    ['7000', '7k'],
    ['-1Ki', '-1024'],
  ];
  for (const [one = '', other = ''] of equal) assert.is(comparableQuantity(one), comparableQuantity(other), one);
  for (const [one = '', other = ''] of [
    ['1G', '1Gi'],
    ['1', '1m'],
    ['x', 'y'],
    ['1', '-1'],
  ]) {
    assert.is.not(comparableQuantity(one), comparableQuantity(other), one);
  }
});

test('the runner fails without a folder, with an empty one, and with a failed case', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  const run = async (...folders: readonly string[]) => {
    const lines: string[] = [];
    const code = await runFolders(folders, (line) => lines.push(line));
    return [code, ...lines];
  };
  try {
    assert.match((await run()).join(), /^1,conformance: name at least one golden folder/);
    const none = join(folder, 'none');
    assert.equal(await run(none), [1, `conformance: ${none}: there is no such folder`]);
    assert.equal(await run(folder), [1, `conformance: ${folder}: holds no case (*.json)`]);
    writeFileSync(join(folder, 'README.md'), 'not a case');
    writeFileSync(join(folder, 'one.json'), JSON.stringify(golden({ kind: 'of-the-future', result: 1 })));
    const unknown = '  kind of-the-future is not built yet';
    assert.equal(await run(folder), [1, 'FAILED one: a case', unknown, '0 passed, 1 failed']);
    const labels = { zone: 'z' };
    const container = { ...given('drive', { nodeSelector: labels }) };
    const passing = {
      ...golden({ kind: 'node-matches', result: { selector: true } }),
      container,
      node: { metadata: { labels } },
    };
    writeFileSync(join(folder, 'one.json'), JSON.stringify(passing));
    assert.equal(await run(folder), [0, '1 passed, 0 failed']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
