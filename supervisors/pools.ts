/** The rate-limited pools as the controller uses them. TEMPORARY direct versions. */
import type { Priority } from '../actors/calls.ts';
import type { CommandClass } from '../io/commands.ts';
import type { AgentApi, AgentRequest, ExecApi, KubeApi } from '../io/outside.ts';
import type { Submit } from '../io/submit.ts';
import type { AgentOutcome, ExecOutcome } from '../messages/outcome.ts';

export interface ExecJob {
  readonly namespace: string; readonly pod: string; readonly podUid: string; readonly node: string; readonly container: string;
  readonly argv: readonly string[]; readonly timeoutMs: number; readonly class: CommandClass; readonly priority: Priority; readonly deadlineMs: number;
}
export interface AgentJob { readonly node: string; readonly ip: string; readonly token: string; readonly request: AgentRequest; readonly priority: Priority }
export interface Pools {
  readonly kube: { readonly submit: Submit; readonly drain: () => Promise<void>; readonly figures: () => any };
  readonly exec: { readonly submit: (job: ExecJob, done: (outcome: ExecOutcome) => void) => () => void; readonly drain: () => Promise<void>; readonly figures: () => any };
  readonly agents: { readonly submit: (job: AgentJob, done: (outcome: AgentOutcome) => void) => () => void; readonly drain: () => Promise<void>; readonly figures: () => any };
}
export function directPools({ kube, exec, agent }: { kube: KubeApi; exec: ExecApi; agent: AgentApi }): Pools {
  const none = { drain: () => Promise.resolve(), figures: () => ({}) };
  return {
    kube: { ...none, submit: (request, _class, done) => { void kube.request(request).then(done); return () => {}; } },
    exec: { ...none, submit: (job, done) => { const c = new AbortController(); void exec.run({ target: job, argv: job.argv, timeoutMs: job.timeoutMs }, c.signal).then(done); return () => c.abort(); } },
    agents: { ...none, submit: (job, done) => { const c = new AbortController(); void agent.request(job.ip, job.request, job.token, c.signal).then(done); return () => c.abort(); } },
  };
}
