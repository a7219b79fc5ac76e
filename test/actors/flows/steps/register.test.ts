/** A container at its node agent: what is told, when again, when no more. Source: spec 07, 14 (R1) and 15; I7, V7. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../../actors/calls.ts';
import {
  deregister,
  onChange,
  onChangeWithoutPod,
  register,
  registerWithoutPod,
} from '../../../../actors/flows/steps/register.ts';
import type { Config } from '../../../../config.ts';
import { done, failed, type Verdict } from '../../../../messages/verdict.ts';
import type { ContainerMode, WekaContainerSpec } from '../../../../messages/weka-container.ts';
import { agentOn, BORN, containerOf, NODE, type PodGiven, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { agentOk, type Line, noAgent, playStep } from '../../../support/play.ts';

interface Of {
  readonly mode?: ContainerMode;
  readonly spec?: Partial<WekaContainerSpec>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly pod?: PodGiven | null;
  readonly settings?: Partial<Config>;
}
function pass({ mode = 'compute', spec = {}, labels, pod, settings = {} }: Of = {}) {
  const metadata = labels === undefined ? {} : { labels };
  const container = containerOf(mode, { metadata, spec, status: { nodeAffinity: NODE } });
  const world = pod === null ? [] : [podFor(container, pod)];
  return passFor(container, { world: [...world, agentOn(NODE)], settings });
}
const FLAGS = { agent_validate_60_ports_per_container: true, allow_per_container_driver_interfaces: true } as const;
const TOLD: Line = ['agent POST /register', agentOk({})];
const linesFor = (mode: ContainerMode): readonly Line[] =>
  mode === 'client' ? [['image flags', { kind: 'known', flags: FLAGS }], TOLD] : [TOLD];
function bodyOf(calls: readonly Call[]): string {
  const call = calls.find(({ kind }) => kind === 'agent');
  return call?.kind === 'agent' ? (call.request.body ?? '') : '';
}
const told = (of: Of): string => bodyOf(playStep(register(pass(of)), linesFor(of.mode ?? 'compute')).calls);

const EIGHT = {
  traces_override_partial_support: false,
  traces_override_in_slash_traces: false,
  supports_binding_to_not_all_interfaces: false,
  agent_validate_60_ports_per_container: true,
  allow_per_container_driver_interface: false,
  weka_get_copy_local_driver_files: false,
  driver_supports_auto_drain: false,
  ssd_proxy_iommu_support: false,
};
const admin = {
  exposedPorts: [
    { name: 'envoy', containerPort: 9000 },
    { name: 'envoy-admin', containerPort: 9001 },
  ],
};
for (const [mode, spec, targets, flags] of [
  ['compute', {}, [], undefined],
  ['drive', admin, [], undefined],
  ['s3', {}, [], undefined],
  ['nfs', {}, [], undefined],
  ['ssdproxy', {}, [], undefined],
  ['client', {}, [], EIGHT],
  ['envoy', {}, [], undefined],
  ['envoy', admin, [{ port: 9001, path: '/stats/prometheus', app_name: 'weka_s3_envoy' }], undefined],
] as const) {
  test(`spec 07 §23 #67: the body of ${mode} with ${targets.length} scrape targets, byte for byte`, () => {
    const body = {
      container_name: mode,
      container_id: `uid-${mode}`,
      weka_container_name: `w-${mode}`,
      labels: { 'weka.io/mode': mode },
      mode,
      scrape_targets: targets,
      pod_status: 'Running',
      pod_status_start_time: BORN,
      ...(flags === undefined ? {} : { feature_flags: flags }),
    };
    assert.is(told({ mode, spec: spec as Partial<WekaContainerSpec> }), JSON.stringify(body));
  });
}

test('V7: with the setting the runtime’s spelling of the flag counts too', () => {
  const body = JSON.parse(told({ mode: 'client', settings: { clientMountsPerContainer: true } }));
  assert.is(body.feature_flags.allow_per_container_driver_interface, true);
  assert.is(JSON.parse(told({ mode: 'client' })).feature_flags.allow_per_container_driver_interface, false);
});

test('spec 07 §23 #59: a client is not told of before the flags of its image are known', () => {
  const { verdict } = playStep(register(pass({ mode: 'client' })), [['image flags', { kind: 'pending' }]]);
  assert.equal(
    verdict,
    failed('failed to get feature flags for container: ad-hoc container execution result not ready'),
  );
  const refused = playStep(register(pass({ mode: 'client' })), [['image flags', { kind: 'failed', reason: 'x' }]]);
  assert.equal(refused.verdict, failed('failed to get feature flags for container: x'));
});

const at = (second: number, type: string, status: string) => ({
  type,
  status,
  lastTransitionTime: `2026-01-01T00:00:0${second}Z`,
});
const conditions = (phase: string, ...all: readonly object[]) => ({ status: { phase, conditions: all } }) as PodGiven;
const READY = at(6, 'Ready', 'True');
const CONTAINERS = at(5, 'ContainersReady', 'True');
const INITIALIZED = at(4, 'Initialized', 'True');
for (const [name, pod, expected] of [
  ['no pod', null, ['Unknown', '2026-01-01T00:00:00Z']],
  [
    'Terminating, less its grace',
    { metadata: { deletionTimestamp: '2026-01-01T00:10:00Z' } },
    ['Terminating', '2026-01-01T00:05:00Z'],
  ],
  ['Pending', conditions('Pending', at(3, 'PodScheduled', 'True')), ['Pending', '2026-01-01T00:00:03Z']],
  ['Pending, not scheduled', conditions('Pending', at(3, 'PodScheduled', 'False')), ['Pending', BORN]],
  ['Pending without conditions', { phase: 'Pending' }, ['Pending', BORN]],
  ['Running by Ready', conditions('Running', INITIALIZED, CONTAINERS, READY), ['Running', '2026-01-01T00:00:06Z']],
  [
    'Running by ContainersReady',
    conditions('Running', INITIALIZED, CONTAINERS, at(6, 'Ready', 'False')),
    ['Running', '2026-01-01T00:00:05Z'],
  ],
  ['Running by Initialized', conditions('Running', INITIALIZED), ['Running', '2026-01-01T00:00:04Z']],
  ['Running, nothing true', conditions('Running', at(6, 'Ready', 'False')), ['Running', BORN]],
  ['Running, a condition without time', conditions('Running', { type: 'Ready', status: 'True' }), ['Running', BORN]],
  ['Succeeded', conditions('Succeeded', at(7, 'Ready', 'False')), ['Succeeded', '2026-01-01T00:00:07Z']],
  ['Failed', conditions('Failed', at(8, 'Ready', 'False')), ['Failed', '2026-01-01T00:00:08Z']],
  ['Failed, once ready', conditions('Failed', READY), ['Failed', BORN]],
  ['another phase', conditions('Unknown', READY), ['Unknown', BORN]],
] as const) {
  test(`spec 07 §23 #66: state of the pod and since when: ${name}`, () => {
    const body = JSON.parse(told({ pod }));
    assert.equal([body.pod_status, body.pod_status_start_time], expected);
  });
}

const keyOf = (of: Of, agent = agentOn(NODE)): string => {
  const given = pass(of);
  given.view.put(agent);
  return onChange.key?.(given) ?? '';
};
test('spec 07 §23 #46, #47, I7: told again when the pod, the labels or the agent’s process are others, else not', () => {
  const first = keyOf({});
  assert.is(keyOf({}), first);
  assert.is(keyOf({ pod: null }), keyOf({ pod: null }), 'the moment that stands for an unknown start is no change');
  const restarted = agentOn(NODE);
  const containerStatuses = [{ name: 'node-agent', restartCount: 1 }];
  const keys = [
    first,
    keyOf({ pod: null }),
    keyOf({ pod: { phase: 'Pending' } }),
    keyOf({ pod: { metadata: { deletionTimestamp: BORN } } }),
    keyOf({ pod: { metadata: { uid: 'another' } } }),
    keyOf({ labels: { a: 'b' } }),
    keyOf({}, { ...restarted, metadata: { ...restarted.metadata, uid: 'another' } }),
    keyOf({}, { ...restarted, status: { ...restarted.status, containerStatuses } }),
  ];
  assert.is(new Set(keys).size, keys.length, keys.join('\n'));
});

test('spec 07 §15.1: while paused the agent hears of no pod, whatever there is', () => {
  const { calls } = playStep(registerWithoutPod(pass()), [TOLD]);
  assert.is(JSON.parse(bodyOf(calls)).pod_status, 'Unknown');
  const key = onChangeWithoutPod.key;
  assert.is(key?.(pass()), key?.(pass({ pod: null })));
});

test('a registration that fails is an error that the flow goes on with', () => {
  const said = (answer: unknown): Verdict => playStep(register(pass()), [['agent POST /register', answer]]).verdict;
  assert.equal(
    said({ kind: 'timeout', afterMs: 3_000 }),
    failed('Error sending register request: node agent did not answer within 3000 ms'),
  );
  assert.equal(said({ kind: 'status', status: 503, body: '' }), failed('error sending register request, status: 503'));
  assert.equal(said(noAgent), failed('no node agent pod found on node node-1'));
  const nowhere = register(passFor(containerOf('compute')));
  assert.equal(playStep(nowhere).verdict, failed('failed to get current pod node name: Pod is not set'));
});

test('spec 07 §15.2, §23 #67: deregistering never fails for an agent that is not there or refuses', () => {
  const said = (answer: unknown): Verdict => playStep(deregister(pass()), [['agent POST /deregister', answer]]).verdict;
  assert.equal(said(agentOk({})), done);
  assert.equal(said(noAgent), done);
  assert.equal(said({ kind: 'status', status: 500, body: '' }), done);
  assert.is(said({ kind: 'unusable', why: 'No token found', absent: false }).kind, 'failed');
  assert.equal(deregister(passFor(containerOf('compute'))), done);
  const { calls } = playStep(deregister(pass()), [['agent POST /deregister', agentOk({})]]);
  assert.is(bodyOf(calls), '{"container_id":"uid-compute"}');
});

test.run();
