/** What an API server's answers mean, as outcomes. Pure; no connection. Source: the Kubernetes API conventions. */
import type { KubeList, KubeObject, KubeOutcome, ResourceType, WatchEvent } from '../messages/kube.ts';

/** An answer read to its end. `retryAfter` is the header's text. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** Used for 429 without a readable Retry-After. client-go waits as long. */
export const RETRY_AFTER_DEFAULT_MS = 1_000;
/** A server may ask for anything; an hour of standing still would be a fault, not back-pressure. */
export const RETRY_AFTER_MAX_MS = 120_000;

/** The outcome of a refused request; undefined for 2xx. `creating` tells the two meanings of 409 apart where the body does not. */
export function refusal(
  answer: HttpAnswer,
  creating: boolean,
): Exclude<KubeOutcome<never>, { kind: 'ok' }> | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status === 429 || (status >= 500 && answer.retryAfter !== undefined))
    return { kind: 'throttled', retryAfterMs: retryAfterMs(answer.retryAfter) };
  const { reason, message } = statusOf(answer);
  switch (status) {
    case 404:
      return { kind: 'notFound', message };
    case 409:
      return reason === 'AlreadyExists' || (reason === '' && creating)
        ? { kind: 'alreadyExists', message }
        : { kind: 'conflict', message };
    case 410:
      return { kind: 'gone', message };
    default:
      return { kind: 'refused', status, reason, message };
  }
}

export function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header ?? '');
  if (header === undefined || header.trim() === '' || !Number.isFinite(seconds) || seconds < 0)
    return RETRY_AFTER_DEFAULT_MS;
  return Math.min(seconds * 1000, RETRY_AFTER_MAX_MS);
}

/** `transport` when it is no JSON object: then nobody knows what was done. A delete may answer with a Status, which has no metadata worth the name. */
export function decodeObject(body: string): KubeOutcome<KubeObject> {
  const value = parse(body);
  return isRecord(value)
    ? { kind: 'ok', answer: value as unknown as KubeObject }
    : { kind: 'transport', cause: 'the answer is not a JSON object' };
}

/** Items of typed lists come without apiVersion and kind: filled in here. */
export function decodeList(body: string, type: ResourceType): KubeOutcome<KubeList> {
  const value = parse(body);
  if (!isRecord(value) || !isRecord(value.metadata) || !(Array.isArray(value.items) || value.items === null))
    return { kind: 'transport', cause: 'the answer is not a list' };
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  const items = ((value.items ?? []) as Record<string, unknown>[]).map(
    (item) => ({ ...item, apiVersion, kind: type.kind }) as unknown as KubeObject,
  );
  const resourceVersion = text(value.metadata.resourceVersion);
  const next = text(value.metadata.continue);
  return { kind: 'ok', answer: { items, resourceVersion, ...(next === '' ? {} : { continue: next }) } };
}

/** Undefined: not an event that we understand; the watch cannot be trusted any further. */
export function decodeEvent(line: string): WatchEvent | undefined {
  const value = parse(line);
  if (!isRecord(value) || !isRecord(value.object)) return undefined;
  const { type, object } = value;
  if (type === 'ERROR') {
    const code = typeof object.code === 'number' ? object.code : 500;
    return { kind: 'error', code, message: text(object.message) };
  }
  const metadata = object.metadata;
  if (!isRecord(metadata) || typeof metadata.resourceVersion !== 'string') return undefined;
  if (type === 'BOOKMARK') {
    const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
    const initialEventsEnd = annotations['k8s.io/initial-events-end'] === 'true';
    return { kind: 'bookmark', resourceVersion: metadata.resourceVersion, initialEventsEnd };
  }
  const kind = EVENT_KINDS.get(text(type));
  if (kind === undefined || typeof metadata.uid !== 'string' || typeof metadata.name !== 'string') return undefined;
  return { kind, object: object as unknown as KubeObject };
}

const EVENT_KINDS = new Map<string, 'added' | 'modified' | 'deleted'>([
  ['ADDED', 'added'],
  ['MODIFIED', 'modified'],
  ['DELETED', 'deleted'],
]);

/** Reason and message of a Status; a proxy's or an old server's plain text serves as message. */
export function statusOf({ status, body }: HttpAnswer): { readonly reason: string; readonly message: string } {
  const value = parse(body);
  if (isRecord(value) && value.kind === 'Status') return { reason: text(value.reason), message: text(value.message) };
  return { reason: '', message: body === '' ? `status ${status}` : body.slice(0, 1024) };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
