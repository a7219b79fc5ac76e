/** The containers that help others: names by which two askers meet, what each is given, who owns it. Spec 01, 15.2; 06, 4.4, 6. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { driversReady, loadedMark } from '../../../actors/rules/drivers.ts';
import {
  discoveryDraft,
  FINALIZER,
  flagsDraft,
  flagsName,
  imageMeantBy,
  loaderDraft,
  loaderName,
  resignDraft,
} from '../../../actors/rules/helpers.ts';
import { readContainer } from '../../../messages/read-container.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { BOOT, containerOf, IMAGE, NODE, nodeOf, OPERATOR_NAMESPACE } from '../../support/containers.ts';
import { SETTINGS } from '../../support/pass.ts';

const settings = { ...SETTINGS, maintenanceServiceAccount: 'maintenance', signDrivesImage: 'sign:1' };
const asking = containerOf('drive', {
  spec: {
    imagePullSecret: 'pull',
    tolerations: [{ key: 'k', operator: 'Exists' }],
    serviceAccountName: 'account',
    driversDistService: 'https://dist',
    driversBuildId: 'b7',
  },
  status: { nodeAffinity: NODE, allocations: { drives: ['A', 'B'] } },
});
const specOf = (draft: unknown): WekaContainer['spec'] => (draft as WekaContainer).spec;
const drafts = {
  discovery: discoveryDraft(asking, NODE, 'weka'),
  loader: loaderDraft(asking, nodeOf(), IMAGE, settings),
  flags: flagsDraft(
    asking,
    IMAGE,
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'u', controller: true },
    settings,
  ),
  resign: resignDraft(asking, NODE, 'weka', true, settings),
};

for (const [name, draft] of Object.entries(drafts)) {
  test(`${name}: a container that this controller can read, with finalizer, pull secret, tolerations and its node`, () => {
    const object = {
      ...draft,
      metadata: { ...draft.metadata, uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    };
    const read = readContainer(object as WekaContainer);
    assert.is(read.kind, 'ok', JSON.stringify(read));
    const { imagePullSecret, tolerations, nodeAffinity, mode } = specOf(draft);
    assert.equal([imagePullSecret, tolerations, nodeAffinity], ['pull', asking.spec.tolerations, NODE]);
    assert.equal(draft.metadata.finalizers, [FINALIZER]);
    assert.is(draft.metadata.labels?.['weka.io/mode'], mode);
  });
}

test('names are the same for all that want the same', () => {
  assert.is(loaderName(nodeOf()), 'weka-drivers-loader-uid-node-1');
  assert.match(flagsName(IMAGE), /^weka-feature-flags-[0-9a-f]{12}$/);
  assert.is(flagsName(IMAGE), flagsName(IMAGE));
  assert.is.not(flagsName(IMAGE), flagsName(`${IMAGE}x`));
});

test('a discovery belongs to whoever asks, where that is possible', () => {
  assert.is(drafts.discovery.metadata.ownerReferences?.[0]?.uid, 'uid-drive');
  assert.is(discoveryDraft(asking, NODE, OPERATOR_NAMESPACE).metadata.ownerReferences, undefined);
  assert.is(specOf(drafts.discovery).serviceAccountName, 'account');
});

test('a loader serves its node: nobody owns it, it runs as maintenance, with the source of the drivers', () => {
  const spec = specOf(drafts.loader);
  assert.is(drafts.loader.metadata.ownerReferences, undefined);
  assert.is(drafts.loader.metadata.namespace, OPERATOR_NAMESPACE);
  assert.equal(
    [
      spec.image,
      spec.serviceAccountName,
      spec.driversDistService,
      spec.driversBuildId,
      spec.hugepages,
      spec.instructions,
    ],
    [IMAGE, 'maintenance', 'https://dist', 'b7', 0, undefined],
  );
  assert.is(imageMeantBy(drafts.loader as unknown as WekaContainer), IMAGE);
});

test('spec 06 §10 #40: a loader image of its own carries the image it is meant for', () => {
  const own = containerOf('drive', { spec: { driversLoaderImage: 'loader:1' } });
  const draft = loaderDraft(own, nodeOf(), IMAGE, settings);
  assert.is(specOf(draft).image, 'loader:1');
  assert.equal(specOf(draft).instructions, { type: 'copy-weka-files-to-driver-loader', payload: IMAGE });
  assert.is(imageMeantBy(draft as unknown as WekaContainer), IMAGE);
});

test('the flags helper is owned by the Deployment and has ports of its own', () => {
  const { instructions, port, agentPort } = specOf(drafts.flags);
  assert.equal([instructions?.type, port, agentPort], ['feature-flags-update', 60040, 60039]);
  assert.is(drafts.flags.metadata.ownerReferences?.[0]?.kind, 'Deployment');
});

test('a helper never takes over what is only its asker’s: drives, cores, name', () => {
  for (const draft of Object.values(drafts)) {
    const { numDrives, numCores, name } = specOf(draft);
    assert.equal([numDrives, numCores, name], [undefined, 0, '']);
    assert.is((draft as { status?: unknown }).status, undefined);
  }
});

// Drivers. Spec 06, 4.1.

for (const [name, mark, frontend, currentBoot, expected] of [
  ['no mark', undefined, false, false, false],
  ['any mark, backend', 'other:old', false, false, true],
  ['an old boot, backend, V5', `${IMAGE}:old`, false, true, false],
  ['this boot, another image, backend, V5', `other:${BOOT}`, false, true, true],
  ['this image and boot, frontend', `${IMAGE}:${BOOT}`, true, false, true],
  ['another image, frontend', `other:${BOOT}`, true, false, false],
  ['an old boot, frontend', `${IMAGE}:old`, true, false, false],
] as const) {
  test(`spec 06 §4.1, 01 §23 #34: ${name}: ${expected}`, () => {
    const node = nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': mark } });
    assert.is(driversReady(node, { image: IMAGE, frontend }, currentBoot), expected);
  });
}

test('the mark of a load', () => {
  assert.is(loadedMark(IMAGE, nodeOf()), `${IMAGE}:${BOOT}`);
});

test.run();
