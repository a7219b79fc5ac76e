/** The table of permissions against the requests in the code, both ways, and against what is printed from it. Source: spec 08, 5. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  PERMISSIONS_PAGE,
  permissionsPage,
  RULES,
  RULES_TEMPLATE,
  rulesTemplate,
  verbsOf,
} from '../../deploy/permissions.ts';
import * as kube from '../../messages/kube.ts';
import { codeOf } from '../support/code-of.ts';
import { isGranted } from '../support/granted.ts';

const root = resolve(import.meta.dirname, '../..');
const codes = new Map(
  globSync(['{actors,io,supervisors}/**/*.ts', 'main.ts'], { cwd: root }).map((file) => [
    file,
    codeOf(readFileSync(join(root, file), 'utf8'), false),
  ]),
);
/** They hand on requests of others. */
const CARRIERS = ['io/outside.ts', 'io/watcher.ts', 'io/counting-kube.ts'];
/** What in a file's code asks for which verbs. */
const SIGNS: readonly (readonly [sign: RegExp, verbs: readonly string[]])[] = [
  [/\bverb: 'get'/, ['get']],
  [/\bverb: 'list'/, ['list']],
  [/\bverb: 'create'/, ['create']],
  [/\bverb: 'replace'/, ['update']],
  [/\bverb: '(?:mergePatch|jsonPatch)'/, ['patch']],
  [/\bverb: 'delete'/, ['delete']],
  [/\bblockOwnerDeletion: true/, ['update']],
  [/[=?] watched</, ['list', 'watch']],
  [/\+ execPath\(/, ['get', 'create']],
];
/** What a file that asks for a resource says somewhere. Subresources and owners have no word of their own. */
const WORDS: Readonly<Record<string, RegExp>> = {
  wekacontainers: /\bCONTAINERS\b|\bcontainerRef\b/,
  pods: /\bPODS\b|\bpodRef\b/,
  nodes: /\bNODES\b/,
  configmaps: /\bCONFIG_MAPS\b/,
  events: /\bEVENTS\b/,
  jobs: /\bJOBS\b/,
  deployments: /\bDEPLOYMENTS\b/,
  leases: /\bLEASES\b/,
  secrets: /\bSECRETS\b/,
};

const none = (problems: readonly string[]): void => assert.is(problems.join('\n'), '');
const needed = RULES.flatMap((rule) =>
  verbsOf(rule).flatMap((verb) => (rule.verbs[verb] ?? []).map((file) => ({ rule, verb, file }))),
).filter(({ file }) => file.endsWith('.ts'));

test('every request of the code is granted for the file it stands in, and no verb is granted for a file without it', () => {
  const asked = new Set<string>();
  for (const [file, code] of codes) {
    if (CARRIERS.includes(file)) continue;
    for (const [sign, verbs] of SIGNS) if (sign.test(code)) for (const verb of verbs) asked.add(`${file}: ${verb}`);
  }
  const granted = new Set(needed.map(({ file, verb }) => `${file}: ${verb}`));
  assert.ok(asked.size > 50);
  none([...asked].filter((line) => !granted.has(line)).map((line) => `${line} is in no rule of deploy/permissions.ts`));
  none([...granted].filter((line) => !asked.has(line)).map((line) => `${line} is granted and not in the code`));
});

test('a file that a rule names says the resource', () => {
  none(
    needed
      .filter(({ rule, file }) => WORDS[rule.resource]?.test(codes.get(file) ?? '') === false)
      .map(({ rule, file }) => `${file}: no word of ${rule.resource}`),
  );
});

/** The types in `supervisors/stores.ts`, by the names of messages/kube.ts, as group/plural. */
function watchedTypes(): readonly string[] {
  const types: Readonly<Record<string, unknown>> = kube;
  const names = [...(codes.get('supervisors/stores.ts') ?? '').matchAll(/[=?] watched<[^(]*\(\s*(?:'\w+',\s*)?(\w+)/g)];
  return names.map(([, name = '']) => {
    const type = types[name] as kube.ResourceType; // Of the import the file has it from.
    return `${type.group}/${type.plural}`;
  });
}

test('exactly what the stores watch may be listed and watched', () => {
  const watched = new Set(watchedTypes());
  assert.ok(watched.size >= 9);
  const granted = needed.filter(({ verb, file }) => verb === 'watch' && file === 'supervisors/stores.ts');
  assert.equal([...new Set(granted.map(({ rule }) => `${rule.group}/${rule.resource}`))].sort(), [...watched].sort());
});

test('secrets and ConfigMaps that are read or changed are named; nothing is a wildcard', () => {
  for (const rule of RULES) {
    const text = JSON.stringify(rule);
    assert.not(text.includes('*'), text);
    const creates = verbsOf(rule).join() === 'create';
    if (['secrets', 'configmaps'].includes(rule.resource)) assert.is(rule.name === undefined, creates, text);
  }
});

test('a request for one name by field selector is a request for that name', () => {
  const where = { namespace: 'op', deployment: 'controller' };
  const secrets = { verb: 'list', type: kube.SECRETS, namespace: 'op' } as const;
  assert.not(isGranted(RULES, secrets, where));
  const one = 'metadata.name=weka-node-agent-secret';
  assert.ok(isGranted(RULES, { ...secrets, fieldSelector: one }, where));
  assert.not(isGranted(RULES, { ...secrets, fieldSelector: one, namespace: 'other' }, where));
  const ref = { type: kube.DEPLOYMENTS, namespace: 'op', name: 'controller' };
  assert.ok(isGranted(RULES, { verb: 'get', ref }, where));
  assert.not(isGranted(RULES, { verb: 'get', ref: { ...ref, name: 'another' } }, where));
});

test('deploy/PERMISSIONS.md and the rules of the chart are what the table says', () => {
  assert.is(readFileSync(PERMISSIONS_PAGE, 'utf8'), permissionsPage(), 'run: node deploy/permissions.ts');
  assert.is(readFileSync(RULES_TEMPLATE, 'utf8'), rulesTemplate(), 'run: node deploy/permissions.ts');
});

test.run();
