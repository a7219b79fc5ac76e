/** Whatever a server or a proxy in between answers, decoding gives a value and never throws. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeEvent,
  decodeList,
  decodeObject,
  RETRY_AFTER_MAX_MS,
  refusal,
  retryAfterMs,
} from '../../io/kube-answer.ts';
import { PODS } from '../../messages/kube.ts';

const BODY = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .record({
      type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR', 'OTHER', 7),
      object: fc.oneof(fc.jsonValue(), fc.record({ metadata: fc.jsonValue(), code: fc.jsonValue() })),
      metadata: fc.jsonValue(),
      items: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())),
    })
    .map((value) => JSON.stringify(value)),
);

test('no body and no status makes decoding throw', () => {
  fc.assert(
    fc.property(
      BODY,
      fc.integer({ min: 100, max: 599 }),
      fc.option(fc.string(), { nil: undefined }),
      (body, status, retryAfter) => {
        decodeEvent(body);
        decodeList(body, PODS);
        decodeObject(body);
        const refused = refusal({ status, body, retryAfter }, true);
        assert.is(refused === undefined, status >= 200 && status < 300);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('Retry-After is read in seconds, within a bound; what cannot be read is a second', () => {
  const cases = ['3', '0', '1.5', '', ' ', '-1', 'Wed, 21 Oct 2026 07:28:00 GMT', '99999', undefined];
  assert.equal(cases.map(retryAfterMs), [3_000, 0, 1_500, 1_000, 1_000, 1_000, 1_000, RETRY_AFTER_MAX_MS, 1_000]);
});

test('an empty list may have null for its items', () => {
  const body = JSON.stringify({ metadata: { resourceVersion: '5' }, items: null });
  assert.equal(decodeList(body, PODS), { kind: 'ok', answer: { items: [], resourceVersion: '5' } });
});

test.run();
