/**
 * The few protobuf bodies that kubectl sends however it is asked (`create namespace`, `drain`, `auth can-i`). Not a
 * general decoder: it knows the fields below. Source: kubernetes generated.proto files; runtime.Unknown envelope.
 */

/** A field by its number. `message`, `strings` and maps hold what their names say; maps have texts as keys. */
type Field =
  | readonly [name: string, kind: 'string' | 'whole' | 'boolean' | 'strings' | 'textMap' | 'bytesMap']
  | readonly [name: string, kind: 'message', message: Message];
type Message = Readonly<Record<number, Field>>;

/** Without what only a server sets. */
const META: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  11: ['labels', 'textMap'],
  12: ['annotations', 'textMap'],
  14: ['finalizers', 'strings'],
};
const metadata: Field = ['metadata', 'message', META];
const PRECONDITIONS: Message = { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] };

const KINDS = new Map<string, Message>([
  ['Namespace', { 1: metadata }],
  ['ConfigMap', { 1: metadata, 2: ['data', 'textMap'], 3: ['binaryData', 'bytesMap'], 4: ['immutable', 'boolean'] }],
  ['Secret', { 1: metadata, 2: ['data', 'bytesMap'], 3: ['type', 'string'], 5: ['immutable', 'boolean'] }],
  [
    'DeleteOptions',
    {
      1: ['gracePeriodSeconds', 'whole'],
      2: ['preconditions', 'message', PRECONDITIONS],
      3: ['orphanDependents', 'boolean'],
      4: ['propagationPolicy', 'string'],
      5: ['dryRun', 'strings'],
    },
  ],
  // Answered the same whatever they ask.
  ['SelfSubjectAccessReview', {}],
  ['SelfSubjectReview', {}],
]);

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const MAGIC = Buffer.from('k8s\0');

/** The object as JSON would give it; undefined for a kind that is not known here. Throws on bytes that are no protobuf. */
export function decodeProtobuf(body: Buffer): unknown {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a Kubernetes protobuf envelope');
  const envelope = [...fieldsOf(body.subarray(MAGIC.length))];
  const bytes = (number: number): Buffer => bytesOf(envelope.find((each) => each.number === number)?.value);
  const type = decode(bytes(1), { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] });
  const message = KINDS.get(String(type.kind));
  return message === undefined ? undefined : { ...type, ...decode(bytes(2), message) };
}

const bytesOf = (value: Buffer | number | undefined): Buffer => (Buffer.isBuffer(value) ? value : Buffer.alloc(0));

/** Texts that are empty are left out, as JSON leaves them out. */
function decode(bytes: Buffer, message: Message): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { number, value } of fieldsOf(bytes)) {
    const field = message[number];
    if (field === undefined) continue;
    const [name, kind, inner] = field;
    if (kind === 'whole') found[name] = value;
    else if (kind === 'boolean') found[name] = value === 1;
    else if (kind === 'message') found[name] = decode(bytesOf(value), inner);
    else {
      const text = bytesOf(value);
      if (kind === 'string') Object.assign(found, text.length === 0 ? {} : { [name]: text.toString('utf8') });
      else if (kind === 'strings')
        found[name] = [...((found[name] as string[] | undefined) ?? []), text.toString('utf8')];
      else found[name] = { ...(found[name] as object | undefined), ...entryOf(text, kind) };
    }
  }
  return found;
}

function entryOf(bytes: Buffer, kind: 'textMap' | 'bytesMap'): Record<string, string> {
  const fields = [...fieldsOf(bytes)];
  const part = (number: number): Buffer => bytesOf(fields.find((each) => each.number === number)?.value);
  return { [part(1).toString('utf8')]: part(2).toString(kind === 'textMap' ? 'utf8' : 'base64') };
}

/** Field numbers with their bytes or whole number, in order; fixed-width fields, which no message here has, are skipped. */
function* fieldsOf(bytes: Buffer): Generator<{ readonly number: number; readonly value: Buffer | number }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 56) throw new Error('protobuf ends inside a number');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.trunc(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error('protobuf ends inside a field');
      yield { number, value: bytes.subarray(at, at + length) };
      at += length;
    } else throw new Error(`protobuf wire type ${wire} is not known`);
  }
}
