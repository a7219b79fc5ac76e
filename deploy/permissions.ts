/**
 * What the controller may do on a cluster: one row for each rule, with the files that make the call. Prints the chart's rules
 * and deploy/PERMISSIONS.md from it: `node deploy/permissions.ts` writes both anew. Used by nothing at run time.
 * Source: spec 08, 5; spec 01, 19.
 */
import { writeFileSync } from 'node:fs';

export const PERMISSIONS_PAGE = new URL('./PERMISSIONS.md', import.meta.url);
export const RULES_TEMPLATE = new URL('./chart/templates/_rules.tpl', import.meta.url);

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** `cluster`: everywhere. `namespace`: that of the controller. `claims`: those of containers with a claim. */
export type RuleScope = 'cluster' | 'namespace' | 'claims';

export interface Rule {
  readonly scope: RuleScope;
  /** Empty for the core group. */
  readonly group: string;
  /** Plural, with `/subresource` if it is about one. */
  readonly resource: string;
  /** Only objects of this name; `<deployment>` is the controller's own Deployment. Absent: all. */
  readonly name?: string;
  /** Each verb with the files that need it, or with a program that is none of ours. */
  readonly verbs: Readonly<Partial<Record<Verb, readonly string[]>>>;
  readonly why: string;
  /** Value of the chart without which the rule is not given: a flag that must be on, or a text that must not be empty. */
  readonly when?: { readonly value: string; readonly is: 'on' | 'set' };
}

export const OWN_DEPLOYMENT = '<deployment>';
const WEKA = 'weka.weka.io';
const stores = ['supervisors/stores.ts'];
const watched = { list: stores, watch: stores };
const step = (name: string): string => `actors/flows/steps/${name}.ts`;
const steps = (...names: readonly string[]): readonly string[] => names.map(step);

