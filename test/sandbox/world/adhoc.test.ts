/** Helpers with a weka container of their own: feature flags of an image, NICs of a cloud's node. Source: spec 06, 6.8; 05, 10.1. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFeatureFlagsResult } from '../../../io/weka-parsers/feature-flags.ts';
import { podKit } from './pod-kit.ts';

function helper(cloud: 'none' | 'aws' | 'oci' = 'none') {
  const kit = podKit();
  const node = { ...kit.node('a', 1), cloud };
  let count = 0;
  const ask = (type: string, payload: string, image = 'weka:4.4.10') => {
    const uid = `helper-${count++}`;
    const env = { INSTRUCTIONS: JSON.stringify({ type, payload }), IMAGE_NAME: image };
    const { process, exits } = kit.start(node, 'adhoc-op-with-container', uid, env);
    kit.clock.advance(6_000);
    return { text: kit.weka(process, 'cat /weka-runtime/results.json').stdout, exits };
  };
  return { node, ask };
}

test('the flags are those of the image: its own bitmap, or the usual one', () => {
  const { ask } = helper();
  const flags = (image?: string) => {
    const parsed = parseFeatureFlagsResult(ask('feature-flags-update', '', image).text);
    if (parsed.kind === 'bad') throw new Error(parsed.why);
    return parsed.value;
  };
  assert.is(flags().agent_validate_60_ports_per_container, false);
  assert.is(flags().weka_get_copy_local_driver_files, true);
  const own = flags('weka:4.4.11-flags.88');
  assert.is(own.agent_validate_60_ports_per_container, true);
  assert.is(own.ssd_proxy_iommu_support, true);
  assert.is(own.weka_get_copy_local_driver_files, false);
});

for (const cloud of ['aws', 'oci'] as const) {
  test(`${cloud}: NICs are attached until there are enough, all data NICs are listed, each with its own address`, () => {
    const { node, ask } = helper(cloud);
    const nics = (count: number) =>
      JSON.parse(ask('ensure-nics', JSON.stringify({ type: cloud, dataNICsNumber: count })).text);
    assert.equal(nics(2).nics[0], {
      mac_address: '06:1f:00:01:00:01',
      primary_ip: '10.101.0.1',
      subnet_cidr_block: '10.101.0.0/16',
    });
    const { err, ensured, nics: all } = nics(4);
    assert.equal([err, ensured], [null, true]);
    assert.is(new Set(all.map(({ mac_address }: { mac_address: string }) => mac_address)).size, 4);
    assert.is(nics(3).nics.length, 4);
    assert.is(node.nics.length, 4);
  });
}

test('a node of another cloud, or more NICs than an instance takes: the process fails and says nothing', () => {
  const { node, ask } = helper('aws');
  for (const payload of [
    { type: 'oci', dataNICsNumber: 1 },
    { type: 'aws', dataNICsNumber: 16 },
  ]) {
    const { text, exits } = ask('ensure-nics', JSON.stringify(payload));
    assert.equal([text, exits], ['', [1]]);
  }
  assert.equal(node.nics, []);
});

test.run();
