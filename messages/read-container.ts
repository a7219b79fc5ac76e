/**
 * From an object of the API to a WekaContainer, or to what is wrong with it. Never throws, never changes its argument.
 * Nulls count as absent, defaults are filled in, an unknown `spec.state` is `active`. Source: spec 01, 1.1, 5 and 6.
 */
import { metadataShape, specShape, statusShape } from './container-shape.ts';
import type { KubeObject } from './kube.ts';
import { must, object, text } from './shape.ts';
import type { WekaContainer } from './weka-container.ts';

/** `problems`: one line each, at most 20, with the path of the field: `spec.numCores: "4" is not an integer`. */
export type ReadContainer =
  | { readonly kind: 'ok'; readonly container: WekaContainer }
  | { readonly kind: 'malformed'; readonly problems: readonly string[] };

const containerShape = object<Omit<WekaContainer, 'ownership'>>({
  apiVersion: must(text),
  kind: must(text),
  metadata: must(metadataShape),
  spec: must(specShape),
  status: statusShape,
});

/** A well-formed object is returned as it is, not copied. One without `spec` is malformed: it gets no pod and no finalizer. */
export function readContainer(found: KubeObject): ReadContainer {
  const walk = { path: [], problems: [] };
  const container = containerShape.read(found, walk);
  return walk.problems.length === 0 ? { kind: 'ok', container } : { kind: 'malformed', problems: walk.problems };
}
