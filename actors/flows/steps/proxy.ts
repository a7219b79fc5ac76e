/**
 * Steps 37, 37v, D23, X14: the one drive proxy of a node; and how it is asked, through the node's agent.
 * Source: spec 06, 3.2 to 3.4; F29, F30, V6.
 */

import { CONTAINERS } from '../../../messages/kube.ts';
import { done, doneWith, failed, type Verdict, wait, warning } from '../../../messages/verdict.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { isDrive, usesDriveSharing } from '../../../messages/weka-modes.ts';
import { type AgentAnswer, askAgent, kube, type Priority, type Script } from '../../calls.ts';
import { proxyDraft, proxyName } from '../../rules/helpers.ts';
import { proxyHugepages } from '../../rules/proxy-hugepages.ts';
import { registration } from '../../rules/registration.ts';
import { namespaceOf, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask, type Throttle } from '../step.ts';

const GOING_MS = 10_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** Of its first owner; a text when there is none. */
export function ownerOf({ container, view }: Pick<Pass, 'container' | 'view'>): WekaCluster | string {
  const owner = container.metadata.ownerReferences?.[0];
  if (owner === undefined) return 'failed to get owner cluster: container has no owner references';
  const cluster = view.clusterByName(container.metadata.namespace ?? '', owner.name);
  return cluster ?? `failed to get owner cluster: wekaclusters.weka.weka.io "${owner.name}" not found`;
}

/** Any that is there will do, whoever made it, unless it is on its way out. */
export function ensureProxy(pass: Pass): Verdict | Ask {
  const { view, nodeName, node, settings } = pass;
  if (nodeName === undefined) return failed('container has no node affinity');
  const there = view.containerByName(settings.operatorNamespace, proxyName(nodeName));
  if (there !== undefined) {
    return there.metadata.deletionTimestamp === undefined
      ? done
      : wait(GOING_MS, `ssdproxy container ${there.metadata.name} is being deleted`);
  }
  const cluster = ownerOf(pass);
  if (typeof cluster === 'string') return failed(cluster);
  if (node === undefined) return failed(`failed to get node ${nodeName}: not found`);
  const hugepages = proxyHugepages(node);
  if (hugepages.kind === 'failed') return failed(hugepages.error);
  const hugepagesMiB = hugepages.baseMiB + settings.ssdProxyHugepagesOffsetMiB;
  return ask('operation', create(proxyDraft(pass.container, cluster, nodeName, hugepagesMiB, settings)));
}
function* create(object: ReturnType<typeof proxyDraft>): Script<Verdict> {
  const created = yield* kube({ verb: 'create', type: CONTAINERS, object });
  return created.kind === 'ok' || created.kind === 'alreadyExists'
    ? done
    : kubeFailed('failed to create the ssdproxy container', created);
}

/** How a proxy differs from the one that would be made now: it is made once and never changed (spec 06, 3.2). */
function driftOf({ spec, node, nodeName, view, settings }: Pass): string | undefined {
  if (node === undefined || nodeName === undefined) return undefined;
  const needs = proxyHugepages(node);
  const mib = needs.kind === 'ok' ? needs.baseMiB + settings.ssdProxyHugepagesOffsetMiB : spec.hugepages;
  const sharing = view
    .containersOnNode(nodeName)
    .filter((each) => isDrive(each.spec.mode) && usesDriveSharing(each.spec));
  const owners = sharing.map((container) => ownerOf({ container, view }));
  const images = new Set(owners.flatMap((owner) => (typeof owner === 'string' ? [] : (owner.spec?.image ?? []))));
  const differences = [
    ...(mib === spec.hugepages ? [] : [`hugepages ${spec.hugepages} MiB, for the drives of its node ${mib} MiB`]),
    ...(images.size === 0 || images.has(spec.image)
      ? []
      : [`image ${spec.image}, its clusters' ${[...images].toSorted().join(', ')}`]),
  ];
  return differences.length === 0 ? undefined : differences.join('; ');
}
export const hasDrifted = (pass: Pass): boolean =>
  pass.settings.collectLeftovers && pass.spec.mode === 'ssdproxy' && driftOf(pass) !== undefined;
/** Step 37v. Told once for each difference: nothing is done about it, and it stays. */
export const tellDrift = (pass: Pass): Verdict => {
  const text = `Differs from the one that would be made now: ${driftOf(pass)}`;
  return doneWith({ events: [warning('ProxyDrift', text)] });
};
export const oncePerDrift: Throttle = {
  everyMs: () => Number.POSITIVE_INFINITY,
  preset: false,
  stamp: 'success',
  key: (pass) => driftOf(pass) ?? '',
};

/** The proxy of the node, by what its own status says; undefined while it has not come to its node, and once it goes. */
export function proxyOf({ view, nodeName, settings }: Pass): WekaContainer | undefined {
  if (nodeName === undefined) return undefined;
  return view
    .containersOnNode(nodeName)
    .find(
      ({ metadata }) =>
        metadata.namespace === settings.operatorNamespace &&
        metadata.labels?.['weka.io/mode'] === 'ssdproxy' &&
        metadata.deletionTimestamp === undefined,
    );
}
export const noProxy = ({ nodeName }: Pass): string => `No ssdproxy container found on node ${nodeName}`;

export type ProxyMethod =
  | 'ssd_proxy_list_physical_drives'
  | 'ssd_proxy_list_virtual_drives'
  | 'ssd_proxy_add_virtual_drive'
  | 'ssd_proxy_remove_virtual_drive';

/** One call. An agent that does not know the proxy (any more) is told of it, and asked once again. */
export function* askProxy(
  pass: Pass,
  proxy: WekaContainer,
  method: ProxyMethod,
  params: Readonly<Record<string, unknown>>,
  priority: Priority = 'activation',
): Script<AgentAnswer> {
  const { nodeName, view, wallMs, settings } = pass;
  if (nodeName === undefined) return { kind: 'unusable', why: 'container has no node affinity', absent: true };
  const body = JSON.stringify({ container_id: proxy.metadata.uid, method, params });
  const request = { method: 'POST', path: '/jsonrpc', body, timeoutMs: REQUEST_TIMEOUT_MS } as const;
  const answer = yield* askAgent(nodeName, request, priority);
  if (answer.kind !== 'status' || answer.status !== 404) return answer;
  const pod = view.pod(namespaceOf({ ...pass, container: proxy }), proxy.metadata.name);
  const registered = yield* askAgent(nodeName, registration({ container: proxy, pod }, wallMs, settings), priority);
  return registered.kind === 'ok' ? yield* askAgent(nodeName, request, priority) : answer;
}
