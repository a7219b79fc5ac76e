/**
 * A command's output and input over a WebSocket: sub-protocols v5.channel.k8s.io and v4, one channel per first byte. SPDY is
 * not offered. The same towards kubectl and, as a kubelet, towards a real API server. What a command does is the ExecApi's
 * matter. Source: Kubernetes remotecommand protocol, v4 and v5; spec 07, 21.1.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../../io/clock.ts';
import type { ExecApi, ExecTarget } from '../../../io/outside.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import { badRequest, failure, type Status } from './status.ts';

/** The better one first. In v4 nobody can close one channel: a standard input would never end there. */
export const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
/** Followed by the number of the channel that its sender closes. */
const CLOSE = 255;

/** One frame carries at most this much output, as a kubelet's copy buffer does. */
const FRAME_BYTES = 32 * 1024;
const STDIN_BYTES_MAX = 3 * 1024 * 1024;
/** A kubelet ends an idle stream after four hours; a modelled command never needs that long. */
const EXEC_TIMEOUT_MS = 4 * 3_600_000;

/**
 * No frame leaves earlier after the handshake. kubectl 1.32 reads before its streams are made and then drops what came
 * ("Unknown stream id 1, discarding message": 1 of 240 commands on a busy machine); a real kubelet is never that fast.
 */
const FIRST_FRAME_MS = 25;

type Ended = Exclude<ExecOutcome, { kind: 'dropped' }>;

export interface Command {
  readonly target: ExecTarget;
  readonly argv: readonly string[];
}
/** Which ones the caller wants. A terminal's input never ends, so with `tty` the command runs at once with none. */
export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}
export interface ExecStreams {
  /** Takes the socket over, or gives back why not: then the socket is still the caller's. */
  readonly accept: (
    command: Command,
    streams: Streams,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ) => Status | undefined;
  readonly close: () => void;
}

export function createExecStreams(exec: ExecApi, clock: Clock): ExecStreams {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: STDIN_BYTES_MAX,
    handleProtocols: (offered) => PROTOCOLS.find((known) => offered.has(known)) ?? false,
  });
  return {
    accept: (command, streams, request, socket, head) => {
      if (command.argv.length === 0) return badRequest('you must specify at least 1 command for the container');
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
      const known = PROTOCOLS.filter((each) => offered.includes(each));
      if (request.headers.upgrade?.toLowerCase() !== 'websocket' || known.length === 0)
        return badRequest(`commands run over a WebSocket with sub-protocol ${PROTOCOLS.join(' or ')} only`);
      if (known[0] !== PROTOCOLS[0] && streams.stdin)
        return badRequest(`standard input needs sub-protocol ${PROTOCOLS[0]}`);
      sockets.handleUpgrade(request, socket, head, (opened) => converse(opened, { exec, clock }, command, streams));
      return undefined;
    },
    close: () => {
      for (const each of sockets.clients) each.terminate();
      sockets.close();
    },
  };
}

/** Runs the command once its standard input is complete, answers with its output, then its status. */
function converse(
  socket: WebSocket,
  { exec, clock }: { readonly exec: ExecApi; readonly clock: Clock },
  command: Command,
  streams: Streams,
): void {
  const aborted = new AbortController();
  const openedMs = clock.monotonicMs();
  const input: Buffer[] = [];
  let inputBytes = 0;
  let started = false;
  let cancel = (): void => undefined;
  const answer = (outcome: Ended): void => {
    const restMs = openedMs + FIRST_FRAME_MS - clock.monotonicMs();
    if (socket.readyState === socket.OPEN) cancel = clock.after(restMs, () => finish(socket, outcome, streams));
  };
  const start = (): void => {
    if (started) return;
    started = true;
    const stdin = input.length === 0 ? {} : { stdin: Buffer.concat(input).toString('utf8') };
    exec
      .run({ ...command, ...stdin, timeoutMs: EXEC_TIMEOUT_MS }, aborted.signal)
      .then(answer, () => socket.terminate());
  };
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    cancel();
    aborted.abort();
  });
  socket.on('message', (data: RawData) => {
    const frame = data as Buffer; // ws gives Buffers unless told otherwise.
    if (frame[0] === CLOSE && frame[1] === STDIN) return start();
    if (frame[0] !== STDIN || started) return;
    inputBytes += frame.length - 1;
    if (inputBytes > STDIN_BYTES_MAX) return socket.close(1009, 'standard input is too large');
    input.push(frame.subarray(1));
  });
  if (!streams.stdin || streams.tty) start();
}

function finish(socket: WebSocket, outcome: Ended, { stdout, stderr, tty }: Streams): void {
  if (outcome.kind === 'transport') {
    socket.terminate();
    return;
  }
  if (outcome.kind === 'ok' || outcome.kind === 'exit') {
    if (stdout) sendText(socket, STDOUT, outcome.stdout);
    if (stderr && !tty) sendText(socket, STDERR, outcome.stderr);
  }
  if (outcome.kind !== 'truncated') sendText(socket, STATUS, JSON.stringify(statusFrame(outcome)));
  socket.close(1000);
}

function sendText(socket: WebSocket, channel: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let start = 0; start < bytes.length; start += FRAME_BYTES)
    socket.send(Buffer.concat([Buffer.of(channel), bytes.subarray(start, start + FRAME_BYTES)]));
}

function statusFrame(outcome: Exclude<Ended, { kind: 'transport' | 'truncated' }>): unknown {
  switch (outcome.kind) {
    case 'ok':
      return { metadata: {}, status: 'Success' };
    case 'exit': {
      const message = `command terminated with non-zero exit code: exit status ${outcome.code}`;
      const causes = [{ reason: 'ExitCode', message: String(outcome.code) }];
      return { metadata: {}, status: 'Failure', reason: 'NonZeroExitCode', message, details: { causes } };
    }
    case 'podGone':
      return failure(500, 'InternalError', `Internal error occurred: ${outcome.cause}`);
    case 'timeout':
      return failure(500, 'InternalError', `Internal error occurred: command timed out after ${outcome.afterMs} ms`);
  }
}

/** Answers a refused upgrade as plain HTTP and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: Status): void {
  const body = JSON.stringify(status);
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status.code} ${status.reason ?? 'Error'}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
