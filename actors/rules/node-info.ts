/**
 * What is known of a node's system, and what of it decides about a pod: host directory, NICs, the node that stands for
 * the unknown one. The record is written by a discovery container (spec 06, 6.7). Source: spec 04, 2.
 */
import type { NodeInfo } from '../../messages/node-info.ts';
import { quantityValue } from '../../messages/quantity.ts';
import { type Node, nodeReady } from '../../messages/resources.ts';
import type { WekaContainerSpec } from '../../messages/weka-container.ts';
import { goJson } from './go-json.ts';
import { matchesSelector, satisfiesAffinity } from './node-match.ts';
import { schedulable, type TolerationSettings } from './tolerations.ts';

export const DISCOVERY_ANNOTATION = 'weka.io/discovery.json';
export const TOOLKIT_CONFIG_MAP = 'ocp-driver-toolkit-images';
/** A record of an older schema is not trusted. */
export const DISCOVERY_SCHEMA = 3;

/** What a pod is built with where no node info is needed: mode `discovery`. */
export const NO_NODE_INFO: NodeInfo = { is_ht: false };

/** Where the driver toolkit image of an OpenShift release comes from. */
export interface Toolkit {
  /** `data` of the ConfigMap: digest by release. Absent: no such ConfigMap. */
  readonly digests: Readonly<Record<string, string>> | undefined;
  readonly imageBaseUrl: string;
  /** True: a builder asks, it cannot do without (spec/README F27). */
  readonly required: boolean;
}

export type NodeInfoResult =
  | { readonly kind: 'known'; readonly info: NodeInfo }
  /** No record that can be trusted: a discovery container has to find out. */
  | { readonly kind: 'discover' }
  | { readonly kind: 'failed'; readonly error: string };

/** From the node's annotation, if it is of this boot and schema; the parts that may change are calculated anew. */
export function nodeInfoOf(node: Node, toolkit: Toolkit): NodeInfoResult {
  const record = trustedRecord(node);
  return record === undefined ? { kind: 'discover' } : enriched(record, node, toolkit);
}
/** Whether its record can be trusted: nothing has to be found out about it. */
export const isDiscovered = (node: Node): boolean => trustedRecord(node) !== undefined;

/** Nodes are shared objects that nobody changes. Each turn of a node's actor asks: 4 us to read it anew (allocation benchmark). */
const records = new WeakMap<Node, { readonly record: NodeInfo | undefined }>();
function trustedRecord(node: Node): NodeInfo | undefined {
  const known = records.get(node);
  if (known !== undefined) return known.record;
  const read = recordOf(node.metadata.annotations?.[DISCOVERY_ANNOTATION] ?? '');
  const trusted =
    read !== undefined && (read.boot_id ?? '') === bootIdOf(node) && (read.schema ?? 0) >= DISCOVERY_SCHEMA;
  const record = trusted ? read : undefined;
  records.set(node, { record });
  return record;
}

/** From the result text of a discovery container. The boot id is not part of it; see `recordText`. */
export function nodeInfoOfResult(text: string, node: Node, toolkit: Toolkit): NodeInfoResult {
  const record = recordOf(text);
  if (record === undefined) return { kind: 'failed', error: 'Failed to unmarshal discovery.json' };
  return enriched({ ...record, schema: DISCOVERY_SCHEMA }, node, toolkit);
}

/** The text of the annotation: what was found, bound to the boot it was found in. Empty members are left out. */
export function recordText(info: NodeInfo, node: Node): string {
  return goJson(compact({ ...info, boot_id: bootIdOf(node) }));
}

const bootIdOf = (node: Node): string => node.status?.nodeInfo?.bootID ?? '';

function enriched(record: NodeInfo, node: Node, toolkit: Toolkit): NodeInfoResult {
  const { init_container_image: _, ...kept } = record;
  const found = record.os === 'rhcos' ? toolkitImage(record.os_build_id ?? '', toolkit) : undefined;
  if (found?.kind === 'failed' && toolkit.required) return found;
  const image = found?.kind === 'image' ? found.image : '';
  const info = { ...kept, init_container_image: image, num_cpus: cpuCount(node), provider: providerOf(node) };
  return { kind: 'known', info: compact(info) };
}

type ToolkitImage =
  | { readonly kind: 'image'; readonly image: string }
  | { readonly kind: 'failed'; readonly error: string };

