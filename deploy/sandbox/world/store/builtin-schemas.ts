/**
 * What the store knows of the built-in types' fields: list shapes, defaults, a few required fields. Everything else passes.
 * Source: kubernetes v1.36 pkg/apis/core/v1/defaults.go and the list markers of its OpenAPI document.
 */
import type { Json } from './json.ts';
import type { Schema } from './schema.ts';

const UNKNOWN = { 'x-kubernetes-preserve-unknown-fields': true } as const;
const open = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  ...UNKNOWN,
  type: 'object',
  properties,
  required,
});
const mapList = (keys: readonly string[], items: Schema = UNKNOWN): Schema => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});
const ATOMIC_LIST: Schema = { type: 'array', items: UNKNOWN, 'x-kubernetes-list-type': 'atomic' };
const ATOMIC_MAP: Schema = { ...UNKNOWN, type: 'object', 'x-kubernetes-map-type': 'atomic' };
const value = (byDefault: Json): Schema => ({ ...UNKNOWN, default: byDefault });
const TEXT: Schema = { type: 'string' };

/** For every type, custom ones too, where ownership of fields is concerned. */
export const METADATA_SCHEMA: Schema = open({
  finalizers: { type: 'array', items: UNKNOWN, 'x-kubernetes-list-type': 'set' },
  ownerReferences: mapList(['uid'], ATOMIC_MAP),
});
const CONDITIONS = mapList(['type']);

const PROBE = open({
  httpGet: open({ path: value('/'), scheme: value('HTTP') }),
  periodSeconds: value(10),
  timeoutSeconds: value(1),
  successThreshold: value(1),
  failureThreshold: value(3),
});
const CONTAINER = open(
  {
    name: TEXT,
    image: TEXT,
    resources: value({}),
    terminationMessagePath: value('/dev/termination-log'),
    terminationMessagePolicy: value('File'),
    env: mapList(['name']),
    ports: mapList(['containerPort', 'protocol'], open({ protocol: value('TCP') })),
    volumeMounts: mapList(['mountPath']),
    volumeDevices: mapList(['devicePath']),
    args: ATOMIC_LIST,
    command: ATOMIC_LIST,
    envFrom: ATOMIC_LIST,
    livenessProbe: PROBE,
    readinessProbe: PROBE,
    startupProbe: PROBE,
  },
  ['name', 'image'],
);
const POD_SPEC = open(
  {
    containers: mapList(['name'], CONTAINER),
    initContainers: mapList(['name'], CONTAINER),
    volumes: mapList(
      ['name'],
      open({
        hostPath: open({ type: value('') }),
        configMap: open({ defaultMode: value(420) }),
        secret: open({ defaultMode: value(420) }),
      }),
    ),
    imagePullSecrets: mapList(['name'], ATOMIC_MAP),
    hostAliases: mapList(['ip']),
    topologySpreadConstraints: mapList(['topologyKey', 'whenUnsatisfiable']),
    schedulingGates: mapList(['name']),
    readinessGates: ATOMIC_LIST,
    tolerations: ATOMIC_LIST,
    nodeSelector: ATOMIC_MAP,
    restartPolicy: value('Always'),
    terminationGracePeriodSeconds: value(30),
    dnsPolicy: value('ClusterFirst'),
    schedulerName: value('default-scheduler'),
    securityContext: value({}),
  },
  ['containers'],
);
const POD_STATUS = open({
  conditions: CONDITIONS,
  podIPs: mapList(['ip']),
  hostIPs: ATOMIC_LIST,
  containerStatuses: ATOMIC_LIST,
  initContainerStatuses: ATOMIC_LIST,
  ephemeralContainerStatuses: ATOMIC_LIST,
});
const TEMPLATE = open({ metadata: METADATA_SCHEMA, spec: POD_SPEC });

const typed = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema =>
  open({ metadata: METADATA_SCHEMA, ...properties }, required);

export const SCHEMAS = {
  pods: typed({ spec: POD_SPEC, status: POD_STATUS }, ['spec']),
  nodes: typed({
    spec: open({ taints: ATOMIC_LIST, podCIDRs: { ...ATOMIC_LIST, 'x-kubernetes-list-type': 'set' } }),
    status: open({ conditions: CONDITIONS, addresses: mapList(['type', 'address']), images: ATOMIC_LIST }),
  }),
  namespaces: typed({ spec: open({ finalizers: ATOMIC_LIST }), status: open({ conditions: CONDITIONS }) }),
  deployments: typed(
    {
      spec: open(
        {
          replicas: value(1),
          revisionHistoryLimit: value(10),
          progressDeadlineSeconds: value(600),
          strategy: value({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }),
          selector: ATOMIC_MAP,
          template: TEMPLATE,
        },
        ['selector', 'template'],
      ),
      status: open({ conditions: CONDITIONS }),
    },
    ['spec'],
  ),
  jobs: typed(
    {
      spec: open(
        {
          backoffLimit: value(6),
          parallelism: value(1),
          completions: value(1),
          completionMode: value('NonIndexed'),
          suspend: value(false),
          manualSelector: value(false),
          podReplacementPolicy: value('TerminatingOrFailed'),
          selector: ATOMIC_MAP,
          template: TEMPLATE,
        },
        ['template'],
      ),
      status: open({ conditions: { ...ATOMIC_LIST } }),
    },
    ['spec'],
  ),
  secrets: typed({ type: value('Opaque') }),
  plain: typed({}),
} as const;
