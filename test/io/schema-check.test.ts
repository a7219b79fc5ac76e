/** What a CRD of another revision lacks, and when it is looked at again. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import { checkSchema, FINE_AGAIN_MS, MISSING_AGAIN_MS } from '../../io/schema-check.ts';
import { CONTAINERS, type KubeOutcome } from '../../messages/kube.ts';
import { integer, object, text } from '../../messages/shape.ts';
import { simClock } from '../support/sim-clock.ts';
import { driveIo } from './drive-io.ts';

const spec = object<{ image?: string; cores?: number }>({ image: text, cores: integer });
const status = object<{ status?: string }>({ status: text });
const part = (...names: readonly string[]) => ({
  properties: Object.fromEntries(names.map((name) => [name, {}])),
  'x-kubernetes-validations': [{}],
});
const served = (specPart: object, statusPart: object): KubeOutcome<unknown> => {
  const kind = [{ kind: CONTAINERS.kind }];
  const schema = { properties: { spec: specPart, status: statusPart }, 'x-kubernetes-group-version-kind': kind };
  return { kind: 'ok', answer: { components: { schemas: { other: {}, container: schema } } } };
};

function setUp(first: KubeOutcome<unknown>) {
  const clock = simClock();
  const asked: string[] = [];
  const logged: string[] = [];
  const say = (_: unknown, message: string) => void logged.push(message);
  const server = { answer: first };
  const read = (path: string) => {
    asked.push(path);
    return Promise.resolve(server.answer);
  };
  const log = { ...noLog, error: say, warn: say, info: say };
  const check = checkSchema({ kube: { read }, type: CONTAINERS, spec, status, clock, log });
  return { check, asked, logged, server, run: (ms: number) => driveIo(clock, ms) };
}
const FINE = served(part('image', 'cores'), part('status'));

test('missing fields are named once, looked for again soon, and the end of it is told', async () => {
  const { check, asked, logged, server, run } = setUp(served(part('image'), part()));
  await run(1);
  assert.equal(asked, ['/openapi/v3/apis/weka.weka.io/v1alpha1']);
  assert.is(
    check.problem(),
    'the CRD of WekaContainer is of another revision, it lacks spec.cores, status.status: apply deploy/chart/crds',
  );
  await run(MISSING_AGAIN_MS);
  assert.is(asked.length, 2);
  server.answer = FINE;
  await run(MISSING_AGAIN_MS);
  assert.is(check.problem(), undefined);
  assert.equal(logged, ['CRD does not fit', 'CRD fits now']);
  await run(FINE_AGAIN_MS - 1_000);
  assert.is(asked.length, 3);
  server.answer = served(part('image'), part('status'));
  await run(1_000);
  assert.match(check.problem() ?? '', 'it lacks spec.cores:');
  check.stop();
});

test('a server that does not say leaves what is known, and is asked again', async () => {
  const { check, asked, server, run } = setUp({ kind: 'transport', cause: 'ECONNREFUSED' });
  await run(1);
  assert.is(check.problem(), undefined);
  server.answer = served(part('image'), part('status'));
  await run(MISSING_AGAIN_MS);
  const problem = check.problem();
  assert.match(problem ?? '', 'spec.cores');
  server.answer = { kind: 'refused', status: 401, reason: 'Unauthorized', message: 'Unauthorized' };
  await run(MISSING_AGAIN_MS);
  assert.is(check.problem(), problem);
  check.stop();
  await run(FINE_AGAIN_MS);
  assert.is(asked.length, 3);
});

test('a schema that keeps unknown fields lacks none; one without rules is only warned of', async () => {
  const { check, logged, run } = setUp(served({ 'x-kubernetes-preserve-unknown-fields': true }, part('status')));
  await run(1);
  assert.is(check.problem(), undefined);
  assert.equal(logged, ['the CRD has no validation rules: contradictory specs are not refused']);
  check.stop();
});

test.run();
