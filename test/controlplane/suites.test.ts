/** The list of live suites is that of their files, and says rightly what each needs. */
import { globSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chosen, OWN, pathOf, SHARED } from './suites.ts';

test('every suite stands once, beside those that need what it needs', () => {
  const files = globSync(pathOf('*')).sort();
  assert.equal([...SHARED, ...OWN].map(pathOf).sort(), files);
  const own = files.filter((file) => /\b(?:ownCluster|startControlPlane)\(/.test(readFileSync(file, 'utf8')));
  // It takes the cluster of another file's stage; helm is built from Go.
  assert.equal([...own, pathOf('rights-lost')].sort(), [...new Set([...OWN.map(pathOf)])].sort());
});

test('suites are asked for by parts of their paths', () => {
  assert.equal(chosen(SHARED, []), SHARED);
  assert.equal(chosen(SHARED, ['chart', 'fleet.live']), ['chart', 'fleet']);
  assert.equal(chosen(OWN, ['chart']), []);
});

test.run();
