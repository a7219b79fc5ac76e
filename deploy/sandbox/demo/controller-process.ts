/** The controller as a process of its own, as on a cluster: environment, log file, end. Knows nothing of the fleet. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Clock } from '../../../io/clock.ts';

export interface ControllerProcess {
  /** Resolves once, when the process is gone, with how it ended: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  /** SIGTERM, then SIGKILL after `graceMs`. Resolves when it is gone; one that is gone already is no error. */
  readonly stop: (graceMs: number) => Promise<void>;
  /** At once. */
  readonly kill: () => void;
  /** It stands still as on a host that hangs, with all connections open, until `thaw`. */
  readonly freeze: () => void;
  readonly thaw: () => void;
}

/** A program of its own here: started, never imported. */
const MAIN = resolve(import.meta.dirname, '../../..', 'main.ts');

/** Inherits nothing of this process's environment. Both its outputs go to `logPath`. */
export function startController(
  env: Readonly<Record<string, string>>,
  logPath: string,
  clock: Clock,
): ControllerProcess {
  const log = openSync(logPath, 'a');
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise<string>((settle) => {
    child.once('error', (err) => settle(`not started: ${err.message}`));
    child.once('exit', (code, signal) => settle(signal ?? `exit code ${code}`));
  });
  const send = (signal: NodeJS.Signals): void => {
    if (!isGone(child)) child.kill(signal);
  };
  return {
    ended,
    stop: async (graceMs) => {
      if (isGone(child)) return;
      child.kill('SIGTERM');
      const cancel = clock.after(graceMs, () => child.kill('SIGKILL'));
      await ended;
      cancel();
    },
    kill: () => send('SIGKILL'),
    freeze: () => send('SIGSTOP'),
    thaw: () => send('SIGCONT'),
  };
}

const isGone = ({ exitCode, signalCode, pid }: ChildProcess): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

/** The last `count` lines that are not empty; none where there is no such file. */
export function lastLines(path: string, count: number): readonly string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').slice(-count);
}
