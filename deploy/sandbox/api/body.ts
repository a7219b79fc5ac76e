/** Reads and decodes request bodies: JSON or YAML, up to a size. Knows no resource. */
import type { IncomingMessage } from 'node:http';
import { boolYaml11Tag, CORE_SCHEMA, intYaml11Tag, load, mergeTag } from 'js-yaml';
import { decodeProtobuf, PROTOBUF } from './protobuf.ts';

/** Largest body, as kube-apiserver's limit for requests. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** YAML as kubectl and the API server read it: `no` is false, `0644` is octal, `<<` merges. */
const KUBERNETES_YAML = CORE_SCHEMA.withTags(intYaml11Tag, boolYaml11Tag, mergeTag);

/** `tooLarge` as soon as it is known; the rest of the body is then left unread. `undefined`: the client went away. */
export async function readBody(request: IncomingMessage): Promise<Buffer | 'tooLarge' | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) return 'tooLarge';
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    // Leaving the loop must not destroy the stream: with it goes the socket, and the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_BYTES_MAX) return 'tooLarge';
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

export type Decoded =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'malformed'; readonly message: string }
  | { readonly kind: 'unsupported'; readonly media: string };

/** The media type without its parameters, in lower case. */
export const mediaOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** An empty body is `undefined`; without a content type it is read as JSON. */
export function decodeBody(body: Buffer, contentType: string | undefined): Decoded {
  const media = mediaOf(contentType);
  const yaml = media === 'application/yaml' || media.endsWith('+yaml');
  if (media === PROTOBUF) return body.length === 0 ? { kind: 'value', value: undefined } : fromProtobuf(body, media);
  if (!yaml && media !== '' && media !== 'application/json' && !media.endsWith('+json'))
    return { kind: 'unsupported', media };
  const text = body.toString('utf8');
  if (text.trim() === '') return { kind: 'value', value: undefined };
  try {
    return { kind: 'value', value: yaml ? load(text, { schema: KUBERNETES_YAML }) : JSON.parse(text) };
  } catch (err) {
    return malformed(err);
  }
}

function fromProtobuf(body: Buffer, media: string): Decoded {
  try {
    const value = decodeProtobuf(body);
    return value === undefined ? { kind: 'unsupported', media } : { kind: 'value', value };
  } catch (err) {
    return malformed(err);
  }
}

const malformed = (err: unknown): Decoded => ({
  kind: 'malformed',
  message: err instanceof Error ? err.message : String(err),
});
