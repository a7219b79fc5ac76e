/** Protobuf bodies, byte by byte; kubectl.test.ts sends real ones. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeProtobuf } from '../../../deploy/sandbox/api/protobuf.ts';

/** A length-delimited field. */
const field = (number: number, value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.of(number * 8 + 2, ...length), bytes]);
};
const whole = (number: number, ...varint: number[]): Buffer => Buffer.of(number * 8, ...varint);
const envelope = (apiVersion: string, kind: string, ...fields: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
    field(2, Buffer.concat(fields)),
  ]);
const entry = (number: number, key: string, value: string): Buffer =>
  field(number, Buffer.concat([field(1, key), field(2, value)]));

test('protobuf: an object has its texts, maps and lists; empty texts and unknown fields are left out', () => {
  const long = 'x'.repeat(300);
  const meta = field(
    1,
    Buffer.concat([
      field(1, 'n'),
      field(2, ''),
      entry(11, 'a', long),
      entry(11, 'b', ''),
      whole(7, 0),
      field(14, 'f'),
      field(14, 'g'),
    ]),
  );
  const decoded = decodeProtobuf(
    envelope('v1', 'ConfigMap', meta, entry(2, 'k', 'v'), entry(3, 'bytes', 'v'), whole(4, 1)),
  );
  assert.equal(decoded, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'n', labels: { a: long, b: '' }, finalizers: ['f', 'g'] },
    data: { k: 'v' },
    binaryData: { bytes: 'dg==' },
    immutable: true,
  });
});

test('protobuf: delete options keep a grace period of zero', () => {
  const decoded = decodeProtobuf(
    envelope('policy/v1', 'DeleteOptions', whole(1, 0), field(2, field(1, 'u')), field(4, 'Orphan'), field(5, 'All')),
  );
  assert.equal(decoded, {
    apiVersion: 'policy/v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'u' },
    propagationPolicy: 'Orphan',
    dryRun: ['All'],
  });
});

test('protobuf: whole numbers of more than one byte', () => {
  const decoded = decodeProtobuf(envelope('v1', 'DeleteOptions', whole(1, 0xac, 0x02))) as {
    gracePeriodSeconds: number;
  };
  assert.is(decoded.gracePeriodSeconds, 300);
});

test('protobuf: a kind that is not known is undefined', () => {
  assert.is(decodeProtobuf(envelope('batch/v1', 'Job')), undefined);
});

test('protobuf: bytes that are no protobuf throw', () => {
  const whole = envelope('v1', 'Namespace', field(1, field(1, 'n')));
  for (const bytes of [Buffer.from('{}'), whole.subarray(0, -1), Buffer.concat([whole, Buffer.of(0x0b)])])
    assert.throws(() => decodeProtobuf(bytes), /protobuf/);
});

test.run();
