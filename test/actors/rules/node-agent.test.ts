/** Which node agent may be asked. Texts are shown to users. Source: spec 07, 13; V8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { usableAgent } from '../../../actors/rules/node-agent.ts';
import type { Pod } from '../../../messages/resources.ts';

const strict = { nodeAgentImage: 'op:1', nodeAgentImageCheck: 'strict' } as const;
function agent(
  name: string,
  more: { phase?: string; image?: string; ip?: string; going?: boolean; container?: string },
): Pod {
  const { phase = 'Running', image = 'op:1', ip = '10.0.0.9', going = false, container = 'node-agent' } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ops',
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { nodeName: 'n1', containers: [{ name: container, image }] },
    status: { phase, ...(ip === '' ? {} : { podIP: ip }) },
  };
}
const why = (pods: readonly Pod[], settings = strict as Parameters<typeof usableAgent>[2], purpose?: 'read') => {
  const found = usableAgent(pods, 'n1', settings, purpose);
  return found.kind === 'ok' ? found.ip : found.why;
};

test('spec 07 §23 #63: each reason has its text', () => {
  assert.equal(usableAgent([], 'n1', strict), {
    kind: 'unusable',
    why: 'no node agent pod found on node n1',
    absent: true,
  });
  assert.equal(usableAgent([agent('a', { phase: 'Pending' })], 'n1', strict), {
    kind: 'unusable',
    why: 'Agent pod exists but is not running',
    absent: false,
  });
  assert.is(
    why([agent('a', { image: 'op:0' })]),
    'node agent image mismatch: node-agent has op:0 but operator has op:1',
  );
  assert.is(
    why([agent('a', { container: 'other' })]),
    'failed to get node-agent container image: node-agent container not found in pod a',
  );
  assert.is(why([agent('a', { ip: '' })]), 'node agent pod a has no address yet');
});

test('the one found is where commands run, too', () => {
  assert.equal(usableAgent([agent('p', { phase: 'Pending' }), agent('a', {})], 'n1', strict), {
    kind: 'ok',
    ip: '10.0.0.9',
    target: { namespace: 'ops', pod: 'a', podUid: 'uid-a', container: 'node-agent' },
  });
});

test('of two that run the one that stays is taken, but one that goes is better than none', () => {
  const going = agent('old', { going: true, ip: '10.0.0.1' });
  assert.is(why([going, agent('new', { ip: '10.0.0.2' })]), '10.0.0.2');
  assert.is(why([going]), '10.0.0.1');
});

test('V8: another image may be asked, or used, where the setting says so', () => {
  const other = [agent('a', { image: 'op:0' })];
  const reads = { ...strict, nodeAgentImageCheck: 'reads' } as const;
  assert.is(why(other, reads, 'read'), '10.0.0.9');
  assert.ok(why(other, reads).startsWith('node agent image mismatch'));
  assert.is(why(other, { ...strict, nodeAgentImageCheck: 'off' }), '10.0.0.9');
});

test.run();
