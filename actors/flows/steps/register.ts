/** Steps 8, P2, D10, X7, D12, X13d: the container is known to its node agent while it has work there. Source: spec 07, 15; I7. */
import type { Config } from '../../../config.ts';
import type { FeatureFlags } from '../../../messages/image.ts';
import { done, failed, type Verdict } from '../../../messages/verdict.ts';
import type { ContainerMode } from '../../../messages/weka-container.ts';
import { isClient } from '../../../messages/weka-modes.ts';
import { askAgent, askImage, type Script } from '../../calls.ts';
import { agentNodeOf, agentsProcess } from '../../rules/node-agent.ts';
import { agentPost, registration, registrationKey } from '../../rules/registration.ts';
import type { Pass } from '../pass.ts';
import { agentText } from '../said.ts';
import { type Ask, ask, type Throttle } from '../step.ts';

const among =
  (...modes: readonly ContainerMode[]) =>
  ({ spec }: Pass): boolean =>
    modes.includes(spec.mode);
export const registers = among('compute', 'client', 's3', 'nfs', 'drive', 'envoy', 'ssdproxy');
export const deregisters = among('compute', 'client', 's3', 'nfs', 'drive', 'envoy');

export const pollingRateMs = (settings: Config): number => settings.metricsContainersPollingRateMs;
export const onceDone: Throttle = { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success' };
/** Again as soon as what the agent was told is out of date, or the agent is another process (I7). */
export const onChange: Throttle = { ...onceDone, againMs: pollingRateMs, key: told };
function told(pass: Pass): string {
  const agent = agentNodeOf(pass);
  const process = agent.kind === 'ok' ? agentsProcess(pass.view.agentPods(agent.node)) : '';
  return `${process}/${registrationKey(pass)}`;
}

export const register = (pass: Pass): Ask => ask('stats', registered(pass));
/** P2: while paused its pod is to go, and nothing is told of it. */
export const registerWithoutPod = (pass: Pass): Ask => register(withoutPod(pass));
export const onChangeWithoutPod: Throttle = {
  ...onceDone,
  againMs: pollingRateMs,
  key: (pass) => told(withoutPod(pass)),
};
const withoutPod = (pass: Pass): Pass => ({ ...pass, pod: undefined });

/** Done once the agent knows the container. A client is not told of without its flags. */
export function* registered(pass: Pass): Script<Verdict> {
  const flags = isClient(pass.spec.mode) ? yield* flagsOf(pass) : undefined;
  if (typeof flags === 'string') return failed(`failed to get feature flags for container: ${flags}`);
  const agent = agentNodeOf(pass);
  if (agent.kind === 'none') return failed(agent.why);
  const { container, pod, wallMs, settings } = pass;
  const of = { container, pod, ...(flags === undefined ? {} : { flags }) };
  const answer = yield* askAgent(agent.node, registration(of, wallMs, settings));
  switch (answer.kind) {
    case 'ok':
      return done;
    case 'status':
      return failed(`error sending register request, status: ${answer.status}`);
    case 'unusable':
      return failed(answer.why);
    default:
      return failed(`Error sending register request: ${agentText(answer)}`);
  }
}
/** A text while they are not known. */
function* flagsOf({ spec, status, uid }: Pass): Script<FeatureFlags | string> {
  const answer = yield* askImage({ kind: 'flags', image: status.lastAppliedImage || spec.image, uid });
  if (answer.kind === 'known') return answer.flags;
  return answer.kind === 'failed' ? answer.reason : 'ad-hoc container execution result not ready';
}

/** D12, X13d. An agent that is not there has nothing to forget, one that refuses has been asked: leaving never waits for it. */
export function deregister(pass: Pass): Verdict | Ask {
  return pass.nodeName === undefined ? done : ask('stats', deregistered(pass));
}
function* deregistered({ nodeName, uid, settings }: Pass): Script<Verdict> {
  if (nodeName === undefined) return done;
  const body = { container_id: uid };
  const request = agentPost('/deregister', body, settings.metricsContainersRequestTimeoutRegisterMs);
  const answer = yield* askAgent(nodeName, request);
  return answer.kind === 'unusable' && !answer.absent ? failed(answer.why) : done;
}
