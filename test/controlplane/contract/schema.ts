/** What the CRDs of deploy/crds do to an object: defaults, pruning, validation, rules. Texts are a real server's. */
import * as assert from 'uvu/assert';
import { CONTAINERS } from '../../../messages/kube.ts';
import type { Answer } from '../../support/plain-client.ts';
import {
  behaviour,
  container,
  create,
  done,
  inNamespace,
  messageOf,
  type Place,
  pathOf,
  pathTo,
  read,
} from './server.ts';

const x = (place: Place) => inNamespace(place, CONTAINERS, 'x');
const post = (place: Place, spec: object, query = ''): Promise<Answer> =>
  place.plain.ask(`${pathOf(place, CONTAINERS)}${query}`, { method: 'POST', body: container(place, 'x', spec) });
/** The message of a refusal by the schema, without its beginning. */
async function problem(place: Place, spec: object): Promise<string> {
  const { code, body } = await post(place, spec);
  assert.equal([code, body.reason], [422, 'Invalid'], JSON.stringify(body));
  return body.message.replace(/^WekaContainer\.weka\.weka\.io "x" is invalid: /, '');
}

export const SCHEMAS = [
  behaviour('defaults are filled in at creation, also in objects and lists', async (place) => {
    await create(place, CONTAINERS, container(place, 'x', { ports: [{ containerPort: 1 }], portRange: {} }));
    const { spec } = await read(place, x(place));
    assert.equal([spec.state, spec.cpuPolicy], ['active', 'auto']);
    assert.equal(spec.portRange, { basePort: 45000, portRange: 0 });
    assert.equal(spec.ports, undefined);
  }),
  behaviour('a default comes back where its field is removed', async (place) => {
    await create(place, CONTAINERS, container(place, 'x', { state: 'paused' }));
    done(await place.kube.request({ verb: 'mergePatch', ref: x(place), patch: { spec: { state: null } } }));
    assert.is((await read(place, x(place))).spec.state, 'active');
  }),
  behaviour('unknown fields are pruned, and a warning names each', async (place) => {
    const { code, headers, body } = await post(place, { nonsense: 1, network: { wrong: true } });
    assert.is(code, 201);
    assert.equal([body.spec.nonsense, body.spec.network], [undefined, {}]);
    const warnings = [headers.warning ?? []].flat().join('\n');
    assert.match(warnings, '299 - "unknown field \\"spec.nonsense\\""');
    assert.match(warnings, '299 - "unknown field \\"spec.network.wrong\\""');
  }),
  behaviour('unknown fields of a status are pruned too', async (place) => {
    await create(place, CONTAINERS, container(place, 'x'));
    const patch = { status: { status: 'Init', nonsense: 1 } };
    done(await place.kube.request({ verb: 'mergePatch', ref: x(place), subresource: 'status', patch }));
    assert.equal((await read(place, x(place))).status, { status: 'Init' });
  }),
  behaviour('strict field validation refuses unknown fields: 400', async (place) => {
    const { code, body } = await post(place, { nonsense: 1 }, '?fieldValidation=Strict');
    assert.is(code, 400);
    assert.match(body.message, 'strict decoding error: unknown field "spec.nonsense"');
  }),
  behaviour('a required field that is missing is named', async (place) => {
    assert.match(await problem(place, { image: undefined }), 'spec.image: Required value');
  }),
  behaviour('a wrong type is named', async (place) => {
    assert.match(
      await problem(place, { numCores: 'many' }),
      'spec.numCores: Invalid value: "string": spec.numCores in body must be of type integer: "string"',
    );
  }),
  behaviour('a value outside an enumeration is named, with those allowed', async (place) => {
    assert.match(
      await problem(place, { mode: 'none' }),
      /^\[spec\.mode: Unsupported value: "none": supported values: "drive", "compute", .*, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation\]$/,
    );
  }),
  behaviour('a number above its maximum is named', async (place) => {
    assert.match(
      await problem(place, { portRange: { basePort: 70000 } }),
      'spec.portRange.basePort: Invalid value: 70000: spec.portRange.basePort in body should be less than or equal to 65535',
    );
  }),
  behaviour('a rule that is broken gives its own message', async (place) => {
    assert.is(
      await problem(place, { mode: 'drive', containerCapacity: -1 }),
      'spec: Invalid value: containerCapacity must be greater than 0 when specified',
    );
    const both = await problem(place, { driveCapacity: 10, driveTypesRatio: { tlc: 1, qlc: 1 } });
    assert.match(both, /^spec: Invalid value: driveCapacity and driveTypesRatio are mutually exclusive; use driveCap/);
  }),
  behaviour('several problems come in one list', async (place) => {
    const text = await problem(place, { image: undefined, mode: 'none', containerCapacity: -1 });
    assert.match(text, /^\[.*\]$/);
    assert.match(text, 'spec.image: Required value');
    assert.match(text, 'spec.mode: Unsupported value: "none"');
    assert.match(text, 'some validation rules were not checked because the object was invalid');
  }),
  behaviour('a patch is checked as the whole object', async (place) => {
    await create(place, CONTAINERS, container(place, 'x'));
    const patch = { spec: { image: null } };
    const outcome = await place.kube.request({ verb: 'mergePatch', ref: x(place), patch });
    assert.equal([outcome.kind, outcome.kind === 'refused' && outcome.status], ['refused', 422]);
    assert.match(messageOf(outcome), 'spec.image: Required value');
  }),
  behaviour('a name that is no DNS name is refused', async (place) => {
    const { code, body } = await place.plain.ask(pathOf(place, CONTAINERS), {
      method: 'POST',
      body: container(place, 'Not_A_Name'),
    });
    assert.equal([code, body.reason], [422, 'Invalid']);
    assert.match(
      body.message,
      'metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist',
    );
    assert.is((await place.plain.ask(`${pathTo(x(place))}`)).code, 404);
  }),
  behaviour('a label that is none is refused', async (place) => {
    const draft = container(place, 'x');
    const body = { ...draft, metadata: { ...draft.metadata, labels: { 'not a key': 'v' } } };
    const answer = await place.plain.ask(pathOf(place, CONTAINERS), { method: 'POST', body });
    assert.is(answer.code, 422);
    assert.match(answer.body.message, 'metadata.labels: Invalid value: "not a key": name part must consist of');
  }),
];
