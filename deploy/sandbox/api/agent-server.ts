/**
 * The HTTP side of modelled node agents: one listening address per agent pod, all on one port. What an agent answers is
 * the handler's matter. Source: spec 07, 14.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readBody } from './body.ts';

export interface AgentCall {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  /** Empty where there is none. */
  readonly body: string;
  /** The Authorization header as sent. */
  readonly authorization: string | undefined;
}
export interface AgentAnswer {
  readonly status: number;
  readonly body: string;
}
/** A rejection closes the connection without an answer, as an agent that crashed would. */
export type AgentHandler = (podIp: string, call: AgentCall) => Promise<AgentAnswer>;

export interface AgentServers {
  /**
   * Listens on this address (any of 127.0.0.0/8 on Linux). False where the machine does not allow it, or something
   * listens there already: then `say` was told once. Open addresses stay open.
   */
  readonly open: (podIp: string) => Promise<boolean>;
  /** Stops listening there and cuts its connections; an address that is not open is no error. */
  readonly closeOne: (podIp: string) => Promise<void>;
  /** Ends with every address closed. */
  readonly close: () => Promise<void>;
}

/** The port of every node agent. */
export const AGENT_PORT = 8090;

/** `say` gets one line a person can act on, for the first address that can't be opened only. */
export function createAgentServers(
  handler: AgentHandler,
  say: (line: string) => void,
  port: number = AGENT_PORT,
): AgentServers {
  const servers = new Map<string, Server>();
  let told = false;

  const closeOne = async (podIp: string): Promise<void> => {
    const server = servers.get(podIp);
    if (server === undefined) return;
    servers.delete(podIp);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };

  return {
    open: async (podIp) => {
      if (servers.has(podIp)) return true;
      const server = createServer((request, response) => {
        answer(handler, podIp, request, response).catch(() => request.socket.destroy());
      });
      servers.set(podIp, server); // Before it listens, so that close() also finds one on its way.
      const failed = await new Promise<string | undefined>((resolve) => {
        server.once('error', (err) => resolve(err.message));
        server.listen(port, podIp, () => resolve(undefined));
      });
      if (failed === undefined) return true;
      servers.delete(podIp);
      if (!told)
        say(`modelled node agents can't listen on ${podIp}:${port} (${failed}): mounts will look unknown there`);
      told = true;
      return false;
    },
    closeOne,
    close: async () => {
      await Promise.all([...servers.keys()].map(closeOne));
    },
  };
}

async function answer(
  handler: AgentHandler,
  podIp: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) return;
  if (body === 'tooLarge') {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const { method = 'GET', url = '/', headers } = request;
  const call = { method, path: url, body: body.toString('utf8'), authorization: headers.authorization };
  const { status, body: text } = await handler(podIp, call);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}
