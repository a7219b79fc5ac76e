/**
 * The models' writes to a real API server: in order for one object, many objects at a time, again after a failure that may
 * pass. Owns the queues; what an answer means to the models is the mirror's matter.
 */
import type { Clock } from '../../../io/clock.ts';
import type { KubeApi, ObjectRequest } from '../../../io/outside.ts';
import { type KubeObject, type KubeOutcome, type ObjectRef, refOf } from '../../../messages/kube.ts';

export interface Sender {
  /** `answered` is called once, with the last answer; never for a write that `stop` came before. */
  readonly send: (request: ObjectRequest, answered: (outcome: KubeOutcome<KubeObject>) => void) => void;
  /** Nothing more is begun, or tried again; resolves when what is under way has ended. */
  readonly stop: () => Promise<void>;
}

const TRIES_MAX = 8;
const RETRY_MS_MIN = 100;
/** Connections at a time: an API server lets one user have a few hundred requests under way. */
const CONCURRENT_MAX = 64;

export function createSender(kube: Pick<KubeApi, 'request'>, clock: Clock): Sender {
  /** By object: the end of its last write. */
  const last = new Map<string, Promise<void>>();
  const slots = createSlots(CONCURRENT_MAX);
  let stopped = false;

  const attempt = async (request: ObjectRequest): Promise<KubeOutcome<KubeObject>> => {
    for (let tries = 1; ; tries += 1) {
      const release = await slots.take();
      const outcome = await kube.request(request).finally(release);
      if (stopped || tries >= TRIES_MAX || !mayPass(request, outcome)) return outcome;
      const askedMs = outcome.kind === 'throttled' ? outcome.retryAfterMs : 0;
      await new Promise<void>((resolve) => {
        clock.after(Math.max(askedMs, RETRY_MS_MIN * 2 ** (tries - 1)), resolve);
      });
    }
  };

  return {
    send: (request, answered) => {
      const key = keyOf(request);
      const turn = (last.get(key) ?? Promise.resolve()).then(async () => {
        if (!stopped) answered(await attempt(request));
      });
      const ended = turn.finally(() => {
        if (last.get(key) === ended) last.delete(key);
      });
      last.set(key, ended);
    },
    stop: async () => {
      stopped = true;
      await Promise.allSettled(last.values());
    },
  };
}

/** Models patch without a resourceVersion: a conflict is the server's own, two patches met. In a deletion it is the uid's. */
function mayPass({ verb }: ObjectRequest, outcome: KubeOutcome<KubeObject>): boolean {
  if (outcome.kind === 'refused') return outcome.status >= 500;
  if (outcome.kind === 'conflict') return verb === 'mergePatch';
  return outcome.kind === 'transport' || outcome.kind === 'throttled';
}

function keyOf(request: ObjectRequest): string {
  const { type, namespace = '', name } = refOfRequest(request);
  return `${type.group}/${type.plural}/${namespace}/${name}`;
}

export const refOfRequest = (request: ObjectRequest): ObjectRef =>
  request.verb === 'create' ? refOf(request.type, request.object.metadata) : request.ref;

/** So many at a time, the others in order. */
function createSlots(count: number): { readonly take: () => Promise<() => void> } {
  let free = count;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    take: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return release;
    },
  };
}
