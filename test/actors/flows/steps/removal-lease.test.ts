/** In a ring of shards removals of a cluster's hosts are spaced out by a Lease. Source: spec 03, 4.12; design.md 8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Pass } from '../../../../actors/flows/pass.ts';
import { giveRemovalTurnBack, takeRemovalTurn } from '../../../../actors/flows/steps/removal-lease.ts';
import { rfc3339Micro } from '../../../../io/clock.ts';
import type { ClusterUid } from '../../../../messages/ids.ts';
import type { Lease } from '../../../../messages/resources.ts';
import type { ContainerMode } from '../../../../messages/weka-container.ts';
import { memberOf } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { absent, conflict, did, exists, type Line, lost, play } from '../../../support/play.ts';

const CLUSTER = 'cluster-uid' as ClusterUid;
const NAME = 'leases/weka-operator-system/weka-removal-cluster-uid-drive';
const passOf = (controllerRing = 'ring', mode: ContainerMode = 'drive'): Pass =>
  passFor(memberOf(mode, 'd1', 7), { settings: { controllerRing, removalThrottlingEnabled: true } });
const PASS = passOf();
const LEASE: Lease = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace: 'weka-operator-system', name: 'x', uid: 'l', resourceVersion: '1', creationTimestamp: '' },
};
const found = (holderIdentity: string, msAgo?: number): Line => {
  const renewTime = msAgo === undefined ? 'some day' : rfc3339Micro(PASS.wallMs - msAgo);
  return [`get ${NAME}`, did({ ...LEASE, spec: { holderIdentity, renewTime } } as Lease)];
};
const REPLACED: Line = [`replace ${NAME}`, did(LEASE)];
const take = (...lines: readonly Line[]) => play(takeRemovalTurn(PASS, CLUSTER), lines).verdict;

test('without a ring, and for roles that are not paced, nothing is asked for', () => {
  assert.is(play(takeRemovalTurn(passOf(''), CLUSTER), []).verdict, undefined);
  assert.is(play(takeRemovalTurn(passOf('ring', 's3'), CLUSTER), []).verdict, undefined);
  play(giveRemovalTurnBack(passOf(''), CLUSTER), []);
});

test('its turn: nobody has removed yet, or not within a minute, or it gave its turn back, or it has it already', () => {
  const { calls, verdict } = play(takeRemovalTurn(PASS, CLUSTER), [
    [`get ${NAME}`, absent],
    [`create ${NAME}`, did(LEASE)],
  ]);
  assert.is(verdict, undefined);
  const [, made] = calls;
  assert.ok(made?.kind === 'kube' && made.request.verb === 'create');
  assert.equal((made.request.object as Lease).spec, {
    holderIdentity: PASS.uid,
    leaseDurationSeconds: 60,
    renewTime: rfc3339Micro(PASS.wallMs),
  });
  assert.is(take(found('other', 60_001), REPLACED), undefined);
  assert.is(take(found('other', -60_001), REPLACED), undefined, 'a clock that is far off holds nobody up');
  assert.is(take(found('other'), REPLACED), undefined);
  assert.is(take(found('', 1), REPLACED), undefined);
  assert.is(take(found(PASS.uid, 1)), undefined);
});

test('not yet: another one within the minute, another one was faster, an answer that is none', () => {
  assert.match(take(found('other', 59_000)) ?? '', /weka-removal-cluster-uid-drive is another one's/);
  assert.type(take(found('other', 60_001), [`replace ${NAME}`, conflict]), 'string');
  assert.type(take([`get ${NAME}`, absent], [`create ${NAME}`, exists]), 'string');
  assert.type(take([`get ${NAME}`, lost]), 'string');
  assert.type(take(found('', 1), [`replace ${NAME}`, lost]), 'string');
});

test('given back only by who has it', () => {
  const { calls } = play(giveRemovalTurnBack(PASS, CLUSTER), [found(PASS.uid, 1), REPLACED]);
  const [, given] = calls;
  assert.ok(given?.kind === 'kube' && given.request.verb === 'replace');
  assert.is((given.request.object as Lease).spec?.holderIdentity, '');
  play(giveRemovalTurnBack(PASS, CLUSTER), [found('other', 1)]);
  play(giveRemovalTurnBack(PASS, CLUSTER), [[`get ${NAME}`, absent]]);
});

test.run();
