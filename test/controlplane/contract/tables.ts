/** Tables, as kubectl asks for them. */
import * as assert from 'uvu/assert';
import { CONTAINERS, PODS } from '../../../messages/kube.ts';
import type { Wire } from '../../support/plain-client.ts';
import { behaviour, container, create, done, inNamespace, type Place, pathOf, pathTo, runningPod } from './server.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const table = async (place: Place, path: string): Promise<Wire> => {
  const { code, body } = await place.plain.ask(path, { accept: TABLE });
  assert.equal([code, body.kind, body.apiVersion], [200, 'Table', 'meta.k8s.io/v1']);
  return body;
};
const titles = ({ columnDefinitions }: Wire): readonly string[] => columnDefinitions.map(({ name }: Wire) => name);

export const TABLES = [
  behaviour('a table has the printer columns of the CRD, cells in their order', async (place) => {
    await create(place, CONTAINERS, container(place, 'x'));
    const patch = { status: { status: 'Running', containerID: 7, printer: { managementIPs: '10.0.0.1' } } };
    const ref = inNamespace(place, CONTAINERS, 'x');
    done(await place.kube.request({ verb: 'mergePatch', ref, subresource: 'status', patch }));
    const body = await table(place, pathOf(place, CONTAINERS));
    assert.equal(titles(body).slice(0, 5), ['Name', 'Status', 'Mode', 'Management IPs', 'Node']);
    const { cells, object } = body.rows[0];
    assert.equal(cells.slice(0, 4), ['x', 'Running', 'compute', '10.0.0.1']);
    assert.match(cells[titles(body).indexOf('Age')], /^\d+s$/);
    assert.equal(
      [object.kind, object.apiVersion, object.metadata.name],
      ['PartialObjectMetadata', 'meta.k8s.io/v1', 'x'],
    );
    const wide = body.columnDefinitions.filter(({ priority }: Wire) => priority === 1).map(({ name }: Wire) => name);
    assert.ok(wide.includes('Weka cID'));
    assert.match(body.metadata.resourceVersion, /^\d+$/);
  }),
  behaviour('an absent value is an empty cell', async (place) => {
    await create(place, CONTAINERS, container(place, 'x'));
    const body = await table(place, pathTo(inNamespace(place, CONTAINERS, 'x')));
    const { cells } = body.rows[0];
    assert.equal([cells[0], cells[1] ?? '', cells[2]], ['x', '', 'compute']);
  }),
  behaviour('rows without objects, where so asked', async (place) => {
    await create(place, CONTAINERS, container(place, 'x'));
    const body = await table(place, `${pathOf(place, CONTAINERS)}?includeObject=None`);
    assert.equal([body.rows.length, body.rows[0].object ?? null], [1, null]);
  }),
  behaviour('a watch of tables has the columns in its first event only', async (place) => {
    await create(place, CONTAINERS, container(place, 'a'));
    const watch = await place.plain.watch(`${pathOf(place, CONTAINERS)}?watch=1`, TABLE);
    const first = (await watch.next()).object;
    await create(place, CONTAINERS, container(place, 'b'));
    const second = (await watch.next()).object;
    assert.equal([first.kind, first.rows[0].cells[0], titles(first)[0]], ['Table', 'a', 'Name']);
    assert.equal([second.kind, second.rows[0].cells[0], second.columnDefinitions ?? []], ['Table', 'b', []]);
  }),
  behaviour('pods have a table of their own', async (place) => {
    await runningPod(place, 'p');
    const body = await table(place, pathOf(place, PODS));
    assert.equal(titles(body), [
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
      'IP',
      'Node',
      'Nominated Node',
      'Readiness Gates',
    ]);
    const [name, ready, status, restarts] = body.rows[0].cells;
    assert.equal([name, ready, status, String(restarts)], ['p', '0/1', 'Running', '0']);
  }),
];
