/** `pods/exec` of the modelled API server: finds the pod's container, hands the socket on. Source: spec 07, 21.1. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../io/clock.ts';
import type { ExecApi, ExecTarget } from '../../../io/outside.ts';
import type { KubeObject, ObjectRef } from '../../../messages/kube.ts';
import type { ApiStore } from '../world/api.ts';
import { createExecStreams } from './exec-stream.ts';
import { badRequest, failure, type Status, statusOf } from './status.ts';

export interface ExecEndpoint {
  /** Takes the socket over, or gives back why not: then the socket is still the caller's. */
  readonly accept: (
    ref: ObjectRef,
    query: URLSearchParams,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ) => Status | undefined;
  readonly close: () => void;
}

export function createExecEndpoint(store: Pick<ApiStore, 'request'>, exec: ExecApi, clock: Clock): ExecEndpoint {
  const commands = createExecStreams(exec, clock);
  return {
    accept: (ref, query, request, socket, head) => {
      const outcome = store.request({ verb: 'get', ref });
      if (outcome.kind !== 'ok')
        return statusOf(outcome, { type: ref.type, name: ref.name }) ?? failure(500, 'InternalError', 'no answer');
      const target = targetIn(outcome.answer as Pod, query.get('container') ?? '');
      if (typeof target === 'string') return badRequest(target);
      const wants = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');
      const streams = { stdin: wants('stdin'), stdout: wants('stdout'), stderr: wants('stderr'), tty: wants('tty') };
      return commands.accept({ target, argv: query.getAll('command') }, streams, request, socket, head);
    },
    close: commands.close,
  };
}

type Pod = KubeObject & {
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly { readonly name: string }[] };
};

/** The container to run in, or why there is none. Texts as kube-apiserver's. */
function targetIn({ metadata, spec }: Pod, asked: string): ExecTarget | string {
  const { name: pod, namespace = 'default' } = metadata;
  const names = spec?.containers?.map(({ name }) => name) ?? [];
  const [only] = names;
  if (asked === '' && names.length > 1)
    return `a container name must be specified for pod ${pod}, choose one of: [${names.join(' ')}]`;
  const container = asked === '' ? only : asked;
  if (container === undefined || !names.includes(container))
    return `container ${container ?? ''} is not valid for pod ${pod}`;
  if (!spec?.nodeName) return `pod ${pod} does not have a host assigned`;
  return { namespace, pod, container };
}
