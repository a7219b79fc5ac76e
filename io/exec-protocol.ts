/**
 * The remote command protocol as data: address, frames, final status. No connection here. Channels: 0 standard input,
 * 1 standard output, 2 standard error, 3 the final Status; 255 closes the channel that follows (v5 only).
 * Source: spec 07, 1.3.
 */
import type { ExecOutcome } from '../messages/outcome.ts';
import type { ExecRequest } from './outside.ts';

export const V5 = 'v5.channel.k8s.io';
/** The same, but for the end of standard input. */
export const V4 = 'v4.channel.k8s.io';

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const STATUS = 3;
const CLOSE = 255;
/** A kubelet copies in pieces of this size. */
const FRAME_BYTES = 32 * 1024;

type ExecEnd = Exclude<ExecOutcome, { kind: 'dropped' }>;

/** Path with query, below the API server's address. */
export function execPath({ target, argv, stdin }: ExecRequest): string {
  const query = new URLSearchParams();
  for (const word of argv) query.append('command', word);
  query.append('container', target.container);
  query.append('stdout', 'true');
  query.append('stderr', 'true');
  if (stdin !== undefined) query.append('stdin', 'true');
  const [namespace, pod] = [encodeURIComponent(target.namespace), encodeURIComponent(target.pod)];
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
}

/** The frames that say this on standard input and then end it. */
export function stdinFrames(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  const frames: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += FRAME_BYTES) {
    frames.push(Buffer.concat([Buffer.of(STDIN), bytes.subarray(start, start + FRAME_BYTES)]));
  }
  return [...frames, Buffer.of(CLOSE, STDIN)];
}

/** What the final Status says. One that cannot be read says nothing: the command may have done anything. */
export function endOfStatus(json: string, stdout: string, stderr: string): ExecEnd {
  const status = parsed(json);
  if (status?.status === 'Success') return { kind: 'ok', stdout, stderr };
  const message = typeof status?.message === 'string' ? status.message : `unreadable status: ${json.slice(0, 200)}`;
  if (status?.reason === 'NonZeroExitCode') {
    const code = exitCode(status.details);
    if (code !== undefined) return { kind: 'exit', code, stdout, stderr };
  }
  if (isContainerMissing(message)) return { kind: 'podGone', cause: message };
  return { kind: 'transport', cause: message };
}

/** What a refused upgrade says. It was refused before the command could begin. */
export function endOfRefusal(status: number, body: string): ExecEnd {
  const found = parsed(body);
  const message = typeof found?.message === 'string' ? found.message : body.slice(0, 1024).trim();
  // Before its text is read: a pod that one may not look into is not gone. Source: spec 08, 11 no. 37.
  if (status === 401 || status === 403) return { kind: 'forbidden', cause: `${status} ${message}`.trim() };
  // 400 is both: no such container, and no such protocol.
  const noPod = status === 404 || (status === 400 && !/upgrade|websocket|protocol/i.test(message));
  if (noPod || isContainerMissing(message)) return { kind: 'podGone', cause: message || `status ${status}` };
  return { kind: 'transport', cause: `${status} ${message}`.trim(), notStarted: true };
}

const isContainerMissing = (message: string): boolean => message.includes('container not found');

function exitCode(details: unknown): number | undefined {
  const causes: unknown = isRecord(details) ? details.causes : undefined;
  if (!Array.isArray(causes)) return undefined;
  const cause: unknown = causes.find((each: unknown) => isRecord(each) && each.reason === 'ExitCode');
  const code = isRecord(cause) ? Number(cause.message) : Number.NaN;
  return Number.isInteger(code) && code !== 0 ? code : undefined;
}
function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
