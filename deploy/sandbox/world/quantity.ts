/** Kubernetes quantities as numbers, for the scheduler's sums. Source: Kubernetes API conventions, resource.Quantity. */
import type { Quantity } from '../../../messages/core-types.ts';

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** Throws on text that is no quantity: a pod with one would have been refused by a real API server. */
export function quantityOf(text: Quantity): number {
  const parts = /^(-?[0-9.]+)([a-zA-Z]*)$/.exec(String(text));
  const factor = FACTORS[parts?.[2] ?? '?'];
  if (parts === null || factor === undefined) throw new Error(`not a quantity: ${text}`);
  return Number(parts[1]) * factor;
}