export const RULES: readonly Rule[] = [
  {
    scope: 'cluster',
    group: WEKA,
    resource: 'wekacontainers',
    verbs: {
      get: steps('umount', 'resign-drives'),
      ...watched,
      create: [
        ...steps('proxy', 'umount', 'resign-drives'),
        'actors/image.ts',
        'actors/node/discovery.ts',
        'actors/node/driver-load.ts',
      ],
      patch: [...steps('object', 'exposed-ports', 'migrate-pvc', 'stem-rescue'), 'supervisors/hand-over.ts'],
      delete: [...steps('self-eviction', 'mark-leaving', 'one-off', 'companions'), 'actors/node/discovery.ts'],
    },
    why: 'The containers themselves and their helpers: finalizer, state, ports, self-deletion, labels of a shard.',
  },
  {
    scope: 'cluster',
    group: WEKA,
    resource: 'wekacontainers/status',
    verbs: { patch: ['io/status-writer.ts'] },
    why: 'Status and conditions.',
  },
  {
    scope: 'cluster',
    group: WEKA,
    resource: 'wekacontainers/finalizers',
    verbs: { update: ['actors/rules/helpers.ts', 'actors/rules/pod-spec/metadata.ts'] },
    why: 'No request: clusters that enforce blockOwnerDeletion ask it of whoever owns pods and helpers.',
  },
  {
    scope: 'cluster',
    group: WEKA,
    resource: 'wekaclusters',
    verbs: watched,
    why: 'Owner, join addresses, target of clients. Never written.',
  },
  {
    scope: 'cluster',
    group: WEKA,
    resource: 'wekaclients',
    verbs: watched,
    why: 'Owner of client containers. Never written.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'pods',
    verbs: {
      get: steps('pod', 'stop-pod', 'resign-drives', 'usage'),
      ...watched,
      create: steps('pod'),
      patch: steps('pod'),
      delete: [
        ...steps('pod', 'stop-pod', 'clear-status', 'pod-health', 'one-off', 'image-update'),
        'supervisors/evicted-pods.ts',
      ],
    },
    why: 'The pod of each container; watched with the label of the operator, and node agents with theirs.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'pods/exec',
    verbs: { get: ['io/exec-client.ts'], create: ['io/exec-client.ts'] },
    why: 'Commands in pods. A WebSocket is opened by GET; Kubernetes 1.35 and later ask for create as well.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'nodes',
    verbs: {
      get: [
        ...steps('node-gone', 'self-eviction', 'sign-drives', 'node-drives'),
        'actors/node/nics.ts',
        'actors/node/unused-proxy.ts',
      ],
      ...watched,
      patch: [...steps('node-drives'), 'actors/node/csi-labels.ts', 'actors/node/discovery.ts', 'actors/node/nics.ts'],
    },
    why: 'Where containers run; annotations about drives, NICs, drivers and discovery; CSI labels.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'nodes/status',
    verbs: { patch: steps('node-drives') },
    why: 'Extended resources: how many drives a node has.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'namespaces',
    verbs: watched,
    why: 'Which namespaces are ending.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'configmaps',
    name: 'weka-boot-scripts',
    verbs: { get: ['actors/namespace.ts'], ...watched, patch: ['actors/namespace.ts'] },
    why: 'The copy of the boot scripts in each namespace with containers.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'configmaps',
    verbs: { create: ['actors/namespace.ts'] },
    why: 'The same copy: a name cannot narrow a create.',
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'events',
    verbs: { create: ['io/events.ts'], patch: ['io/events.ts'] },
    why: 'Events about containers, and their series.',
  },
  {
    scope: 'cluster',
    group: 'metrics.k8s.io',
    resource: 'pods',
    verbs: { get: steps('usage') },
    why: 'What the pods of traced containers use.',
  },
  {
    scope: 'cluster',
    group: 'storage.k8s.io',
    resource: 'csinodes',
    verbs: watched,
    why: 'Where a CSI driver is registered.',
    when: { value: 'settings.csiRequireNodePlugin', is: 'on' },
  },
  {
    scope: 'cluster',
    group: 'authentication.k8s.io',
    resource: 'tokenreviews',
    verbs: { create: ['kube-rbac-proxy'] },
    why: 'The proxy before /metrics asks who it is that asks.',
    when: { value: 'kubeProxyImage', is: 'set' },
  },
  {
    scope: 'cluster',
    group: 'authorization.k8s.io',
    resource: 'subjectaccessreviews',
    verbs: { create: ['kube-rbac-proxy'] },
    why: 'And whether they may.',
    when: { value: 'kubeProxyImage', is: 'set' },
  },
  {
    scope: 'namespace',
    group: '',
    resource: 'configmaps',
    name: 'ocp-driver-toolkit-images',
    verbs: watched,
    why: 'Images that build drivers on OpenShift.',
  },
  {
    scope: 'namespace',
    group: '',
    resource: 'secrets',
    name: 'weka-node-agent-secret',
    verbs: watched,
    why: 'Token of the node agents: this one Secret, watched with a field selector.',
  },
  {
    scope: 'namespace',
    group: '',
    resource: 'secrets',
    verbs: { create: ['supervisors/agent-token.ts'] },
    why: 'The same Secret, where nobody has made it.',
  },
  {
    scope: 'namespace',
    group: 'batch',
    resource: 'jobs',
    verbs: {
      get: steps('clean-up', 'migrate-pvc'),
      ...watched,
      create: steps('clean-up', 'migrate-pvc'),
      delete: steps('clean-up'),
    },
    why: 'Clean-up of persistent directories, migration away from claims.',
  },
  {
    scope: 'namespace',
    group: 'apps',
    resource: 'deployments',
    name: OWN_DEPLOYMENT,
    verbs: { get: ['actors/image.ts'] },
    why: 'Owner of the containers that read feature flags.',
  },
  {
    scope: 'namespace',
    group: 'apps',
    resource: 'deployments/finalizers',
    name: OWN_DEPLOYMENT,
    verbs: { update: ['actors/image.ts'] },
    why: 'No request: blockOwnerDeletion of the same containers.',
  },
  {
    scope: 'namespace',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: {
      get: ['io/leader-election.ts', 'io/foreign-leader.ts', 'actors/node/allocation-lease.ts', step('removal-lease')],
      create: ['io/leader-election.ts', 'actors/node/allocation-lease.ts', step('removal-lease')],
      update: ['io/leader-election.ts', 'actors/node/allocation-lease.ts', step('removal-lease')],
    },
    why: 'Which replica works; who chooses drives and ports of a node (a Lease for each node); with shards, when a host of a cluster was last removed (a Lease for each role).',
  },
  {
    scope: 'namespace',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: {
      get: ['supervisors/old-leases.ts'],
      list: ['supervisors/old-leases.ts'],
      delete: ['supervisors/old-leases.ts'],
    },
    why: 'Leases of nodes that are gone (COLLECT_LEFTOVERS).',
    when: { value: 'settings.collectLeftovers', is: 'on' },
  },
  {
    scope: 'claims',
    group: 'batch',
    resource: 'jobs',
    verbs: { get: steps('clean-up'), create: steps('clean-up'), delete: steps('clean-up') },
    why: 'A container with spec.pvc is cleaned up where its claim is: in its own namespace.',
  },
];

