/** One process of a control plane: its log, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { systemClock } from '../../io/clock.ts';

const STOP_MS_MAX = 10_000;

export interface Component {
  readonly name: string;
  /** How it ended; undefined while it runs. */
  readonly end: () => string | undefined;
  readonly logPath: string;
  readonly stop: () => Promise<void>;
}

export function startComponent(binary: string, name: string, flags: readonly string[], logPath: string): Component {
  const log = openSync(logPath, 'a');
  const child: ChildProcess = spawn(binary, [name, ...flags], { stdio: ['ignore', log, log] });
  closeSync(log);
  let ended: string | undefined;
  const gone = new Promise<void>((resolve) => {
    child.once('error', (err) => {
      ended = err.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended ??= signal ?? `exit code ${code}`;
      resolve();
    });
  });
  return {
    name,
    end: () => ended,
    logPath,
    stop: async () => {
      if (ended !== undefined) return;
      child.kill('SIGTERM');
      const cancel = systemClock.after(STOP_MS_MAX, () => child.kill('SIGKILL'));
      await gone;
      cancel();
    },
  };
}
