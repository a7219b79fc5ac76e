/** Typed access to the objects of a golden case; throws where the file is not what its kind expects. */

import type { KubeObject } from '../../messages/kube.ts';
import { readContainer } from '../../messages/read-container.ts';
import type { ConfigMap, Node, Pod } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import type { Golden } from './kind.ts';

/** The container as the program would read it from the API server; defaults are applied in the file, so none is added. */
export function containerOf(golden: Golden): WekaContainer {
  const object = member<KubeObject & { readonly spec: object }>(golden, 'container');
  // The files leave empty texts out: an absent policy was an empty one, not one to be defaulted. Some name no version.
  const metadata = { resourceVersion: '1', ...(object.metadata as object) };
  const read = readContainer({ ...object, metadata, spec: { cpuPolicy: '', ...object.spec } } as object as KubeObject);
  if (read.kind === 'malformed') throw new Error(`container: ${read.problems.join('; ')}`);
  return read.container;
}

export const nodeOf = (golden: Golden): Node => member<Node>(golden, 'node');
export const podOf = (golden: Golden): Pod => member<Pod>(golden, 'pod');
/** Undefined when the case has none. */
export const configMapOf = (golden: Golden): ConfigMap | undefined => golden.configMap as ConfigMap | undefined;

/** The cast is a promise of the golden folder's README. */
export function member<Value>(golden: Golden, key: string): Value {
  const value = golden[key];
  if (value === undefined) throw new Error(`the case has no ${key}`);
  return value as Value;
}
