/** What a pod uses, asks for and may use, in cores and bytes. Pure. Source: spec 07, 17. */
import type { KubeObject } from '../../messages/kube.ts';
import { quantityMilli, quantityValue } from '../../messages/quantity.ts';

/** Of `metrics.k8s.io` the object has `containers`, of a pod `spec.containers`. What is not there or no quantity counts as 0. */
export function podUsage(metrics: KubeObject, pod: KubeObject): Readonly<Record<string, number>> {
  const used = listOf(metrics, 'containers').map((container) => recordOf(container, 'usage'));
  const resources = listOf(recordOf(pod, 'spec'), 'containers').map((container) => recordOf(container, 'resources'));
  const requests = resources.map((each) => recordOf(each, 'requests'));
  const limits = resources.map((each) => recordOf(each, 'limits'));
  return {
    cpu_usage: cores(used),
    memory_usage: bytes(used),
    cpu_request: cores(requests),
    memory_request: bytes(requests),
    cpu_limit: cores(limits),
    memory_limit: bytes(limits),
  };
}
type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members => (typeof value === 'object' && value !== null ? { ...value } : {});
const recordOf = (of: unknown, name: string): Members => membersOf(membersOf(of)[name]);
function listOf(of: unknown, name: string): readonly unknown[] {
  const list = membersOf(of)[name];
  return Array.isArray(list) ? list : [];
}
const sum = (all: readonly Members[], name: string, read: (quantity: string | number) => number | undefined): number =>
  all.reduce((total, { [name]: quantity }) => {
    const value = typeof quantity === 'string' || typeof quantity === 'number' ? read(quantity) : undefined;
    return total + (value ?? 0);
  }, 0);
const cores = (all: readonly Members[]): number => sum(all, 'cpu', quantityMilli) / 1_000;
const bytes = (all: readonly Members[]): number => sum(all, 'memory', quantityValue);
