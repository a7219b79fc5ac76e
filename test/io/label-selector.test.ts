/** Label selectors: which labels each text matches, and which texts cannot be read. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseLabelSelector } from '../../io/label-selector.ts';

const samples = {
  none: undefined,
  empty: {},
  drive: { 'weka.io/mode': 'drive', app: 'weka' },
  compute: { 'weka.io/mode': 'compute' },
  blank: { 'weka.io/mode': '' },
};
/** The names of the samples that match. */
function matching(text: string): string {
  const parsed = parseLabelSelector(text);
  if (parsed.kind === 'invalid') return parsed.message;
  return Object.entries(samples)
    .filter(([, labels]) => parsed.matches(labels))
    .map(([name]) => name)
    .join(' ');
}

const cases: readonly (readonly [string, string])[] = [
  ['', 'none empty drive compute blank'],
  ['  ', 'none empty drive compute blank'],
  ['app', 'drive'],
  ['!app', 'none empty compute blank'],
  ['weka.io/mode=drive', 'drive'],
  ['weka.io/mode == drive', 'drive'],
  ['weka.io/mode=', 'blank'],
  ['weka.io/mode!=drive', 'none empty compute blank'],
  ['weka.io/mode in (drive, compute)', 'drive compute'],
  ['weka.io/mode notin (drive,compute)', 'none empty blank'],
  ['weka.io/mode in ()', 'blank'],
  ['weka.io/mode, app=weka', 'drive'],
];
for (const [text, names] of cases) {
  test(`label-selector: "${text}" matches ${names}`, () => assert.is(matching(text), names));
}
for (const text of ['a b', 'a=b=c', 'in (a)b', 'a in b', 'a in (b', '-a', 'a=-', ',a', 'a in (-)']) {
  test(`label-selector: "${text}" cannot be read`, () =>
    assert.match(matching(text), /^unable to parse requirement: /));
}
test('label-selector: a key that every object inherits is no label', () => {
  assert.is(matching('constructor'), '');
});

test.run();
