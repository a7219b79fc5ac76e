/** How a person ends a demo or a fleet: by a signal, or by two. */
import type { Clock } from '../../../io/clock.ts';

/** Exit code after a signal that came before the end. */
export const INTERRUPTED = 130;

/** npm hands a signal on that a terminal has sent to this process too: within this time it is one. */
const SAME_SIGNAL_MS = 500;

/** The first signal is told, the second ends the process. */
export function signalled(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        const nowMs = clock.monotonicMs();
        firstAtMs ??= nowMs;
        if (nowMs - firstAtMs > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
        resolve();
      });
    }
  });
}
