/** The home-made certificate, read by OpenSSL and used by a real handshake. */
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { selfSignedCertificate } from '../../../deploy/sandbox/api/certificate.ts';
import { systemClock } from '../../../io/clock.ts';

test('certificate: names its hosts and dates, and signs itself', () => {
  const { cert } = selfSignedCertificate(['localhost', '127.0.0.1'], Date.UTC(2026, 0, 2));
  const read = new X509Certificate(cert);
  assert.is(read.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
  assert.is(read.validFrom, 'Jan  1 00:00:00 2026 GMT');
  assert.is(read.validTo, 'Jan  2 00:00:00 2027 GMT');
  assert.ok(read.ca);
  assert.ok(read.verify(read.publicKey));
});

test('certificate: a client that trusts it connects, one that does not fails', async () => {
  const tls = selfSignedCertificate(['127.0.0.1'], systemClock.wallMs());
  const server = createServer({ ...tls }, (_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [trusting, wary] = [new Agent({ connect: { ca: tls.cert } }), new Agent()];
  try {
    const { body } = await trusting.request({ origin, path: '/', method: 'GET' });
    assert.is(await body.text(), 'ok');
    const refused = await wary.request({ origin, path: '/', method: 'GET' }).then(
      () => 'connected',
      () => 'refused',
    );
    assert.is(refused, 'refused');
  } finally {
    await Promise.all([trusting.destroy(), wary.destroy()]);
    server.close();
    server.closeAllConnections();
  }
});

test.run();
