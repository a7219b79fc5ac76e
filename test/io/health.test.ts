/** The probes over a real socket, and what they complain about. */
import { request } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mailboxProbe, metricsRoute, parseBindAddress, plain, probeRoute, serve } from '../../io/health.ts';
import { noLog } from '../../io/log.ts';
import { createMetrics } from '../../io/metrics.ts';
import { simClock } from '../support/sim-clock.ts';

test('addresses are read as the reference reads them', () => {
  assert.equal(parseBindAddress(':8080'), { port: 8080 });
  assert.equal(parseBindAddress('127.0.0.1:8081'), { host: '127.0.0.1', port: 8081 });
  assert.equal(parseBindAddress('[::1]:0'), { host: '::1', port: 0 });
  assert.is(parseBindAddress('0'), undefined);
  assert.is(parseBindAddress(''), undefined);
  for (const bad of ['8080', 'x:', ':99999', '::1:80'])
    assert.throws(() => parseBindAddress(bad), /not an address/, bad);
});

test('routes answer, unknown paths are 404, other methods 405, a throw is 500, close frees the port', async () => {
  let complaint: string | undefined;
  const serving = await serve(
    { host: '127.0.0.1', port: 0 },
    {
      '/healthz': probeRoute({ mailboxes: () => complaint, loop: () => undefined }),
      '/metrics': metricsRoute(createMetrics({ log: noLog, processFigures: false, version: '1' })),
      '/broken': () => {
        throw new Error('a bug');
      },
      '/plain': () => plain(200, 'yes'),
    },
    noLog,
  );
  const ask = async (path: string, method: 'GET' | 'POST' | 'HEAD' = 'GET') => {
    const { statusCode, body } = await request(`http://127.0.0.1:${serving.port}${path}`, { method, reset: true });
    return [statusCode, await body.text()] as const;
  };
  try {
    assert.equal(await ask('/healthz'), [200, 'ok\n']);
    complaint = 'stuck';
    assert.equal(await ask('/healthz?verbose'), [503, 'mailboxes: stuck\n']);
    assert.match((await ask('/metrics'))[1], /wekacontainer_build_info\{version="1"\} 1/);
    assert.equal(await ask('/plain', 'HEAD'), [200, '']);
    assert.equal((await ask('/healthz', 'POST'))[0], 405);
    assert.equal((await ask('/x'))[0], 404);
    assert.equal((await ask('/broken'))[0], 500);
    const taken = serve({ host: '127.0.0.1', port: serving.port }, {}, noLog);
    assert.match(await taken.then(() => 'listens', String), /EADDRINUSE/);
  } finally {
    await serving.close();
  }
});

test('mailboxes complain when messages wait and none is handled, not when all is quiet', () => {
  const clock = simClock();
  let [turnCount, waitingCount] = [0, 0];
  const probe = mailboxProbe(clock, 60_000, { turnCount: () => turnCount, waitingCount: () => waitingCount });
  assert.is(probe(), undefined);
  clock.advance(600_000);
  assert.is(probe(), undefined);
  waitingCount = 3;
  clock.advance(59_000);
  assert.is(probe(), undefined);
  clock.advance(1_000);
  assert.is(probe(), '3 messages wait, none handled for 60 s');
  turnCount = 1;
  assert.is(probe(), undefined);
});

test.run();
