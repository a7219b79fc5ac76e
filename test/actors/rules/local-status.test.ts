/** What the pod's own list of local containers means for the status. Source: spec 07, 7. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { localStatusVerdict } from '../../../actors/rules/local-status.ts';
import type { LocalContainer } from '../../../io/weka-parsers/local-ps.ts';
import { done, doneWith, failed, wait, warningEachMinute } from '../../../messages/verdict.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';

const local = (name: string, runStatus: string, internalStatus: string, lastFailure = ''): LocalContainer => ({
  name,
  runStatus,
  internalStatus,
  lastFailure,
  lastFailureTime: lastFailure === '' ? '' : '2026-02-01T10:00:00Z',
});
/** Only what the rule looks at. */
const container = (status: string, internalStatus?: string, spec: object = {}): WekaContainer =>
  ({
    spec: { name: 'c1', mode: 'compute', ...spec },
    status: { status, ...(internalStatus === undefined ? {} : { internalStatus }) },
  }) as unknown as WekaContainer;
const verdict = (of: WekaContainer, listed: readonly LocalContainer[], drivesToAdd = false) =>
  localStatusVerdict(of, listed, drivesToAdd);

test('spec 07 §23 #1 to #3: both values are copied, in one change, and only where they differ', () => {
  const running = container('PodRunning');
  assert.equal(
    verdict(running, [local('c1', 'Running', 'STEM')]),
    doneWith({ status: { status: 'Running', internalStatus: 'STEM' } }),
  );
  assert.equal(verdict(container('Running', 'READY'), [local('c1', 'Running', 'READY')]), done);
  assert.equal(
    verdict(container('Running', 'READY'), [local('c1', 'Stopped', 'READY')]),
    doneWith({ status: { status: 'Stopped', internalStatus: 'READY' } }),
  );
});

test('spec 07 §23 #4 and #61: what is kept is kept, unless the container is not listed at all', () => {
  for (const kept of ['Completed', 'Deleting', 'Destroying']) {
    assert.equal(
      verdict(container(kept, 'STEM'), [local('c1', 'Running', 'READY')]),
      doneWith({ status: { status: kept, internalStatus: 'READY' } }),
    );
    assert.equal(
      verdict(container(kept, 'READY'), []),
      wait(15_000, 'weka local ps response is empty', { status: { status: 'Unhealthy' } }),
    );
  }
});

test('spec 07 §23 #5 to #7: an empty list, and one without our name', () => {
  const unhealthy = { status: { status: 'Unhealthy' } };
  assert.equal(verdict(container('Running'), []), wait(15_000, 'weka local ps response is empty', unhealthy));
  assert.equal(
    verdict(container('Running'), [local('other', 'Running', 'READY')]),
    wait(15_000, 'weka container not found', unhealthy),
  );
  assert.equal(
    verdict(container('Unhealthy'), []),
    wait(15_000, 'weka local ps response is empty'),
    'nothing to write',
  );
});

test('spec 07 §23 #8: envoy and telemetry are found under their fixed names, no other mode is', () => {
  for (const mode of ['envoy', 'telemetry']) {
    const found = verdict(container('PodRunning', undefined, { mode, name: 'x' }), [local(mode, 'Running', '')]);
    assert.equal(found, doneWith({ status: { status: 'Running', internalStatus: '' } }));
  }
  assert.is(verdict(container('PodRunning', undefined, { name: 'x' }), [local('envoy', 'Running', '')]).kind, 'wait');
});

test('spec 07 §23 #15: a last failure is told while it is not ready, but not of a distribution container', () => {
  const listed = [local('c1', 'Running', 'CLUSTERIZING', 'Network error')];
  const text = 'Container is not ready, status: CLUSTERIZING, last failure: Network error (2026-02-01T10:00:00Z)';
  assert.equal(
    verdict(container('Running', 'CLUSTERIZING'), listed),
    doneWith({ events: [warningEachMinute('WekaLocalStatus', text)] }),
  );
  assert.equal(verdict(container('Running', 'CLUSTERIZING', { mode: 'drivers-dist' }), listed), done);
  assert.equal(verdict(container('Running', 'READY'), [local('c1', 'Running', 'READY', 'old')]), done);
});

test('spec 01 §21 #22: DrivesAdding stays while drives are missing, and a changed inner status fails once', () => {
  const listed = [local('c1', 'Running', 'READY')];
  assert.equal(verdict(container('DrivesAdding', 'READY'), listed, true), doneWith({}));
  assert.equal(
    verdict(container('DrivesAdding', 'STEM'), listed, true),
    failed('internal status changed: STEM -> READY'),
  );
  assert.equal(
    verdict(container('DrivesAdding', 'READY'), listed, false),
    doneWith({ status: { status: 'Running', internalStatus: 'READY' } }),
  );
  assert.equal(
    verdict(container('DrivesAdding', 'READY'), [local('c1', 'Stopped', 'READY')], true),
    doneWith({ status: { status: 'Stopped', internalStatus: 'READY' } }),
  );
});

test.run();
