/** Which node agent may be asked about a node, and why none may. Pure: pods in, answer out. Source: spec 07, 13; V8. */
import type { Config } from '../../config.ts';
import type { NodeName } from '../../messages/ids.ts';
import type { Pod } from '../../messages/resources.ts';

/** `control-plane` and `app` of the agents' pods, in the operator namespace. */
export const AGENT_LABELS = 'control-plane=weka-node-agent,app=weka-node-agent';
export const AGENT_CONTAINER = 'node-agent';

export type UsableAgent =
  | {
      readonly kind: 'ok';
      readonly ip: string;
      /** Where a command for it runs; the caller adds the node. */
      readonly target: {
        readonly namespace: string;
        readonly pod: string;
        readonly podUid: string;
        readonly container: string;
      };
    }
  /** `absent`: there is no agent on this node at all. `why` is shown to users. */
  | { readonly kind: 'unusable'; readonly why: string; readonly absent: boolean };

/** Whose agent serves a container: its node's, else that of the node its pod runs on; or why it has none. */
export function agentNodeOf({
  nodeName,
  pod,
}: {
  readonly nodeName: NodeName | undefined;
  readonly pod: Pod | undefined;
}): { readonly kind: 'ok'; readonly node: NodeName } | { readonly kind: 'none'; readonly why: string } {
  if (nodeName !== undefined) return { kind: 'ok', node: nodeName };
  const none = (why: string) => ({ kind: 'none', why: `failed to get current pod node name: ${why}` }) as const;
  if (pod === undefined) return none('Pod is not set');
  const phase = pod.status?.phase ?? '';
  if (phase !== 'Running') return none(`Pod is not running yet, current phase: ${phase}`);
  const node = pod.spec?.nodeName ?? '';
  return node === '' ? none('Pod node name is not set') : { kind: 'ok', node: node as NodeName }; // A node's own name.
}

/** Which processes the agents of a node are: another text says that an agent has forgotten all it was told. */
export const agentsProcess = (pods: readonly Pod[]): string =>
  pods
    .filter(({ status }) => status?.phase === 'Running')
    .map(({ metadata, status }) => {
      const container = status?.containerStatuses?.find(({ name }) => name === AGENT_CONTAINER);
      return `${metadata.uid}:${container?.restartCount ?? 0}`;
    })
    .join();

/** `pods`: the agents on that node. `purpose`: with `NODE_AGENT_IMAGE_CHECK=reads` one of another image may only be asked. */
export function usableAgent(
  pods: readonly Pod[],
  node: string,
  settings: Pick<Config, 'nodeAgentImage' | 'nodeAgentImageCheck'>,
  purpose: 'read' | 'change' = 'change',
): UsableAgent {
  const unusable = (why: string, absent = false): UsableAgent => ({ kind: 'unusable', why, absent });
  if (pods.length === 0) return unusable(`no node agent pod found on node ${node}`, true);
  const running = pods.filter(({ status }) => status?.phase === 'Running');
  // During a roll-out the one that goes and the one that comes may both be Running.
  const pod = running.find(({ metadata }) => metadata.deletionTimestamp === undefined) ?? running[0];
  if (pod === undefined) return unusable('Agent pod exists but is not running');
  const { name, namespace = '', uid } = pod.metadata;
  const container = pod.spec?.containers?.find((each) => each.name === AGENT_CONTAINER);
  if (container === undefined) {
    return unusable(`failed to get node-agent container image: node-agent container not found in pod ${name}`);
  }
  const { image = '' } = container;
  const { nodeAgentImage: wanted, nodeAgentImageCheck: check } = settings;
  const tolerated = check === 'off' || (check === 'reads' && purpose === 'read');
  if (image !== wanted && !tolerated) {
    return unusable(`node agent image mismatch: node-agent has ${image} but operator has ${wanted}`);
  }
  const ip = pod.status?.podIP ?? '';
  if (ip === '') return unusable(`node agent pod ${name} has no address yet`);
  return { kind: 'ok', ip, target: { namespace, pod: name, podUid: uid, container: AGENT_CONTAINER } };
}
