/** Objects that the controller writes besides its own: Events, Leases. */
import * as assert from 'uvu/assert';
import { COMPONENT, eventRecorder } from '../../../io/events.ts';
import { LEADER_LEASE } from '../../../io/leader-election.ts';
import { noLog } from '../../../io/log.ts';
import type { Submit } from '../../../io/submit.ts';
import { CONTAINERS, EVENTS, type KubeObject, LEASES } from '../../../messages/kube.ts';
import { simClock } from '../../support/sim-clock.ts';
import { behaviour, container, create, done, inNamespace, messageOf, type Place, pathOf, read } from './server.ts';

/** A recorder without a pool; `settled` resolves when its requests are answered. */
function recorder(place: Place) {
  const clock = simClock();
  const asked: Promise<void>[] = [];
  const submit: Submit = (request, _, finish) => {
    asked.push(place.kube.request(request).then(finish));
    return () => undefined;
  };
  const events = eventRecorder({ submit, clock, log: noLog, instance: 'one' });
  return { ...events, clock, settled: () => Promise.all(asked) };
}
const eventsOf = async (place: Place, fieldSelector: string) =>
  done(await place.kube.list({ verb: 'list', type: EVENTS, namespace: place.namespace, fieldSelector })).items;

export const RECORDS = [
  behaviour("the recorder's events are taken, counted up, and found by their object", async (place) => {
    const about = await create(place, CONTAINERS, container(place, 'x'));
    const note = { type: 'Warning', reason: 'TestReason', message: 'it is so', perMinute: false } as const;
    const events = recorder(place);
    events.record(about, note);
    await events.settled();
    events.clock.advance(61_000);
    events.record(about, note);
    await events.settled();
    assert.equal([events.counts().created, events.counts().repeated, events.counts().failed], [1, 1, 0]);
    const found = await eventsOf(place, `involvedObject.uid=${about.metadata.uid}`);
    assert.is(found.length, 1);
    const event = found[0] as KubeObject & Record<string, unknown>;
    assert.equal([event.reason, event.message, event.type, event.count], ['TestReason', 'it is so', 'Warning', 2]);
    assert.equal(event.source, { component: COMPONENT });
    assert.equal([event.reportingComponent, event.reportingInstance], [COMPONENT, 'one']);
    assert.equal((await eventsOf(place, 'involvedObject.name=other')).length, 0);
    assert.equal((await eventsOf(place, 'reason=TestReason,type=Warning,involvedObject.kind=WekaContainer')).length, 1);
  }),
  behaviour('an event about an object of another namespace is a 422', async (place) => {
    const about = await create(place, CONTAINERS, container(place, 'x'));
    const elsewhere = { kind: 'WekaContainer', namespace: 'default', name: 'x', uid: about.metadata.uid };
    const { code, body } = await place.plain.ask(pathOf(place, EVENTS), {
      method: 'POST',
      body: {
        metadata: { name: 'e', namespace: place.namespace },
        involvedObject: elsewhere,
        reason: 'R',
        message: 'm',
        type: 'Normal',
        source: { component: 'c' },
      },
    });
    assert.is(code, 422);
    assert.match(body.message, 'involvedObject.namespace: Invalid value: "default": does not match event.namespace');
  }),
  behaviour('of two that renew one lease from the same version, one wins', async (place) => {
    const metadata = { namespace: place.namespace, name: LEADER_LEASE };
    const times = { acquireTime: '2026-01-01T00:00:00.123456Z', renewTime: '2026-01-01T00:00:00.123456Z' };
    const spec = { holderIdentity: 'one', leaseDurationSeconds: 15, leaseTransitions: 0, ...times };
    const draft = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    const made = await create(place, LEASES, draft);
    const ref = inNamespace(place, LEASES, LEADER_LEASE);
    assert.equal((await read(place, ref)).spec, spec);
    const renew = (holderIdentity: string) =>
      place.kube.request({
        verb: 'replace',
        ref,
        object: { ...made, spec: { ...spec, holderIdentity } } as KubeObject,
      });
    const ends = await Promise.all([renew('two'), renew('three')]);
    assert.equal(ends.map(({ kind }) => kind).sort(), ['conflict', 'ok']);
    assert.is((await place.kube.request({ verb: 'create', type: LEASES, object: draft })).kind, 'alreadyExists');
  }),
  behaviour('a lease of no length is a 422', async (place) => {
    const metadata = { namespace: place.namespace, name: 'x' };
    const spec = { holderIdentity: 'one', leaseDurationSeconds: 0 };
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    const outcome = await place.kube.request({ verb: 'create', type: LEASES, object });
    assert.equal([outcome.kind, outcome.kind === 'refused' && outcome.status], ['refused', 422]);
    assert.match(messageOf(outcome), 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0');
  }),
];