function toolkitImage(release: string, { digests, imageBaseUrl }: Toolkit): ToolkitImage {
  if (release === '') return { kind: 'failed', error: 'Failed to get OCP version from node' };
  const digest = digests !== undefined && Object.hasOwn(digests, release) ? digests[release] : undefined;
  if (digest === undefined) {
    const cause = `Failed to fetch image tag ${release} from configmap ${TOOLKIT_CONFIG_MAP}`;
    return { kind: 'failed', error: `Failed to get OCP toolkit image for version ${release}: ${cause}` };
  }
  return { kind: 'image', image: `${imageBaseUrl}@sha256:${digest}` };
}

/** `aws`, `oci`, or empty. */
export function providerOf(node: Node): string {
  const id = node.spec?.providerID ?? '';
  if (id.startsWith('aws://')) return 'aws';
  return id.startsWith('ocid1.') ? 'oci' : '';
}

/** Allocatable CPUs, rounded up; 0 when the node does not say. */
const cpuCount = (node: Node): number => quantityValue(node.status?.allocatable?.cpu ?? 0) ?? 0;

/** Keys and order as the record is written; a member of the wrong type makes the whole text unusable. */
const MEMBERS = {
  is_ht: 'boolean',
  kubernetes_distro: 'string',
  os: 'string',
  os_build_id: 'string',
  boot_id: 'string',
  schema: 'number',
  init_container_image: 'string',
  num_cpus: 'number',
  provider: 'string',
} as const satisfies Record<keyof NodeInfo, string>;

function recordOf(text: string): NodeInfo | undefined {
  const parsed = parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const found: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(MEMBERS)) {
    const value = Object.hasOwn(parsed, key) ? (parsed as Record<string, unknown>)[key] : null;
    if (value === null) continue;
    if (typeof value !== type || value === Number.POSITIVE_INFINITY) return undefined; // 1e400 is JSON.
    found[key] = value;
  }
  return compact(found);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the caller's business, with no detail anyone reads.
  }
}

/** In the order of the record, without empty members but `is_ht`. */
function compact(info: NodeInfo): NodeInfo {
  const kept = Object.keys(MEMBERS).flatMap((key) => {
    const value = info[key as keyof NodeInfo];
    if (key === 'is_ht') return [[key, value ?? false] as const];
    return value === undefined || value === '' || value === 0 ? [] : [[key, value] as const];
  });
  return Object.fromEntries(kept);
}

/** Whether a pod built for a node of the first kind would be wrong on a node of the second (spec/README F27). */
export const podWouldDiffer = (assumed: NodeInfo, real: NodeInfo): boolean =>
  assumed.os !== real.os || assumed.is_ht !== real.is_ht || assumed.provider !== real.provider;

/** Whether containers on such a node get NICs of the cloud. */
export const nicsRequested = (info: NodeInfo, okeEnableNicsAllocation: boolean): boolean =>
  info.provider === 'aws' || (info.provider === 'oci' && okeEnableNicsAllocation);

/** The directory on the host that all persistent data lies below. */
export function hostBaseDirectory(os: string | undefined): string {
  switch (os) {
    case 'rhcos':
      return '/root/k8s-weka';
    case 'cos':
      return '/mnt/stateful_partition/k8s-weka';
    default:
      return '/opt/k8s-weka';
  }
}

/**
 * The node whose system a pod is built for while its own is not known: one that matches, is Ready, takes new pods and is
 * tolerated; of those one with a trusted record, then the first by name. Undefined: `no matching nodes found`.
 * Differs from the reference, which takes any that matches (spec/README F27).
 */
export function representativeNode(
  spec: WekaContainerSpec,
  nodes: readonly Node[],
  settings: TolerationSettings,
): Node | undefined {
  const [first, ...others] = nodes.filter((node) => takes(node, spec, settings));
  return others.reduce((best, node) => (before(node, best) ? node : best), first);
}

export const NO_MATCHING_NODES = 'no matching nodes found';

function takes(node: Node | undefined, spec: WekaContainerSpec, settings: TolerationSettings): node is Node {
  const labels = node?.metadata.labels ?? {};
  return (
    node !== undefined &&
    matchesSelector(labels, spec.nodeSelector) &&
    satisfiesAffinity(labels, spec.affinity) &&
    nodeReady(node) &&
    node.spec?.unschedulable !== true &&
    schedulable(spec, node.spec?.taints ?? [], settings)
  );
}

function before(node: Node, best: Node | undefined): boolean {
  if (best === undefined) return true;
  const [mine, theirs] = [isDiscovered(node), isDiscovered(best)];
  return mine === theirs ? node.metadata.name < best.metadata.name : mine;
}