const ORDER: readonly Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
/** In the order people write them. */
export const verbsOf = ({ verbs }: Rule): readonly Verb[] => ORDER.filter((verb) => verbs[verb] !== undefined);

const SCOPES: readonly { readonly scope: RuleScope; readonly define: string; readonly title: string }[] = [
  { scope: 'cluster', define: 'controller.clusterRules', title: 'Everywhere (ClusterRole)' },
  { scope: 'namespace', define: 'controller.namespaceRules', title: 'In the namespace of the controller (Role)' },
  { scope: 'claims', define: 'controller.claimRules', title: 'In each namespace of `rbac.claimNamespaces` (Role)' },
];
const rulesOf = (scope: RuleScope): readonly Rule[] => RULES.filter((rule) => rule.scope === scope);

/** The chart's rules as they should be: one named template for each scope, each rule below its reason. */
export function rulesTemplate(): string {
  const head = '{{/* Printed from deploy/permissions.ts; do not edit it, run: node deploy/permissions.ts */}}';
  const defines = SCOPES.map(({ scope, define }) => {
    const rules = rulesOf(scope).map(ruleText);
    return [`{{- define "${define}" -}}`, ...rules, '{{- end }}'].join('\n');
  });
  return `${[head, ...defines].join('\n\n')}\n`;
}

function ruleText(rule: Rule): string {
  const { group, resource, name, why, when } = rule;
  const named = name === OWN_DEPLOYMENT ? '{{ include "controller.name" . }}' : name;
  const lines = [
    `# ${why}`,
    `- apiGroups: [${JSON.stringify(group)}]`,
    `  resources: [${JSON.stringify(resource)}]`,
    ...(named === undefined ? [] : [`  resourceNames: ["${named}"]`]),
    `  verbs: [${verbsOf(rule).join(', ')}]`,
  ];
  if (when === undefined) return lines.join('\n');
  const value = `.Values.${when.value}`;
  const test = when.is === 'set' ? value : `include "controller.isOn" ${value}`;
  return [`{{- if ${test} }}`, ...lines, '{{- end }}'].join('\n');
}

const INTRODUCTION = `# Permissions

What the chart grants the controller's service account, and which call needs it. Nothing else is granted, and nothing is
granted with a wildcard. \`test/deploy/permissions.test.ts\` compares this table with the requests in the code;
\`test/controlplane/account.live.ts\` compares it with what a real API server says of the account,
\`test/controlplane/rights.live.ts\` with what the life of a fleet asks of it.

The page and the rules in \`deploy/chart/templates/_rules.tpl\` are printed from \`deploy/permissions.ts\`; do not edit them, run
\`node deploy/permissions.ts\`.
`;

/** The page as it should be. */
export function permissionsPage(): string {
  const sections = SCOPES.map(({ scope, title }) => {
    const head = `## ${title}\n\n| Resource | Only | Verb | Needed by | Why |\n|---|---|---|---|---|\n`;
    return `${head}${rulesOf(scope).flatMap(rowsOf).join('\n')}\n`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

function rowsOf(rule: Rule): readonly string[] {
  const { group, resource, name, verbs, why, when } = rule;
  const of = `\`${group === '' ? '' : `${group}/`}${resource}\``;
  const only = name === undefined ? '' : name === OWN_DEPLOYMENT ? 'the own Deployment' : `\`${name}\``;
  const reason = when === undefined ? why : `${why} Only with the value \`${when.value}\`.`;
  return verbsOf(rule).map((verb, index) => {
    const first = index === 0;
    const by = (verbs[verb] ?? []).map((file) => `\`${file}\``).join(', ');
    return `| ${[first ? of : '', first ? only : '', verb, by, first ? reason : ''].join(' | ')} |`;
  });
}

if (import.meta.main) {
  writeFileSync(RULES_TEMPLATE, rulesTemplate());
  writeFileSync(PERMISSIONS_PAGE, permissionsPage());
}
