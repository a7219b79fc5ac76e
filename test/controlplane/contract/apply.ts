/** Server-side apply, as kubectl and other controllers use it beside us. */
import * as assert from 'uvu/assert';
import { CONTAINERS } from '../../../messages/kube.ts';
import type { Answer } from '../../support/plain-client.ts';
import { behaviour, container, create, inNamespace, type Place, pathTo, read } from './server.ts';

const x = (place: Place) => inNamespace(place, CONTAINERS, 'x');
type Body = { readonly metadata?: object; readonly spec?: object };
function apply(place: Place, manager: string, body: Body, more = ''): Promise<Answer> {
  const { apiVersion, kind } = container(place, 'x');
  return place.plain.ask(`${pathTo(x(place))}?fieldManager=${manager}${more}`, {
    method: 'PATCH',
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion, kind, ...body, metadata: { name: 'x', ...body.metadata } },
  });
}
const spec = (numCores: number, more: object = {}): Body => ({
  spec: { name: 'x', mode: 'compute', image: 'registry.example/weka:1', numCores, ...more },
});

export const APPLIES = [
  behaviour('apply creates what is absent and says so by 201, then 200', async (place) => {
    assert.is((await apply(place, 'one', spec(1))).code, 201);
    assert.is((await apply(place, 'one', spec(2))).code, 200);
    assert.is((await read(place, x(place))).spec.numCores, 2);
  }),
  behaviour("another's field is a 409 that names it; the same value is none", async (place) => {
    await apply(place, 'one', spec(1));
    assert.is((await apply(place, 'two', { spec: { numCores: 1 } })).code, 200);
    const { code, body } = await apply(place, 'three', { spec: { numCores: 5 } });
    assert.equal([code, body.reason], [409, 'Conflict']);
    assert.equal(
      body.details.causes.map(({ reason, field }: { reason: string; field: string }) => [reason, field]),
      [
        ['FieldManagerConflict', '.spec.numCores'],
        ['FieldManagerConflict', '.spec.numCores'],
      ],
    );
    assert.is((await read(place, x(place))).spec.numCores, 1);
  }),
  behaviour('force takes the field over', async (place) => {
    await apply(place, 'one', spec(1));
    assert.is((await apply(place, 'two', { spec: { numCores: 5 } }, '&force=true')).code, 200);
    assert.is((await read(place, x(place))).spec.numCores, 5);
    const { code, body } = await apply(place, 'one', spec(1));
    assert.equal([code, body.details.causes[0].field], [409, '.spec.numCores']);
  }),
  behaviour('what a manager no longer applies is removed, what another one owns stays', async (place) => {
    const labels = (keys: object) => ({ metadata: { labels: keys } });
    await apply(place, 'one', { ...spec(1), ...labels({ a: '1', b: '2' }) });
    await apply(place, 'two', labels({ b: '2' }));
    await apply(place, 'one', spec(1));
    assert.equal((await read(place, x(place))).metadata.labels, { b: '2' });
  }),
  behaviour("apply meets fields of who patched or put them as another's", async (place) => {
    await create(place, CONTAINERS, container(place, 'x'));
    const { code, body } = await apply(place, 'one', { spec: { numCores: 2 } });
    assert.is(code, 409);
    assert.match(body.message, /conflict with "contract(-test)?" using weka\.weka\.io\/v1alpha1/);
  }),
  behaviour('apply wants a manager, and none of its own records', async (place) => {
    assert.is((await apply(place, '', spec(1))).code, 422);
    assert.is((await apply(place, 'one', { ...spec(1), metadata: { name: undefined } })).code, 400);
    const { code, body } = await apply(place, 'one', { ...spec(1), metadata: { managedFields: [{ manager: 'a' }] } });
    assert.equal([code, body.message], [400, 'metadata.managedFields must be nil']);
  }),
];
