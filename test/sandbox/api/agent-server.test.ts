/** Modelled node agents on loopback addresses. Linux has all of 127.0.0.0/8; where it is missing the tests say so and are left out. */
import { Agent } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AgentCall, type AgentServers, createAgentServers } from '../../../deploy/sandbox/api/agent-server.ts';

/** Not 8090, which a running sandbox has; another one for each process, so that two runs at a time do not meet. */
const PORT = 20_000 + (process.pid % 20_000);

interface Setup {
  /** POSTs `{}`; gives status and body, or `no answer`. */
  readonly ask: (podIp: string, path: string) => Promise<string>;
  readonly calls: readonly (AgentCall & { readonly podIp: string })[];
  readonly lines: readonly string[];
  readonly servers: AgentServers;
}

async function withAgents(use: (setup: Setup) => Promise<void>): Promise<void> {
  const calls: (AgentCall & { podIp: string })[] = [];
  const lines: string[] = [];
  const client = new Agent();
  const servers = createAgentServers(
    async (podIp, call) => {
      calls.push({ podIp, ...call });
      if (call.path === '/crash') throw new Error('crashed');
      return { status: call.path === '/no' ? 404 : 200, body: `{"from":"${podIp}"}` };
    },
    (line) => lines.push(line),
    PORT,
  );
  const ask = async (podIp: string, path: string): Promise<string> => {
    const headers = { authorization: 'Token secret' };
    try {
      const answer = await client.request({
        origin: `http://${podIp}:${PORT}`,
        path,
        method: 'POST',
        headers,
        body: '{}',
      });
      return `${answer.statusCode} ${await answer.body.text()}`;
    } catch {
      return 'no answer';
    }
  };
  try {
    await use({ ask, calls, lines, servers });
  } finally {
    await client.destroy();
    await servers.close();
  }
}

if (process.platform === 'linux') {
  test('agent-server: each address answers for its own pod', () =>
    withAgents(async ({ ask, calls, lines, servers }) => {
      assert.equal(await Promise.all(['127.9.0.1', '127.9.0.2'].map(servers.open)), [true, true]);
      assert.is(await ask('127.9.0.1', '/getActiveMounts?x=1'), '200 {"from":"127.9.0.1"}');
      assert.is(await ask('127.9.0.2', '/no'), '404 {"from":"127.9.0.2"}');
      assert.equal(calls[0], {
        podIp: '127.9.0.1',
        method: 'POST',
        path: '/getActiveMounts?x=1',
        body: '{}',
        authorization: 'Token secret',
      });
      assert.equal(lines, []);
    }));

  test('agent-server: a handler that fails cuts the connection', () =>
    withAgents(async ({ ask, servers }) => {
      await servers.open('127.9.0.1');
      assert.is(await ask('127.9.0.1', '/crash'), 'no answer');
    }));

  test('agent-server: a closed address answers no more, the others do', () =>
    withAgents(async ({ ask, servers }) => {
      await Promise.all(['127.9.0.1', '127.9.0.2'].map(servers.open));
      await servers.closeOne('127.9.0.1');
      assert.is(await ask('127.9.0.1', '/'), 'no answer');
      assert.is(await ask('127.9.0.2', '/'), '200 {"from":"127.9.0.2"}');
    }));

  test('agent-server: hundreds of addresses open and close', () =>
    withAgents(async ({ ask, lines, servers }) => {
      const addresses = Array.from({ length: 400 }, (_, index) => `127.9.${1 + (index >> 8)}.${index & 255}`);
      assert.ok((await Promise.all(addresses.map(servers.open))).every(Boolean), lines[0] ?? '');
      assert.is(await ask('127.9.2.100', '/'), '200 {"from":"127.9.2.100"}');
    }));
} else process.stdout.write('agent-server: not tested here, only Linux has all of 127.0.0.0/8\n');

test('agent-server: an address that this machine does not have is told in one line, once', () =>
  withAgents(async ({ lines, servers }) => {
    assert.equal(await Promise.all(['203.0.113.7', '203.0.113.8'].map(servers.open)), [false, false]);
    assert.is(lines.length, 1);
    assert.match(lines[0] ?? '', /can't listen on 203\.0\.113\.[78]:\d+ \(/);
  }));

test.run();
