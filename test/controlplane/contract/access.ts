/** Who may ask: tokens and reviews. */
import * as assert from 'uvu/assert';
import { CONTAINERS } from '../../../messages/kube.ts';
import type { Wire } from '../../support/plain-client.ts';
import { behaviour, type Place, pathOf } from './server.ts';

async function review({ plain }: Place, group: string, plural: string, spec: object): Promise<Wire> {
  const { code, body } = await plain.ask(`/apis/${group}/v1/${plural}`, { method: 'POST', body: { spec } });
  assert.is(code, 201, JSON.stringify(body));
  return body;
}
const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';
const ATTRIBUTES = { group: 'weka.weka.io', resource: 'wekacontainers', verb: 'list' };

export const ACCESS = [
  behaviour('a token that is not known is a 401, before anything else', async (place) => {
    const { code, body } = await place.plain.ask(pathOf(place, CONTAINERS), { token: 'stranger' });
    assert.equal([code, body.kind, body.reason, body.message], [401, 'Status', 'Unauthorized', 'Unauthorized']);
  }),
  behaviour('a token review tells whose token it is', async (place) => {
    const known = await review(place, AUTHENTICATION, 'tokenreviews', { token: place.token });
    assert.equal([known.kind, known.status.authenticated, known.status.user.username], ['TokenReview', true, 'admin']);
    assert.ok(known.status.user.groups.includes('system:authenticated'));
    const stranger = await review(place, AUTHENTICATION, 'tokenreviews', { token: 'stranger' });
    assert.ok(stranger.status.authenticated !== true);
  }),
  behaviour('access reviews: the administrator may, a stranger may not', async (place) => {
    const own = await review(place, AUTHORIZATION, 'selfsubjectaccessreviews', { resourceAttributes: ATTRIBUTES });
    assert.is(own.status.allowed, true);
    const spec = { user: 'stranger', resourceAttributes: ATTRIBUTES };
    assert.is((await review(place, AUTHORIZATION, 'subjectaccessreviews', spec)).status.allowed, false);
  }),
  behaviour('health and version are for everyone', async ({ plain }) => {
    for (const path of ['/healthz', '/readyz', '/livez'])
      assert.equal([(await plain.ask(path, { token: '' })).code, (await plain.ask(path)).body], [200, 'ok']);
    assert.match((await plain.ask('/version', { token: '' })).body.gitVersion, /^v1\.\d+\.\d+/);
  }),
];
