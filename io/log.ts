/** Structured logs: a constant message plus keys, one child logger per actor. Owns level, redaction and the bounded output buffer; never throws, never blocks. */
import { type DestinationStream, type Logger, destination as openDestination, pino } from 'pino';
import type { Clock } from './clock.ts';

/** Keys used everywhere: container, uid, node, pod, step, attempt, tookMs, err. Foreign objects go under one key of ours. */
export type LogKeys = Readonly<Record<string, unknown>>;
/** `message` is constant text; what varies is in `keys`. */
export type LogWrite = (keys: LogKeys, message: string) => void;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the rest of the program sees of logging. */
export interface Log {
  readonly debug: LogWrite;
  readonly info: LogWrite;
  readonly warn: LogWrite;
  readonly error: LogWrite;
  /** Its lines carry `keys` too; they are serialised once. */
  readonly child: (keys: LogKeys) => Log;
}

export interface LogOutput {
  readonly log: Log;
  /** Written whatever the level is, as `info`: for what someone asked for by name. */
  readonly always: LogWrite;
  /** Takes effect at once, for child loggers too. */
  readonly setLevel: (level: LogLevel) => void;
  /** Lines lost because the reader of our output was too slow, or because a logged value could not be read. */
  readonly dropped: () => number;
  /** Writes what is buffered, synchronously: before the process ends. */
  readonly flush: () => void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Keys on every line, e.g. version and replica. */
  readonly base?: LogKeys;
  /** Default: standard output, unblocking, with `BUFFER_BYTES_MAX`. A test hands in its own. */
  readonly destination?: DestinationStream;
}

/** What a stopped reader may make us hold; measured: without a bound 50,000 lines cost 104 MB. */
const BUFFER_BYTES_MAX = 8 * 1024 * 1024;

const SECRET_KEYS = ['token', 'password', 'authorization', 'Authorization', 'secret', 'joinSecret'];
const REDACTED = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

const RANK: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

/** Says nothing: for tests and tools. */
export const noLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => noLog,
};

/** Opens the process's log. Lines are NDJSON with `level`, `time` (ms since 1970), `msg` and the keys. */
export function openLog(options: LogOptions): LogOutput {
  let rankMin = RANK[options.level];
  let droppedCount = 0;
  const standard =
    options.destination === undefined
      ? openDestination({ dest: 1, sync: false, maxLength: BUFFER_BYTES_MAX })
      : undefined;
  standard?.on('drop', () => droppedCount++);
  const root = pino(
    {
      level: 'debug',
      base: { ...options.base },
      timestamp: () => `,"time":${options.clock.wallMs()}`,
      redact: { paths: REDACTED, censor: '[redacted]' },
    },
    options.destination ?? standard ?? process.stdout,
  );

  const put = (logger: Logger, level: LogLevel, keys: LogKeys, message: string): void => {
    try {
      logger[level](keys, message);
    } catch {
      droppedCount++; // A getter that throws in a logged value must not fail the caller.
    }
  };
  const wrap = (logger: Logger): Log => {
    // pino copies the level into each child; one shared threshold lets it change at run time.
    const write =
      (level: LogLevel): LogWrite =>
      (keys, message) => {
        if (RANK[level] >= rankMin) put(logger, level, keys, message);
      };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (keys) => wrap(logger.child(keys)),
    };
  };
  return {
    log: wrap(root),
    always: (keys, message) => put(root, 'info', keys, message),
    setLevel: (level) => {
      rankMin = RANK[level];
    },
    dropped: () => droppedCount,
    flush: () => standard?.flushSync(),
  };
}
