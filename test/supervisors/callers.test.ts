/** How calls of scripts reach the pools: at the edges, with stubs. */
import sinon from 'sinon';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { localPs, restartLocal } from '../../io/commands.ts';
import type { ObjectRequest } from '../../io/outside.ts';
import type { NodeName } from '../../messages/ids.ts';
import { CONTAINERS } from '../../messages/kube.ts';
import { createCallers } from '../../supervisors/callers.ts';
import { testConfig } from '../support/config.ts';
import { agentOn, containerOf, NODE } from '../support/containers.ts';
import { fakeView } from '../support/fake-view.ts';
import { simClock } from '../support/sim-clock.ts';

const test = suite('callers');
test.after.each(() => sinon.restore());

const TARGET = { namespace: 'weka', pod: 'a', podUid: 'p', node: NODE, container: 'weka-container' };
const REQUEST: ObjectRequest = { verb: 'get', ref: { type: CONTAINERS, namespace: 'weka', name: 'a' } };

function given(env: Readonly<Record<string, string>> = {}, token = 'secret') {
  const cancel = sinon.spy();
  const pools = {
    exec: { submit: sinon.stub().returns(cancel) },
    kube: { submit: sinon.stub().returns(cancel) },
    agents: { submit: sinon.stub().returns(cancel) },
  };
  const tellNode = sinon.spy();
  const put = sinon.spy();
  const clock = simClock();
  const callers = createCallers({
    pools: pools as never, // Only `submit` is called.
    view: fakeView(agentOn(NODE, 'operator:1')),
    settings: testConfig({ OPERATOR_IMAGE: 'operator:1', ...env }),
    clock,
    put,
    containersAsOf: sinon.stub().returns(cancel),
    agentToken: () => (token === '' ? { kind: 'none', why: 'No token found' } : { kind: 'known', token }),
    tellNode,
    tellCluster: sinon.spy(),
    tellImage: sinon.spy(),
    tellNamespace: sinon.spy(),
  });
  return { callers, pools, put, tellNode, clock, cancel };
}

test('a command goes with the limit of the settings and may wait as long as a pass', () => {
  const { callers, pools, cancel } = given({ WEKA_COMMAND_TIMEOUT: '7s', RECONCILE_TIMEOUT: '9m' });
  const answer = sinon.spy();
  const end = callers.exec({ kind: 'exec', target: TARGET, command: restartLocal(), priority: 'activation' }, answer);
  const [job, done] = pools.exec.submit.firstCall.args;
  assert.is(job.timeoutMs, 7_000);
  assert.is(job.deadlineMs, 540_000);
  assert.is(job.class, 'once');
  assert.is(done, answer);
  end();
  assert.ok(cancel.calledOnce);
});

test('a fixed limit stays, whatever the settings say', () => {
  const { callers, pools } = given({ WEKA_COMMAND_TIMEOUT: '7s' });
  callers.exec({ kind: 'exec', target: TARGET, command: localPs(), priority: 'periodic' }, sinon.spy());
  assert.is(pools.exec.submit.firstCall.args[0].timeoutMs, 10_000);
});

test('the answer of a write is in its store before the script hears of it', () => {
  const { callers, pools, put } = given();
  const answer = sinon.spy();
  callers.kube({ kind: 'kube', request: REQUEST, priority: 'removal' }, answer);
  const object = containerOf('drive');
  pools.kube.submit.firstCall.args[2]({ kind: 'ok', answer: object });
  assert.ok(put.calledOnceWithExactly(object) && put.calledBefore(answer));
});

test('a request that was not sent is answered as unknown, and nothing enters a store', () => {
  const { callers, pools, put } = given();
  const answer = sinon.spy();
  callers.kube({ kind: 'kube', request: REQUEST, priority: 'removal' }, answer);
  pools.kube.submit.firstCall.args[2]({ kind: 'dropped', why: 'draining' });
  assert.equal(answer.firstCall.args, [{ kind: 'transport', cause: 'not sent: draining' }]);
  assert.not(put.called);
});

const FIND = { method: 'POST', path: '/findDrives', body: '{}', timeoutMs: 10_000 } as const;
const REGISTER = { method: 'POST', path: '/register', body: '{}', timeoutMs: 3_000 } as const;

test('an agent is asked at its address with the token', () => {
  const { callers, pools } = given();
  callers.agent({ kind: 'agent', node: NODE, request: FIND, priority: 'activation' }, sinon.spy());
  const [job] = pools.agents.submit.firstCall.args;
  assert.is(job.token, 'secret');
  assert.is(job.node, NODE);
});

test('without a token, or without an agent, nobody is asked and the script hears why', () => {
  const { callers, pools } = given({}, '');
  const [first, second] = [sinon.spy(), sinon.spy()];
  callers.agent({ kind: 'agent', node: NODE, request: FIND, priority: 'activation' }, first);
  callers.agent({ kind: 'agent', node: 'node-9' as NodeName, request: FIND, priority: 'activation' }, second);
  assert.is(first.firstCall.args[0].why, 'No token found');
  assert.is(second.firstCall.args[0].absent, true);
  assert.not(pools.agents.submit.called);
});

test('an agent of another image is read, never changed, where the settings say so (V8)', () => {
  const { callers, pools } = given({ OPERATOR_IMAGE: 'operator:2', NODE_AGENT_IMAGE_CHECK: 'reads' });
  const refused = sinon.spy();
  callers.agent({ kind: 'agent', node: NODE, request: FIND, priority: 'activation' }, sinon.spy());
  callers.agent({ kind: 'agent', node: NODE, request: REGISTER, priority: 'periodic' }, refused);
  assert.is(pools.agents.submit.callCount, 1);
  assert.is(refused.firstCall.args[0].kind, 'unusable');
});

test('an ask goes to the node’s actor with the way back', () => {
  const { callers, tellNode } = given();
  const answer = sinon.spy();
  const ask = { kind: 'bind', uid: 'u' } as never; // A uid is a text.
  callers.node({ kind: 'node', node: NODE, ask }, answer);
  assert.equal(tellNode.firstCall.args, [NODE, { kind: 'asked', ask, answer }]);
});

test('a sleep ends on the clock, and not after its cancel', () => {
  const { callers, clock } = given();
  const [first, second] = [sinon.spy(), sinon.spy()];
  callers.sleep({ kind: 'sleep', delayMs: 500 }, first);
  callers.sleep({ kind: 'sleep', delayMs: 500 }, second)();
  clock.advance(500);
  assert.ok(first.calledOnce);
  assert.not(second.called);
});

test.run();
