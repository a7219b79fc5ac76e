/** Step 29: data moves from a claim to the node before a pod runs on it. Source: spec 02, 6.19; spec 03, 10; F23. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { migrateJob } from '../../../../actors/flows/steps/migrate-pvc.ts';
import { containerOf, type Given, jobOf, NODE, nodeOf, OPERATOR_NAMESPACE } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { serving, story } from '../../../support/story.ts';

const JOB = 'weka-pvc-migrate-uid-compute';
const CREATE = `create jobs/${OPERATOR_NAMESPACE}/${JOB}`;
const migrating = (given: Given = {}) =>
  containerOf('compute', {
    ...given,
    spec: { nodeAffinity: NODE, pvc: { name: 'data' }, overrides: { migrateOutFromPvc: true } },
  });

test('spec 02 §12 #46, 03 §17 #54: a Job and no pod; when it succeeded the claim goes, the pod comes, the condition is True', () => {
  const s = story(migrating(), { exec: serving('w-compute') });
  s.until(() => s.count(CREATE) > 0);
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.is(s.view.pod('weka', 'compute'), undefined);
  assert.is(s.count(CREATE), 1);
  assert.match(s.condition('MigratedOutFromPVC') ?? '', `pvc migrate job ${JOB} is not complete yet`);
  s.view.put(jobOf(JOB, { succeeded: 1 }));
  s.until(() => s.view.pod('weka', 'compute') !== undefined);
  assert.is(s.container()?.spec.pvc ?? undefined, undefined);
  assert.is(s.condition('MigratedOutFromPVC'), 'True Completed successfully');
  const volumes = s.view.pod('weka', 'compute')?.spec as { volumes?: { persistentVolumeClaim?: unknown }[] };
  assert.ok(volumes.volumes?.every(({ persistentVolumeClaim }) => persistentVolumeClaim === undefined));
});

test('spec 02 §12 #46, 03 §17 #54: a failed Job: no pod, tried again every 10 s', () => {
  const s = story(migrating());
  s.until(() => s.count(CREATE) > 0);
  s.view.put(jobOf(JOB, { failed: 1 }));
  s.tick();
  assert.is(s.condition('MigratedOutFromPVC'), `False pvc migrate job ${JOB} failed`);
  assert.is(s.rest(), 10_000);
  assert.is(s.view.pod('weka', 'compute'), undefined);
  assert.ok(s.container()?.spec.pvc);
});

test('F23: the data goes where the node’s system keeps it; the Job has no owner of another namespace', () => {
  const pass = passFor(migrating());
  const path = (os: string): unknown =>
    JSON.stringify(migrateJob(pass, NODE, { os })).match(/"hostPath":\{"path":"([^"]*)"/)?.[1];
  assert.equal(['ubuntu', 'rhcos', 'cos'].map(path), [
    '/opt/k8s-weka',
    '/root/k8s-weka',
    '/mnt/stateful_partition/k8s-weka',
  ]);
  assert.is(migrateJob(pass, NODE, {}).metadata.ownerReferences, undefined);
  const inOperators = passFor(migrating({ metadata: { namespace: OPERATOR_NAMESPACE } }));
  assert.is(migrateJob(inOperators, NODE, {}).metadata.ownerReferences?.[0]?.uid, 'uid-compute');
});

test('nothing is copied before the node’s system is known', () => {
  const s = story(migrating(), { world: [nodeOf(NODE, { annotations: { 'weka.io/discovery.json': undefined } })] });
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.is(s.count(CREATE), 0);
  assert.is(s.view.pod('weka', 'compute'), undefined);
});

test.run();
