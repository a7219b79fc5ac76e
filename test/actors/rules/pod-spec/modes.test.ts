/** The sheet of modes: host network, grace and ephemeral storage of every one. Source: spec 04, 3 and 10.2. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ContainerMode, MODES } from '../../../../messages/weka-container.ts';
import { container, PLAIN, podOf, requests } from '../given.ts';

const YEAR = 31_536_000;
/** Host network, grace in seconds, ephemeral storage. */
const SHEET: Readonly<Record<ContainerMode, readonly [true | undefined, number, string]>> = {
  drive: [true, YEAR, '100Mi'],
  compute: [true, YEAR, '100Mi'],
  s3: [true, YEAR, '100Mi'],
  nfs: [true, YEAR, '100Mi'],
  smbw: [true, YEAR, '100Mi'],
  'data-services': [true, YEAR, '100Mi'],
  client: [true, YEAR, '100Mi'],
  envoy: [true, 300, '100Mi'],
  telemetry: [undefined, 300, '100Mi'],
  ssdproxy: [undefined, YEAR, '100Mi'],
  dist: [undefined, 300, '100Mi'],
  'drivers-dist': [undefined, 300, '100Mi'],
  'drivers-builder': [undefined, 120, '3.5Gi'],
  'drivers-loader': [undefined, 60, '100Mi'],
  discovery: [undefined, 30, '100Mi'],
  'adhoc-op': [undefined, 60, '100Mi'],
  'adhoc-op-with-container': [undefined, 60, '2Gi'],
  'data-services-fe': [undefined, YEAR, '100Mi'],
};

for (const mode of MODES) {
  test(`spec 04 §3: ${mode} has its network, grace and storage`, () => {
    const pod = podOf(container(mode), PLAIN);
    const { hostNetwork, terminationGracePeriodSeconds } = pod.spec;
    assert.equal([hostNetwork, terminationGracePeriodSeconds, requests(pod)['ephemeral-storage']], SHEET[mode]);
  });
}

test.run();
