/** Where the demo writes: a block that is redrawn on a terminal, single lines elsewhere. Owns standard output. */
import { createLogUpdate } from 'log-update';
import type { Clock } from '../../../io/clock.ts';

export interface Screen {
  /** Stays. Ends with a line break added here. */
  readonly say: (text: string) => void;
  /**
   * Replaces the block before it. Elsewhere than on a terminal: `line` with the seconds since the start, when it changed
   * and a second has passed.
   */
  readonly show: (block: readonly string[], line: string) => void;
  /** Leaves the last state of the block on the screen. */
  readonly done: () => void;
}

const LINE_EVERY_MS = 1_000;

export function createScreen(output: NodeJS.WriteStream, clock: Clock): Screen {
  return output.isTTY ? terminal(output) : pipe(output, clock);
}

function terminal(output: NodeJS.WriteStream): Screen {
  const redraw = createLogUpdate(output);
  let shown = '';
  return {
    say: (text) => {
      redraw.clear();
      shown = '';
      output.write(`${text}\n`);
    },
    show: (block) => {
      const columns = output.columns || 80; // A terminal may say 0.
      const rows = output.rows || 24;
      const cut = block.slice(0, rows - 1).map((line) => line.slice(0, columns));
      const text = cut.join('\n');
      if (text !== shown) redraw(text); // Each call writes, also of what is there already.
      shown = text;
    },
    done: () => {
      redraw.done();
      shown = '';
    },
  };
}

function pipe(output: NodeJS.WritableStream, clock: Clock): Screen {
  const startMs = clock.monotonicMs();
  let shown = '';
  let latest = '';
  let shownAtMs = Number.NEGATIVE_INFINITY;
  const write = (): void => {
    if (latest === shown) return;
    shown = latest;
    shownAtMs = clock.monotonicMs();
    output.write(`${Math.round((shownAtMs - startMs) / 1_000)} s: ${latest}\n`);
  };
  return {
    say: (text) => {
      write();
      output.write(`${text}\n`);
    },
    show: (_block, line) => {
      latest = line;
      if (clock.monotonicMs() - shownAtMs >= LINE_EVERY_MS) write();
    },
    done: write,
  };
}
