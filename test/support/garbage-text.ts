/** What a broken program may print instead of an answer, as values of fast-check. Derived from a good text where one is given. */
import fc from 'fast-check';

/** For one try each: they take milliseconds to read. */
export const HUGE_TEXTS: Readonly<Record<string, string>> = {
  'one MB of blanks': ' '.repeat(1024 * 1024 + 1),
  'a list of half a million': `[${'0,'.repeat(500_000)}0]`,
  'a deep list': `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  'a deep object': `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
};
const FIXED = [
  '',
  '\n',
  '{}',
  '[{}]',
  '[null]',
  '[[]]',
  '[{},{}]',
  '""',
  '0',
  '-1',
  'true',
  'NaN',
  '[NaN]',
  'Infinity',
  '1e400',
  '[1e400]',
  '99999999999999999999999',
  'undefined',
  '<html><body>502 Bad Gateway</body></html>',
  'error: Failed connecting to http://127.0.0.1:14000/api/v1',
  '\u001b[31m[]\u001b[0m',
  '\0\0\0',
  '\ufeff[]',
  '{"__proto__":{"drives":["/dev/nvme0n1"],"status":"INACTIVE"}}',
  '[{"__proto__":{"container_name":"x","uuid":"x"}}]',
  '{"constructor":{"prototype":{}}}',
  '{"toString":1,"valueOf":null,"hasOwnProperty":[]}',
] as const;

/** Texts that are no good answer, most of them close to one. Some may still be read as one: the test has to say which. */
export function garbageText(good = '[]'): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...FIXED) },
    { weight: 2, arbitrary: fc.string() },
    { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 2, arbitrary: fc.json() },
    { weight: 3, arbitrary: fc.nat(Math.max(0, good.length - 1)).map((end) => good.slice(0, end)) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('WARNING: old license\n', '\u001b[33m', '{}', '0').map((before) => before + good),
    },
    { weight: 2, arbitrary: fc.json().map((after) => `${good}${after}`) },
    // One value of the good text replaced by anything.
    {
      weight: 4,
      arbitrary: fc.tuple(fc.json(), fc.nat(20)).map(([json, nth]) => {
        let index = 0;
        return good.replaceAll(/:("[^"]*"|\d+|true|false|null)/g, (found) => (index++ === nth ? `:${json}` : found));
      }),
    },
  );
}
