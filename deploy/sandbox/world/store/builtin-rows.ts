/** The table cells of built-in types, as kubectl shows them. Source: kubernetes v1.36 pkg/printers/internalversion. */
import type { KubeObject } from '../../../../messages/kube.ts';
import type { PrinterColumn } from '../api.ts';
import { ageOf, humanDuration } from './human-duration.ts';
import { at, isList, isObject, type Json } from './json.ts';

type Cell = string | number;
export interface Printer {
  readonly columns: readonly PrinterColumn[];
  readonly row: (object: KubeObject, wallMs: number) => readonly Cell[];
}

/** `*` after a name: only with `-o wide`; `#`: a number. */
const columns = (...names: readonly string[]): readonly PrinterColumn[] =>
  names.map((name) => ({
    name: name.replace(/[*#]/g, ''),
    type: name.includes('#') ? 'integer' : 'string',
    jsonPath: '',
    priority: name.includes('*') ? 1 : 0,
  }));

const text = (value: Json | undefined, otherwise: string): string =>
  value === undefined || value === null || value === '' ? otherwise : String(value);
const list = (value: Json | undefined): readonly Json[] => (isList(value) ? value : []);
const count = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);
const sizeOf = (value: Json | undefined): number => (isObject(value) ? Object.keys(value).length : 0);
const age = (object: KubeObject, wallMs: number): string => ageOf(object.metadata.creationTimestamp, wallMs);
const containersOf = (object: KubeObject): readonly Json[] =>
  list(at(object, 'spec', 'template', 'spec', 'containers'));
const joined = (items: readonly Json[], key: string): string => items.map((item) => text(at(item, key), '')).join(',');
function selectorText(selector: Json | undefined): string {
  const labels = at(selector, 'matchLabels');
  return isObject(labels)
    ? Object.entries(labels)
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(',')
    : '<none>';
}

const plain: Printer = {
  columns: columns('Name', 'Age'),
  row: (object, wallMs) => [object.metadata.name, age(object, wallMs)],
};

const pods: Printer = {
  columns: columns('Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP*', 'Node*', 'Nominated Node*', 'Readiness Gates*'),
  row: (pod, wallMs) => {
    const statuses = list(at(pod, 'status', 'containerStatuses'));
    const total = list(at(pod, 'spec', 'containers')).length;
    const ready = statuses.filter(
      (one) => at(one, 'ready') === true && at(one, 'state', 'running') !== undefined,
    ).length;
    return [
      pod.metadata.name,
      `${ready}/${total}`,
      podStatus(pod),
      restartsText(statuses, wallMs),
      age(pod, wallMs),
      text(at(pod, 'status', 'podIP'), '<none>'),
      text(at(pod, 'spec', 'nodeName'), '<none>'),
      text(at(pod, 'status', 'nominatedNodeName'), '<none>'),
      '<none>',
    ];
  },
};

function restartsText(statuses: readonly Json[], wallMs: number): string {
  const restarts = statuses.reduce<number>((sum, one) => sum + count(at(one, 'restartCount')), 0);
  const ends = statuses
    .map((one) => at(one, 'lastState', 'terminated', 'finishedAt'))
    .filter((one) => typeof one === 'string');
  const last = ends.sort().at(-1);
  return restarts > 0 && last !== undefined ? `${restarts} (${ageOf(last, wallMs)} ago)` : String(restarts);
}

function podStatus(pod: KubeObject): string {
  let reason = text(at(pod, 'status', 'reason'), text(at(pod, 'status', 'phase'), 'Unknown'));
  const inits = list(at(pod, 'status', 'initContainerStatuses'));
  const total = list(at(pod, 'spec', 'initContainers')).length;
  const stuck = inits.findIndex(
    (one) => at(one, 'state', 'terminated', 'exitCode') !== 0 && at(one, 'started') !== true,
  );
  if (stuck >= 0) {
    const state = at(inits[stuck], 'state');
    const waiting = text(at(state, 'waiting', 'reason'), '');
    const ended = text(at(state, 'terminated', 'reason'), '');
    if (ended !== '') reason = `Init:${ended}`;
    else reason = waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${stuck}/${total}`;
  } else {
    let running = false;
    for (const { state, ready } of list(at(pod, 'status', 'containerStatuses'))
      .toReversed()
      .filter(isObject)) {
      const ended = at(state, 'terminated');
      const why = text(at(state, 'waiting', 'reason'), text(at(ended, 'reason'), ''));
      if (why !== '') reason = why;
      else if (ended !== undefined) reason = `ExitCode:${count(at(ended, 'exitCode'))}`;
      else if (ready === true && at(state, 'running') !== undefined) running = true;
    }
    if (reason === 'Completed' && running) reason = 'Running';
  }
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  return at(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const nodes: Printer = {
  columns: columns(
    'Name',
    'Status',
    'Roles',
    'Age',
    'Version',
    'Internal-IP*',
    'External-IP*',
    'OS-Image*',
    'Kernel-Version*',
    'Container-Runtime*',
  ),
  row: (node, wallMs) => {
    const ready = list(at(node, 'status', 'conditions')).find((one) => at(one, 'type') === 'Ready');
    const status = at(ready, 'status') === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady';
    const labels = Object.keys(node.metadata.labels ?? {});
    const roles = labels.filter((key) => key.startsWith(ROLE_PREFIX)).map((key) => key.slice(ROLE_PREFIX.length));
    const address = (type: string) =>
      at(
        list(at(node, 'status', 'addresses')).find((one) => at(one, 'type') === type),
        'address',
      );
    const info = (key: string) => text(at(node, 'status', 'nodeInfo', key), '<unknown>');
    return [
      node.metadata.name,
      at(node, 'spec', 'unschedulable') === true ? `${status},SchedulingDisabled` : status,
      roles.length === 0 ? '<none>' : roles.sort().join(','),
      age(node, wallMs),
      text(at(node, 'status', 'nodeInfo', 'kubeletVersion'), ''),
      text(address('InternalIP'), '<none>'),
      text(address('ExternalIP'), '<none>'),
      info('osImage'),
      info('kernelVersion'),
      info('containerRuntimeVersion'),
    ];
  },
};

const namespaces: Printer = {
  columns: columns('Name', 'Status', 'Age'),
  row: (object, wallMs) => [object.metadata.name, text(at(object, 'status', 'phase'), ''), age(object, wallMs)],
};
const configMaps: Printer = {
  columns: columns('Name', 'Data#', 'Age'),
  row: (object, wallMs) => [
    object.metadata.name,
    sizeOf(at(object, 'data')) + sizeOf(at(object, 'binaryData')),
    age(object, wallMs),
  ],
};
const secrets: Printer = {
  columns: columns('Name', 'Type', 'Data#', 'Age'),
  row: (object, wallMs) => [
    object.metadata.name,
    text(at(object, 'type'), ''),
    sizeOf(at(object, 'data')),
    age(object, wallMs),
  ],
};
const leases: Printer = {
  columns: columns('Name', 'Holder', 'Age'),
  row: (object, wallMs) => [object.metadata.name, text(at(object, 'spec', 'holderIdentity'), ''), age(object, wallMs)],
};

const events: Printer = {
  columns: columns(
    'Last Seen',
    'Type',
    'Reason',
    'Object',
    'Subobject*',
    'Source*',
    'Message',
    'First Seen*',
    'Count#*',
    'Name*',
  ),
  row: (event, wallMs) => {
    const since = (key: string) => {
      const time = at(event, key) ?? at(event, 'eventTime');
      return ageOf(typeof time === 'string' ? time : undefined, wallMs);
    };
    const involved = at(event, 'involvedObject');
    const component = text(at(event, 'source', 'component'), text(at(event, 'reportingComponent'), ''));
    const host = text(at(event, 'source', 'host'), text(at(event, 'reportingInstance'), ''));
    return [
      since('lastTimestamp'),
      text(at(event, 'type'), ''),
      text(at(event, 'reason'), ''),
      `${text(at(involved, 'kind'), '').toLowerCase()}/${text(at(involved, 'name'), '')}`,
      text(at(involved, 'fieldPath'), ''),
      host === '' ? component : `${component}, ${host}`,
      text(at(event, 'message'), '').trim(),
      since('firstTimestamp'),
      count(at(event, 'count')) || 1,
      event.metadata.name,
    ];
  },
};

const jobs: Printer = {
  columns: columns('Name', 'Status', 'Completions', 'Duration', 'Age', 'Containers*', 'Images*', 'Selector*'),
  row: (job, wallMs) => {
    const started = at(job, 'status', 'startTime');
    const ended = at(job, 'status', 'completionTime');
    const untilMs = typeof ended === 'string' ? Date.parse(ended) : wallMs;
    return [
      job.metadata.name,
      jobStatus(job),
      `${count(at(job, 'status', 'succeeded'))}/${text(at(job, 'spec', 'completions'), '1')}`,
      typeof started === 'string' ? humanDuration(Date.parse(started), untilMs) : '',
      age(job, wallMs),
      joined(containersOf(job), 'name'),
      joined(containersOf(job), 'image'),
      selectorText(at(job, 'spec', 'selector')),
    ];
  },
};
function jobStatus(job: KubeObject): string {
  const holds = (type: string) =>
    list(at(job, 'status', 'conditions')).some((one) => at(one, 'type') === type && at(one, 'status') === 'True');
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  return holds('FailureTarget') ? 'FailureTarget' : holds('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

const deployments: Printer = {
  columns: columns('Name', 'Ready', 'Up-to-date#', 'Available#', 'Age', 'Containers*', 'Images*', 'Selector*'),
  row: (object, wallMs) => [
    object.metadata.name,
    `${count(at(object, 'status', 'readyReplicas'))}/${count(at(object, 'spec', 'replicas'))}`,
    count(at(object, 'status', 'updatedReplicas')),
    count(at(object, 'status', 'availableReplicas')),
    age(object, wallMs),
    joined(containersOf(object), 'name'),
    joined(containersOf(object), 'image'),
    selectorText(at(object, 'spec', 'selector')),
  ],
};
const definitions: Printer = {
  columns: columns('Name', 'Created At'),
  row: (object) => [object.metadata.name, object.metadata.creationTimestamp],
};

export const PRINTERS = {
  plain,
  pods,
  nodes,
  namespaces,
  configMaps,
  secrets,
  leases,
  events,
  jobs,
  deployments,
  definitions,
} as const;
