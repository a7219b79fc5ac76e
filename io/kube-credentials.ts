/** Who we are to the API server: address, headers, TLS material, kept fresh. The only file that loads @kubernetes/client-node, and only when asked to (it costs 91 MB of memory). Never sends a request. */
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** The same object as long as nothing changed: compare by identity to learn that a connection must be made anew. */
export interface KubeCredential {
  /** At least `authorization`, unless certificates do it. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: KubeTls;
}
/** Same identity rule as `KubeCredential`: a new token alone leaves it as it is. Empty for http:// addresses. */
export interface KubeTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** False only where the kubeconfig says insecure-skip-tls-verify. */
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

export interface KubeCredentials {
  /** `https://host:port` or `http://…`, maybe with a path, without a slash at the end. */
  readonly baseUrl: string;
  readonly current: () => KubeCredential;
  /** After a 401: reads everything anew. Calls at the same time share one reading; a failed one is logged and keeps the old. */
  readonly refresh: () => Promise<void>;
  /** Ends the periodic re-reading. */
  readonly stop: () => void;
}

export interface CredentialOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Path of a kubeconfig. Absent: $KUBECONFIG, ~/.kube/config, else the pod's service account, as kubectl does. */
  readonly kubeconfig?: string;
  /** Context in it; absent: its current one. */
  readonly context?: string;
}

/** Token files are rotated by the kubelet well before they end; client-go re-reads them as often. */
export const REFRESH_MS = 60_000;
/** An exec plugin that hangs must not hold up every request that waits for fresh credentials. */
export const READING_MS_MAX = 20_000;
/** A server that answers 401 to everything must not make an exec plugin run for each request. */
export const FORCED_REFRESH_MS_MIN = 5_000;

/** Fixed credentials: for the modelled fleet and for tests. */
export const fixedCredentials = (baseUrl: string, headers: Readonly<Record<string, string>> = {}): KubeCredentials => {
  const credential: KubeCredential = { headers, tls: {} };
  return {
    baseUrl: trimmed(baseUrl),
    current: () => credential,
    refresh: () => Promise.resolve(),
    stop: () => undefined,
  };
};

/** Rejects when there is no usable configuration: a configuration error, for exit 1 at start. */
export async function loadCredentials(options: CredentialOptions): Promise<KubeCredentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const load = (): KubeConfig => {
    const config = new KubeConfig();
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
    if (options.context !== undefined) config.setCurrentContext(options.context);
    return config;
  };
  let config = load();
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('kubeconfig: the current context names no cluster');
  if (cluster.proxyUrl !== undefined) throw new Error(`kubeconfig: proxy-url is not supported (${cluster.proxyUrl})`);
  return keepFresh(trimmed(cluster.server), options, {
    read: () => readMaterial(config),
    reload: () => {
      config = load();
      return readMaterial(config);
    },
  });
}

interface Source {
  /** Cheap: files are re-read, an exec plugin runs only when its token has expired. */
  readonly read: () => Promise<KubeCredential>;
  /** From scratch, exec plugin included. */
  readonly reload: () => Promise<KubeCredential>;
}

/** Exported for its test: the timer, the sharing of readings and the identity rule, over any source. */
export async function keepFresh(
  baseUrl: string,
  { clock, log }: Pick<CredentialOptions, 'clock' | 'log'>,
  source: Source,
): Promise<KubeCredentials> {
  let current = await source.read();
  let reading: Promise<void> | undefined;
  let forcedAtMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let cancel = () => {};

  let cancelLimit = () => {};
  const tooLate = () =>
    new Promise<never>((_, reject) => {
      cancelLimit = clock.after(READING_MS_MAX, () => reject(new Error(`no answer after ${READING_MS_MAX} ms`)));
    });
  const take = (read: () => Promise<KubeCredential>): Promise<void> => {
    reading ??= Promise.race([read(), tooLate()])
      .then((next) => {
        current = merged(current, next);
      })
      .catch((err: unknown) => log.warn({ err }, 'credentials could not be refreshed'))
      .finally(() => {
        cancelLimit();
        reading = undefined;
      });
    return reading;
  };
  const schedule = () => {
    cancel = clock.after(REFRESH_MS, () => {
      void take(source.read).then(() => {
        if (!stopped) schedule();
      });
    });
  };
  schedule();
  return {
    baseUrl,
    current: () => current,
    refresh: () => {
      if (reading === undefined && clock.monotonicMs() - forcedAtMs < FORCED_REFRESH_MS_MIN) return Promise.resolve();
      forcedAtMs = clock.monotonicMs();
      return take(source.reload);
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

/** Keeps the identity of whatever did not change. */
function merged(before: KubeCredential, after: KubeCredential): KubeCredential {
  const tls = sameMaterial(before.tls, after.tls) ? before.tls : after.tls;
  return tls === before.tls && sameMaterial(before.headers, after.headers) ? before : { headers: after.headers, tls };
}

function sameMaterial(before: object, after: object): boolean {
  const [was, is] = [Object.entries(before), new Map<string, unknown>(Object.entries(after))];
  return was.length === is.size && was.every(([key, value]) => String(is.get(key)) === String(value));
}

async function readMaterial(config: KubeConfig): Promise<KubeCredential> {
  const found: KubeTls & { headers: Record<string, string>; auth?: string } = { headers: {} };
  // Typed for node:https; it only sets fields. The `agent` that it also makes is not used.
  await config.applyToHTTPSOptions(found as never);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(found.headers)) headers[name.toLowerCase()] = value.trim();
  if (found.auth !== undefined) headers.authorization ??= `Basic ${Buffer.from(found.auth).toString('base64')}`;
  const tls = {
    ...(found.ca === undefined ? {} : { ca: found.ca }),
    ...(found.cert === undefined ? {} : { cert: found.cert }),
    ...(found.key === undefined ? {} : { key: found.key }),
    ...(found.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: found.rejectUnauthorized }),
    ...(found.servername === undefined ? {} : { servername: found.servername }),
  };
  return { headers, tls };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');
