/**
 * The Secret with the token of node agents: read for each request, made at start if nobody has made it, never changed.
 * Source: spec 07, 13 and 19; spec 08, 6.3 no. 5; I5.
 */
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import { secretText } from '../io/random.ts';
import type { Submit } from '../io/submit.ts';
import { SECRETS } from '../messages/kube.ts';
import type { Stores } from './stores.ts';

/** `why` is shown to users. */
export type AgentToken =
  | { readonly kind: 'known'; readonly token: string }
  | { readonly kind: 'none'; readonly why: string };

/** The watch keeps it current: after a change the next request has the new one. */
export function agentToken({ agentToken: secrets }: Pick<Stores, 'agentToken'>, secretName: string): AgentToken {
  const [secret] = secrets.list();
  if (secret === undefined) return { kind: 'none', why: `secrets "${secretName}" not found` };
  const token = Buffer.from(secret.data?.token ?? '', 'base64').toString('utf8');
  return token === '' ? { kind: 'none', why: 'No token found' } : { kind: 'known', token };
}

const TOKEN_LETTERS = 64;
const RETRY_MS = 1_000;

export interface TokenMaker {
  readonly stores: Pick<Stores, 'agentToken'>;
  readonly submit: Submit;
  readonly settings: Config;
  readonly clock: Clock;
  readonly log: Log;
}
/** Once the stores are synced. Tries until there is a Secret, whoever made it. Returns what ends the trying. */
export function ensureAgentToken({ stores, submit, settings, clock, log }: TokenMaker): () => void {
  const { operatorNamespace: namespace, metricsNodeAgentToken: name } = settings;
  let cancelRetry = (): void => {};
  const attempt = (): void => {
    if (stores.agentToken.size() > 0) return;
    const data = { token: Buffer.from(secretText(TOKEN_LETTERS)).toString('base64') };
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque', data };
    submit({ verb: 'create', type: SECRETS, object }, 'activation', (outcome) => {
      if (outcome.kind === 'ok' || outcome.kind === 'alreadyExists') return;
      log.warn({ secret: name, outcome: outcome.kind }, 'token of node agents not created');
      cancelRetry = clock.after(RETRY_MS, attempt);
    });
  };
  attempt();
  return () => cancelRetry();
}
