/** Deliberate differences of pods and of what they are built from. Source: spec/README, section 5: F26, F27, I2. */

import { comparableQuantity } from '../comparable-pod.ts';
import type { DeliberateDifference } from '../deliberate.ts';
import type { Golden } from '../kind.ts';

interface Requirement {
  readonly key: string;
}
interface Term {
  matchExpressions?: Requirement[];
}
interface NamedPath {
  name: string;
  mountPath?: string;
}
/** The comparable form of a pod, as far as differences reach into it. */
interface Outcome {
  pod: {
    metadata: { labels: Record<string, string> };
    spec: {
      affinity: {
        nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: Term[] } };
      };
      containers: [
        { resources: { requests: Record<string, string>; limits?: Record<string, string> }; volumeMounts: NamedPath[] },
      ];
      volumes: NamedPath[];
    };
  };
}
interface Spec {
  readonly mode: string;
  readonly numCores: number;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly Term[] };
    };
  };
  readonly instructions?: { readonly type: string };
}
const specOf = (golden: Golden): Spec => (golden.container as { spec: Spec }).spec;

export const podDifferences: readonly DeliberateDifference[] = [
  {
    id: 'F26',
    kind: 'pod',
    what: 'pods of the ad-hoc set are built also where the node hands out NICs, without a request for them',
    undo: (ours, golden) => {
      const { pod } = ours as Outcome;
      const { requests, limits } = pod.spec.containers[0].resources;
      const named = [...Object.keys(requests), ...Object.keys(limits ?? {})];
      // Only a pod without any request for NICs is the declared difference.
      if (!named.includes('weka.io/nics'))
        requests['weka.io/nics'] = comparableQuantity(String(specOf(golden).numCores));
      return ours;
    },
  },
  {
    id: 'F27',
    kind: 'pod',
    what: 'required node affinity is made where the spec has none, and every term gets the expressions, not only the first',
    undo: (ours, golden) => {
      const given = specOf(golden).affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      const nodeAffinity = (ours as Outcome).pod.spec.affinity.nodeAffinity;
      if (given === undefined) {
        if (nodeAffinity !== undefined) delete nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
        return ours;
      }
      const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
      const added = (terms[0]?.matchExpressions ?? []).slice(given.nodeSelectorTerms[0]?.matchExpressions?.length ?? 0);
      for (const term of terms.slice(1)) withoutTail(term, added);
      return ours;
    },
  },
  {
    id: 'I2',
    kind: 'pod',
    what: 'label weka.io/mode is the true mode; signing without a proxy mounts no socket of one',
    undo: (ours, golden) => {
      const { pod } = ours as Outcome;
      const { labels = {} } = (golden.container as { metadata: { labels?: Record<string, string> } }).metadata;
      const mode = labels['weka.io/mode'];
      if (mode !== undefined) pod.metadata.labels['weka.io/mode'] = mode;
      if (specOf(golden).instructions?.type === 'sign-drives') addStraySocket(pod, golden);
      return ours;
    },
  },
];

/** Takes the expressions off the end of the term, if they are there in full and in order. */
function withoutTail(term: Term, added: readonly Requirement[]): void {
  const own = term.matchExpressions ?? [];
  const tail = own.slice(own.length - added.length);
  if (JSON.stringify(tail) === JSON.stringify(added)) term.matchExpressions = own.slice(0, own.length - added.length);
}

/** The reference's volume with a path without a uuid, where its list has it. */
function addStraySocket(pod: Outcome['pod'], golden: Golden): void {
  const name = 'weka-ssdproxy-local-socket';
  if (pod.spec.volumes.some((volume) => volume.name === name)) return;
  const os = (golden.node as { os?: string }).os;
  const base = os === 'rhcos' ? '/root/k8s-weka' : os === 'cos' ? '/mnt/stateful_partition/k8s-weka' : '/opt/k8s-weka';
  const path = `${base}/shared/containers/local-sockets/ssdproxy`;
  const volume = { name, hostPath: { path, type: 'DirectoryOrCreate' } };
  pod.spec.volumes = [...pod.spec.volumes, volume].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const mounts = pod.spec.containers[0].volumeMounts;
  pod.spec.containers[0].volumeMounts = [...mounts, { name, mountPath: '/host-binds/ssdproxy-local-socket' }].toSorted(
    (one, other) => ((one.mountPath ?? '') < (other.mountPath ?? '') ? -1 : 1),
  );
}
