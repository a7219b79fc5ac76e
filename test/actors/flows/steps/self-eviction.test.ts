/** Rows 1, 12 to 14 and 33: what a container decides about itself. Source: spec 02, 6.1, 6.7 to 6.9, 6.21; F5, F10. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasDeprecatedPorts, migrateEnsurePorts } from '../../../../actors/flows/steps/exposed-ports.ts';
import { checkPodUnhealthy, restartsUnready } from '../../../../actors/flows/steps/pod-health.ts';
import {
  bearsNotTaints,
  deleteIfNodeSelectorMismatch,
  deleteIfNoNode,
  deleteIfTolerationsMismatch,
  lostItsNode,
  outsideSelector,
} from '../../../../actors/flows/steps/self-eviction.ts';
import type { NodeName } from '../../../../messages/ids.ts';
import type { Taint } from '../../../../messages/resources.ts';
import { done, failed, normal, wait } from '../../../../messages/verdict.ts';
import type { ContainerMode } from '../../../../messages/weka-container.ts';
import { containerOf, type Given, NODE, nodeOf, podFor } from '../../../support/containers.ts';
import { type PassGiven, passFor } from '../../../support/pass.ts';
import { absent, conflict, did, playStep, refused, requestOf } from '../../../support/play.ts';

const NODE_READ = `get nodes/${NODE}`;
const bound = (mode: ContainerMode, given: Given = {}) =>
  containerOf(mode, { ...given, status: { nodeAffinity: NODE, ...given.status } });
const gone: PassGiven = { without: [nodeOf()] };

// Row 12.

test('spec 02 §12 #8: its node is gone: an owned client is deleted, a backend only with the flag', () => {
  const lost = (mode: ContainerMode, settings: PassGiven['settings'] = {}): boolean =>
    lostItsNode(passFor(bound(mode), { ...gone, settings }));
  assert.is(lost('client'), true);
  assert.is(lost('envoy'), true);
  assert.is(lost('compute'), false);
  assert.is(lost('compute', { cleanupRemovedNodes: true }), true);
  assert.is(lostItsNode(passFor(bound('client'))), false, 'its node is there');
  const marked = bound('client', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  assert.is(lostItsNode(passFor(marked, gone)), false);
});

test('spec 02 §12 #9: of those without owner only a loader is deleted with its node', () => {
  const byHand = (mode: ContainerMode, spec: Given['spec'] = {}) =>
    lostItsNode(passFor(bound(mode, { metadata: { ownerReferences: [] }, spec }), gone));
  assert.is(byHand('drivers-dist'), false);
  assert.is(byHand('ssdproxy'), false);
  assert.is(byHand('drivers-loader'), true);
});

test('spec 02 §12 #10: a node that is not there: nothing before the grace is over, then the object is deleted as it was read', () => {
  const client = containerOf('client', { spec: { nodeAffinity: 'nope' as NodeName } });
  const pass = passFor(client, { settings: { nodeGoneGraceMs: 30_000 } });
  assert.is(lostItsNode(pass), true);
  const { calls, verdict } = playStep(deleteIfNoNode(pass), [
    ['get nodes/nope', absent],
    ['sleep 30000', undefined],
    ['get nodes/nope', absent],
    ['delete wekacontainers/weka/client', did(client)],
  ]);
  const request = requestOf(calls, 'delete');
  assert.equal(request.verb === 'delete' && [request.uid, request.resourceVersion], ['uid-client', '1']);
  assert.equal(verdict, wait(3_000, 'Node is not found, deleting container'));
});

test('row 12: a node that is back after the grace, or cannot be read, is no reason; a failed delete is told', () => {
  const pass = passFor(bound('client'), { ...gone, settings: { nodeGoneGraceMs: 30_000 } });
  const back = playStep(deleteIfNoNode(pass), [
    [NODE_READ, absent],
    ['sleep 30000', undefined],
    [NODE_READ, did(nodeOf())],
  ]);
  assert.equal(back.verdict, done);
  assert.equal(playStep(deleteIfNoNode(pass), [[NODE_READ, refused]]).verdict, done);
  const atOnce = passFor(bound('client'), { ...gone, settings: { nodeGoneGraceMs: 0 } });
  const { verdict } = playStep(deleteIfNoNode(atOnce), [
    [NODE_READ, absent],
    ['delete wekacontainers/weka/client', conflict],
  ]);
  assert.equal(verdict, failed('failed to delete container: the object has been modified'));
});

// Row 13.

const TAINT: Taint = { key: 'team', value: 'x', effect: 'NoSchedule' };
const tainted = (taint: Taint) => ({ ...nodeOf(), spec: { taints: [taint] } });
const onTaint = (mode: ContainerMode, taint: Taint, settings: PassGiven['settings'] = {}, given: Given = {}) =>
  passFor(bound(mode, given), {
    world: [tainted(taint)],
    settings: { cleanupContainersOnTolerationsMismatch: true, nodeConditionGraceMs: 15_000, ...settings },
  });

test('spec 02 §12 #12: a taint that lasts and is not tolerated: event and state `deleting`; flag off, ignored or no owner: nothing', () => {
  const pass = onTaint('compute', TAINT);
  assert.is(bearsNotTaints(pass), true);
  const { calls, verdict } = playStep(deleteIfTolerationsMismatch(pass), [
    ['sleep 15000', undefined],
    [NODE_READ, did(tainted(TAINT))],
    ['mergePatch wekacontainers/weka/compute', did(bound('compute'))],
  ]);
  const request = requestOf(calls, 'mergePatch');
  assert.equal(request.verb === 'mergePatch' && request.patch, {
    metadata: { resourceVersion: '1' },
    spec: { state: 'deleting' },
  });
  const text = 'Toleration mismatch, deleting container';
  assert.equal(verdict, wait(0, text, { events: [normal('TolerationMismatch', text)] }));
  assert.is(bearsNotTaints(onTaint('compute', TAINT, { cleanupContainersOnTolerationsMismatch: false })), false);
  assert.is(bearsNotTaints(onTaint('compute', TAINT, { tolerationsMismatchIgnoredTaints: ['team'] })), false);
  assert.is(bearsNotTaints(onTaint('compute', TAINT, {}, { metadata: { ownerReferences: [] } })), false);
});

test('row 13: a taint that went away within the grace is no reason to leave', () => {
  const { verdict } = playStep(deleteIfTolerationsMismatch(onTaint('compute', TAINT)), [
    ['sleep 15000', undefined],
    [NODE_READ, did(nodeOf())],
  ]);
  assert.equal(verdict, done);
});

test('spec 02 §12 #13: PreferNoSchedule counts for a compute container, a client tolerates it', () => {
  const prefer = { ...TAINT, effect: 'PreferNoSchedule' };
  assert.is(bearsNotTaints(onTaint('compute', prefer)), true);
  assert.is(bearsNotTaints(onTaint('client', prefer)), false);
});

// Row 14.

test('spec 02 §12 #14: a label of the node changes: a client with the flag leaves; an envoy does not, an empty selector never', () => {
  const settings = { cleanupClientsOnNodeSelectorMismatch: true };
  const world = [nodeOf(NODE, { labels: { a: 'c' } })];
  const selecting = (mode: ContainerMode, nodeSelector: Readonly<Record<string, string>>) =>
    passFor(bound(mode, { spec: { nodeSelector } }), { world, settings });
  const client = selecting('client', { a: 'b' });
  assert.is(outsideSelector(client), true);
  const { verdict } = playStep(deleteIfNodeSelectorMismatch(client), [
    [NODE_READ, did(nodeOf(NODE, { labels: { a: 'c' } }))],
    ['mergePatch wekacontainers/weka/client', did(bound('client'))],
  ]);
  const text = 'Node selector mismatch, deleting container';
  assert.equal(verdict, wait(0, text, { events: [normal('NodeSelectorMismatch', text)] }));
  const stale = playStep(deleteIfNodeSelectorMismatch(client), [
    [NODE_READ, did(nodeOf(NODE, { labels: { a: 'b' } }))],
  ]);
  assert.equal(stale.verdict, done, 'the store lagged');
  assert.is(outsideSelector(selecting('client', {})), false);
  assert.is(outsideSelector(selecting('client', { a: 'c' })), false);
  assert.is(outsideSelector(selecting('envoy', { a: 'b' })), false);
  assert.is(outsideSelector(selecting('compute', { a: 'b' })), false, 'backends have a flag of their own');
});

// Row 33.

test('spec 02 §12 #28: a process that has died before and is not ready: Unhealthy, the next look within 15 s', () => {
  const compute = bound('compute');
  const podWith = (ready: string, restartCount: number) =>
    podFor(compute, {
      status: {
        phase: 'Running',
        conditions: [{ type: 'ContainersReady', status: ready }],
        containerStatuses: [{ name: 'weka-container', restartCount }],
      },
    });
  const unhealthy = (ready: string, restarts: number) =>
    restartsUnready(passFor(compute, { world: [podWith(ready, restarts)] }));
  assert.is(unhealthy('False', 1), true);
  assert.is(unhealthy('False', 0), false);
  assert.is(unhealthy('True', 1), false);
  assert.equal(checkPodUnhealthy(), wait(15_000, 'pod is unhealthy', { status: { status: 'Unhealthy' } }));
});

// Row 1.

test('spec 02 §12 #4: an envoy with the deprecated pair of ports gets the named ones, others keep what they have', () => {
  const envoy = containerOf('envoy', { spec: { exposePorts: [8080, 8081] } });
  const { calls, verdict } = playStep(migrateEnsurePorts(passFor(envoy)), [
    ['mergePatch wekacontainers/weka/envoy', did(envoy)],
  ]);
  const request = requestOf(calls, 'mergePatch');
  assert.equal(request.verb === 'mergePatch' && request.patch, {
    metadata: { resourceVersion: '1' },
    spec: {
      exposedPorts: [
        { name: 'envoy', containerPort: 8080, hostPort: 8080 },
        { name: 'envoy-admin', containerPort: 8081, hostPort: 8081 },
      ],
      exposePorts: null,
    },
  });
  assert.equal(verdict, done);
  assert.is(hasDeprecatedPorts(passFor(containerOf('envoy', { spec: { exposePorts: [8080] } }))), false);
  assert.is(hasDeprecatedPorts(passFor(containerOf('envoy', { spec: { exposePorts: [1, 2, 3] } }))), false);
  assert.is(hasDeprecatedPorts(passFor(containerOf('s3', { spec: { exposePorts: [8080, 8081] } }))), false);
});

test.run();
