/** JSONPath of printer columns. Values: what kubectl's own jsonpath gives for the same path. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jsonPath } from '../../../deploy/sandbox/api/json-path.ts';

const pod = {
  metadata: { annotations: { 'weka.io/drives': '["a"]', 'it.s': 'x' } },
  status: {
    conditions: [
      { type: 'Ready', status: 'True', code: 3 },
      { type: 'Joined', status: 'False', code: 5 },
    ],
    ips: ['10.0.0.1', '10.0.0.2'],
    empty: '',
  },
};

const cases: readonly (readonly [path: string, found: readonly unknown[]])[] = [
  ['.status.empty', ['']],
  ['{.status.ips[0]}', ['10.0.0.1']],
  ['.status.ips[-1]', ['10.0.0.2']],
  ['.status.ips[*]', ['10.0.0.1', '10.0.0.2']],
  ['.status.ips[7]', []],
  ['.status.none.deeper', []],
  ['.status.ips.length', []],
  ['.status.toString', []],
  [".metadata.annotations['weka.io/drives']", ['["a"]']],
  ['.metadata.annotations.it\\.s', ['x']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ["['status'].conditions[?(@.type == 'Joined')].status", ['False']],
  ['.status.conditions[?(@.code>=5)].type', ['Joined']],
  ['.status.conditions[?(@.code!=5)].type', ['Ready']],
  ['.status.conditions[?(@.missing)].type', []],
  ['.status.conditions[*].type', ['Ready', 'Joined']],
];
for (const [path, found] of cases)
  test(`json-path: ${path} finds ${JSON.stringify(found)}`, () => assert.equal(jsonPath(path)(pod), found));

for (const path of ['status.x', '.a..b', '.a[', '.a[x]'])
  test(`json-path: ${path} is refused`, () => assert.throws(() => jsonPath(path), /not a JSONPath/));

test.run();
