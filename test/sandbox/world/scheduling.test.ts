/** The scheduler's filters: affinity, taints, resources, neighbours, and the words for each. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Node, Pod, PodSpec } from '../../../deploy/sandbox/world/objects.ts';
import { quantityOf } from '../../../deploy/sandbox/world/quantity.ts';
import { misfit, requestsOf } from '../../../deploy/sandbox/world/scheduling-rules.ts';

const meta = (name: string, labels = {}) => ({
  name,
  namespace: 'weka',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '',
  labels,
});
const pod = (spec: Partial<PodSpec>, labels = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta('p', labels),
  spec: { containers: [], ...spec },
});
const node = (extra: Partial<NonNullable<Node['spec']>> = {}, labels = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { ...meta('n1', labels) },
  spec: extra,
  status: { allocatable: { cpu: '8', memory: '64Gi', 'weka.io/drives': '4', pods: '110' } },
});
const reason = (one: Pod, where = node(), neighbours: readonly Pod[] = []) => misfit(one, where, new Map(), neighbours);
const terms = (...matchExpressions: { key: string; operator: string; values?: string[] }[]) => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  },
});

test('quantities of every suffix', () => {
  const read = ['5', '1100m', '16800Mi', '2500M', '1e3', '0', 3].map((text) => {
    try {
      return quantityOf(text);
    } catch {
      return 'refused';
    }
  });
  assert.equal(read, [5, 1.1, 16_800 * 2 ** 20, 2.5e9, 'refused', 0, 3]);
});

test('init containers count where one is greedier than the main ones together', () => {
  const wants = (cpu: string) => ({ name: 'c', image: 'i', resources: { requests: { cpu } } });
  const spec = { containers: [wants('2'), wants('1')], initContainers: [wants('4'), wants('1')] };
  assert.is(requestsOf(spec).get('cpu'), 4);
});

test('node affinity: each operator, hostname without a label', () => {
  const rack = node({}, { rack: 'r1' });
  const why = "node(s) didn't match Pod's node affinity/selector";
  for (const [term, expected] of [
    [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }, undefined],
    [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n2'] }, why],
    [{ key: 'rack', operator: 'NotIn', values: ['r1'] }, why],
    [{ key: 'rack', operator: 'Exists' }, undefined],
    [{ key: 'row', operator: 'Exists' }, why],
    [{ key: 'row', operator: 'DoesNotExist' }, undefined],
  ] as const) {
    assert.is(reason(pod(terms(term as never)), rack), expected, JSON.stringify(term));
  }
  assert.is(reason(pod({ nodeSelector: { rack: 'r2' } }), rack), why);
});

test('a cordon and taints need tolerations of their effect; PreferNoSchedule does not', () => {
  assert.is(reason(pod({}), node({ unschedulable: true })), 'node(s) were unschedulable');
  const exists = { operator: 'Exists', effect: 'NoSchedule' };
  assert.is(reason(pod({ tolerations: [exists] }), node({ unschedulable: true })), undefined);
  const tainted = node({ taints: [{ key: 'dedicated', value: 'weka', effect: 'NoSchedule' }] });
  assert.is(reason(pod({}), tainted), 'node(s) had untolerated taint {dedicated: weka}');
  assert.is(reason(pod({ tolerations: [{ key: 'dedicated', value: 'weka' }] }), tainted), undefined);
  assert.is.not(reason(pod({ tolerations: [{ key: 'dedicated', value: 'other' }] }), tainted), undefined);
  assert.is.not(reason(pod({ tolerations: [{ ...exists, effect: 'NoExecute' }] }), tainted), undefined);
  assert.is(reason(pod({}), node({ taints: [{ key: 'x', effect: 'PreferNoSchedule' }] })), undefined);
});

test('resources: what is used counts, a resource the node does not have is short', () => {
  const wants = (name: string, amount: string) =>
    pod({ containers: [{ name: 'c', image: 'i', resources: { limits: { [name]: amount } } }] });
  assert.is(reason(wants('weka.io/drives', '4')), undefined);
  assert.is(reason(wants('weka.io/drives', '5')), 'Insufficient weka.io/drives');
  assert.is(reason(wants('hugepages-2Mi', '2Mi')), 'Insufficient hugepages-2Mi');
  assert.is(reason(wants('hugepages-2Mi', '0')), undefined);
  assert.is(misfit(wants('cpu', '3'), node(), new Map([['cpu', 6]]), []), 'Insufficient cpu');
  assert.is(misfit(pod({}), node(), new Map([['pods', 110]]), []), 'Too many pods');
});

test('anti-affinity holds in both directions and only within its namespace; affinity needs a neighbour', () => {
  const term = { labelSelector: { matchLabels: { mode: 'drive' } }, topologyKey: 'kubernetes.io/hostname' };
  const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  const shy = pod({ affinity: { podAntiAffinity: required } });
  const drive = pod({}, { mode: 'drive' });
  const elsewhere = { ...drive, metadata: { ...drive.metadata, namespace: 'other' } };
  assert.is(reason(shy, node(), [drive]), "node(s) didn't match pod anti-affinity rules");
  assert.is(reason(drive, node(), [shy]), "node(s) didn't satisfy existing pods anti-affinity rules");
  assert.is(reason(shy, node(), [elsewhere]), undefined);
  const fond = pod({ affinity: { podAffinity: required } });
  assert.is(reason(fond, node(), []), "node(s) didn't match pod affinity rules");
  assert.is(reason(fond, node(), [drive]), undefined);
});

test.run();
