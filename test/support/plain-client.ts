/** A client of the Kubernetes API that speaks plain HTTP: any path, any header, every answer as it came. */
import { Agent, type Dispatcher } from 'undici';
import { eachLine } from '../../io/each-line.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON from the wire is read freely; a wrong guess fails the test.
export type Wire = any;

export interface Answer {
  readonly code: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Wire;
}
export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly accept?: string;
  /** Sent as JSON, or as it is when it is a text. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default: the known one. */
  readonly token?: string;
}
export interface WatchEventLine {
  readonly type: string;
  readonly object: Wire;
}
export interface OpenWatch {
  /** The next event; rejects where the watch has ended. */
  readonly next: () => Promise<WatchEventLine>;
  /** Resolves once the server has ended the watch: `cut` when without a proper end. */
  readonly ended: () => Promise<'ended' | 'cut'>;
}
export interface PlainClient {
  readonly ask: (path: string, options?: Ask) => Promise<Answer>;
  readonly watch: (path: string, accept?: string) => Promise<OpenWatch>;
  readonly close: () => Promise<void>;
}
export interface PlainClientOptions {
  readonly origin: string;
  readonly token: string;
  /** PEM of the certificate to trust, for https. */
  readonly certificate?: string;
}

export function plainClient({ origin, token: known, certificate }: PlainClientOptions): PlainClient {
  const client = new Agent({ bodyTimeout: 0, ...(certificate === undefined ? {} : { connect: { ca: certificate } }) });
  const send = (path: string, { method = 'GET', accept, body, contentType, token = known }: Ask) =>
    client.request({
      origin,
      path,
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(accept === undefined ? {} : { accept }),
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
        'user-agent': 'tests/1.0 (linux)',
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    ask: async (path, request = {}) => {
      const { statusCode: code, headers, body } = await send(path, request);
      const text = await body.text();
      const isJson = String(headers['content-type']).startsWith('application/json');
      return { code, headers, body: isJson ? JSON.parse(text) : text };
    },
    watch: async (path, accept) => {
      const { body } = await send(path, accept === undefined ? {} : { accept });
      return openWatch(body);
    },
    close: () => client.destroy(),
  };
}

function openWatch(body: Dispatcher.ResponseData['body']): OpenWatch {
  const events: WatchEventLine[] = [];
  let wake: () => void = () => undefined;
  let end: 'ended' | 'cut' | undefined;
  const finish = (how: 'ended' | 'cut') => (): void => {
    end = how;
    wake();
  };
  const take = (line: string): void => {
    events.push(JSON.parse(line) as WatchEventLine);
    wake();
  };
  eachLine(body as AsyncIterable<Buffer>, 8 * 1024 * 1024, take).then(finish('ended'), finish('cut'));
  const woken = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return {
    next: async () => {
      for (;;) {
        const event = events.shift();
        if (event !== undefined) return event;
        if (end !== undefined) throw new Error(`the watch has ${end}`);
        await woken();
      }
    },
    ended: async () => {
      while (end === undefined) await woken();
      return end;
    },
  };
}
