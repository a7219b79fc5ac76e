/** A fleet as the existing operator leaves it, and this controller takes it over. Source: spec 08, 8.9, 9.1 and 9.2. */
import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ObjectRequest } from '../../io/outside.ts';
import { REFERENCE_MANAGER } from '../../io/second-writer.ts';
import type { Condition } from '../../messages/condition.ts';
import { CONTAINERS, EVENTS, type KubeObject, PODS, refOf } from '../../messages/kube.ts';
import { mergePatch } from '../../messages/merge-patch.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { comesUp } from './never.ts';
import { createScene, MINUTE_MS, type Scene } from './scene.ts';

/** A revision of the types that has a field of which this version knows nothing. */
const NEWER = 'ofANewerRevision';
function newerCrds(): readonly unknown[] {
  const folder = new URL('../../deploy/chart/crds/', import.meta.url);
  const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  return texts.map((text) => {
    const crd = load(text) as { spec: { names: { kind: string }; versions: unknown[] } }; // Our own files.
    if (crd.spec.names.kind !== 'WekaContainer') return crd;
    const field = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const status = { properties: { status: { properties: { [NEWER]: field } } } };
    const versions = crd.spec.versions.map((version) => mergePatch(version, { schema: { openAPIV3Schema: status } }));
    return { ...crd, spec: { ...crd.spec, versions } };
  });
}

type Stored = WekaContainer & { readonly status: { readonly [NEWER]?: unknown } };
const containers = ({ world }: Scene): readonly Stored[] => world.store.all<Stored>(CONTAINERS);
const since = (type: string, reason: string, message: string): Condition => ({
  type,
  status: 'True',
  reason,
  message,
  lastTransitionTime: '2025-12-01T00:00:00Z',
});
/** All of its status is written by the other operator, with what it alone knows. No process of ours runs. */
function leave({ world }: Scene, { metadata, status }: WekaContainer): void {
  const theirs = [
    since('ContainerImageUpdated', 'ImageUpdate', 'Completed successfully'),
    since('VirtualDrivesAdded', 'Success', 'Completed successfully'),
    since('OnlyTheyKnow', 'Success', 'Completed successfully'),
  ];
  const left = {
    ...status,
    conditions: [...(status?.conditions ?? []), ...theirs],
    lastAppliedSpec: 'd830a49ffbbdb429',
    [NEWER]: { since: 7 },
  };
  for (const patch of [{ status: null }, { status: left }]) {
    const request = { verb: 'mergePatch', ref: refOf(CONTAINERS, metadata), subresource: 'status', patch } as const;
    assert.is(world.store.request(request, { fieldManager: REFERENCE_MANAGER }).kind, 'ok');
  }
}

test('spec 08 §11 #41: a fleet of the reference with all conditions True: its files are compared, its processes asked, figures written; no pod, join, drive, file or condition is touched', async () => {
  const sent: ObjectRequest[] = [];
  const scene = createScene({
    seed: 'hand-over',
    nodes: 7,
    drive: 6,
    compute: 6,
    world: { crds: newerCrds() },
    outside: {
      kube: (api) => ({
        ...api,
        request: (request, signal) => {
          sent.push(request);
          return api.request(request, signal);
        },
      }),
    },
  });
  await comesUp(scene);
  await scene.forMs(6 * MINUTE_MS);
  scene.crash();
  for (const container of containers(scene)) leave(scene, container);
  const [pods, before] = [podsOf(scene), containers(scene).map(lasting)];
  assert.is(before.length, 12);
  assert.ok(containers(scene).every(({ status }) => status[NEWER] !== undefined && status.conditions?.length === 7));
  const [sentBefore, execsBefore] = [sent.length, scene.world.exec.log.length];

  scene.start();
  await scene.forMs(5 * MINUTE_MS);
  for (const container of containers(scene)) apply(scene, container, 'another');
  await scene.forMs(5 * MINUTE_MS);

  const writes = sent.slice(sentBefore).filter(({ verb }) => verb !== 'get');
  assert.ok(writes.length > 0, 'figures');
  assert.equal(
    writes.filter((request) => !isFigures(request)),
    [],
  );
  const siblings = new Set(['ClusterStatus']);
  const commands = new Set(scene.world.exec.log.slice(execsBefore).map(({ name }) => name));
  assert.equal([...commands].filter((name) => !siblings.has(name)).toSorted(), [
    'GetManagementIps',
    'VerifyResources',
    'WekaLocalContainerGetIdentity',
    'WekaLocalPs',
  ]);
  assert.equal(podsOf(scene), pods);
  assert.equal(
    containers(scene).map(lasting),
    before.map((each) => ({ ...each, applied: 'another' })),
  );
  assert.is(scene.controller().stores.secondWriters.count(), 0, 'what their cluster controller writes is no sign');
  assert.is(scene.world.oracle.text(), '');
  scene.crash();
});

for (const workers of ['0', '-1']) {
  test(`spec 08 §11 #50: MAX_WORKERS_WEKACONTAINER=${workers}, as an existing operator may have it: all comes up`, async () => {
    const env = { MAX_WORKERS_WEKACONTAINER: workers };
    const scene = createScene({ seed: 'no workers', nodes: 7, drive: 3, compute: 3, env });
    await comesUp(scene);
    scene.crash();
  });
}

/** As their cluster controller does at each of its starts: it shares the entry under which all of the status was written. */
function apply({ world }: Scene, { metadata }: WekaContainer, lastAppliedSpec: string): void {
  const patch = { status: { lastAppliedSpec } };
  const request = { verb: 'mergePatch', ref: refOf(CONTAINERS, metadata), subresource: 'status', patch } as const;
  assert.is(world.store.request(request, { fieldManager: REFERENCE_MANAGER }).kind, 'ok');
}
/** All but figures. */
function lasting({ metadata, spec, status }: Stored): object {
  const { stats: _, printer: __, lastAppliedSpec, ...rest } = status;
  const { name, uid, labels, annotations, finalizers, generation } = metadata;
  return { applied: lastAppliedSpec, rest, spec, metadata: { name, uid, labels, annotations, finalizers, generation } };
}
interface PodObject extends KubeObject {
  readonly status?: { readonly containerStatuses?: readonly { readonly restartCount?: number }[] };
}
const podsOf = ({ world }: Scene): readonly string[] =>
  world.store
    .all<PodObject>(PODS, 'weka')
    .map(
      ({ metadata, status }) =>
        `${metadata.uid} ${metadata.generation} ${status?.containerStatuses?.[0]?.restartCount ?? 0}`,
    );
function isFigures(request: ObjectRequest): boolean {
  if (request.verb !== 'mergePatch' || request.ref.type === EVENTS || request.subresource !== 'status') return false;
  const { status = {} } = request.patch as { status?: object };
  return Object.keys(status).every((key) => key === 'stats' || key === 'printer');
}

test.run();
