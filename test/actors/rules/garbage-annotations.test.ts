/** What stands in a node's annotations and in results is anybody's text: whatever it is, each reader has an answer, and nothing known is lost. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nextLoad } from '../../../actors/node/driver-load.ts';
import { nicOwners, nicsOf } from '../../../actors/rules/allocation/nics.ts';
import { sharedDrives } from '../../../actors/rules/allocation/shared-drives.ts';
import { blockDrives } from '../../../actors/rules/block-drives.ts';
import { blockedPhysicalUuids, blockedSerials } from '../../../actors/rules/blocked-lists.ts';
import { ANNOTATIONS, textsIn } from '../../../actors/rules/node-annotations.ts';
import { nodeInfoOf, nodeInfoOfResult } from '../../../actors/rules/node-info.ts';
import { proxyHugepages } from '../../../actors/rules/proxy-hugepages.ts';
import { signOutcome } from '../../../actors/rules/sign-result.ts';
import { DISCOVERED, NODE, nodeOf } from '../../support/containers.ts';
import { fakeView } from '../../support/fake-view.ts';
import { garbageText, HUGE_TEXTS } from '../../support/garbage-text.ts';
import { SETTINGS } from '../../support/pass.ts';

const SHARED = '[{"physical_uuid":"p1","serial":"S1","capacity_gib":7000,"type":"TLC"}]';
const NICS = '[{"mac_address":"m","primary_ip":"10.0.0.1","subnet_cidr_block":"10.0.0.0/24"}]';
const SIGNED =
  '{"err":null,"drives":[{"serial_id":"S9"}],"raw_drives":[{"path":"/dev/a","is_mounted":false,"serial_id":"S9"}]}';
const NO_TOOLKIT = { digests: undefined, imageBaseUrl: '', required: false };
const NAMES = Object.values(ANNOTATIONS);

/** Every annotation of drives, NICs and discovery is the same text. */
const nodeWith = (text: string) =>
  nodeOf(NODE, { annotations: Object.fromEntries([...NAMES, 'weka.io/discovery.json'].map((name) => [name, text])) });
const RUNS = { numRuns: 500 };

function readAll(text: string): void {
  const node = nodeWith(text);
  for (const name of NAMES) {
    const list = textsIn(node, name);
    assert.ok(typeof list === 'string' || list.every((item) => typeof item === 'string'));
  }
  for (const list of [blockedSerials(node), blockedPhysicalUuids(node)])
    assert.ok(list.kind === 'failed' || list.ids.every((id) => typeof id === 'string'));
  assert.ok(['known', 'discover', 'failed'].includes(nodeInfoOf(node, NO_TOOLKIT).kind));
  const shared = sharedDrives(node, []);
  assert.ok(shared.kind === 'unreadable' || shared.drives.every(({ freeGiB }) => Number.isSafeInteger(freeGiB)));
  const pages = proxyHugepages(node);
  assert.ok(pages.kind === 'failed' || Number.isFinite(pages.baseMiB));
  assert.type(blockDrives(node, ['S1']).kind, 'string');
  assert.type(nicOwners(node).kind, 'string');
  assert.ok(nicsOf(node) !== undefined);
  nextLoad(NODE, [], fakeView(node), SETTINGS);
}
for (const good of ['["S1","S2"]', SHARED, NICS, DISCOVERED, '{"weka/a":{"nics":["m"]}}']) {
  test(`annotations like ${good.slice(0, 30)}: any text has an answer, a number in it is one`, () => {
    fc.assert(fc.property(garbageText(good), readAll), RUNS);
  });
}
for (const [name, text] of Object.entries(HUGE_TEXTS)) test(`annotations: ${name} has an answer`, () => readAll(text));

test('F32: a result of signing: what cannot be read is dropped; what is read loses no drive that was known', () => {
  const known = nodeOf(NODE, {
    annotations: { [ANNOTATIONS.drives]: '["S1","S2"]', [ANNOTATIONS.sharedDrives]: SHARED },
  });
  fc.assert(
    fc.property(garbageText(SIGNED), (text) => {
      const outcome = signOutcome(text, known);
      if (outcome.kind !== 'signed') {
        assert.ok(outcome.kind === 'errored' || outcome.kind === 'undecodable');
        return;
      }
      const { [ANNOTATIONS.drives]: drives, [ANNOTATIONS.sharedDrives]: shared } = outcome.annotations;
      if (drives !== undefined) assert.equal(JSON.parse(drives).slice(0, 2), ['S1', 'S2']);
      if (shared !== undefined) assert.ok(JSON.parse(shared).some(({ serial }: { serial: string }) => serial === 'S1'));
      for (const count of Object.values(outcome.resources)) assert.match(count, /^[0-9]+$/);
    }),
    RUNS,
  );
});

test('F32: a record of discovery is trusted only as a whole', () => {
  fc.assert(
    fc.property(garbageText(DISCOVERED), (text) => {
      const info = nodeInfoOfResult(text, nodeOf(), NO_TOOLKIT);
      if (info.kind !== 'known') return;
      for (const value of Object.values(info.info)) assert.ok(['string', 'number', 'boolean'].includes(typeof value));
      assert.is(JSON.parse(JSON.stringify(info.info)).schema, 3);
    }),
    RUNS,
  );
});

test.run();
