/** How far the demo is, as a block of lines: a bar for each state, the helpers under way. Pure. */
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { isHelper, isPreparation, RUNNING, STATE_ORDER, stateOf } from './settled.ts';

export interface Progress {
  /** Containers of the demo that are wanted. */
  readonly wanted: number;
  readonly running: number;
  /** State to number of containers, in the order of a container's life, without Running. */
  readonly others: readonly (readonly [state: string, count: number])[];
  /** Mode to number of helpers under way, by name. */
  readonly helpers: readonly (readonly [mode: string, count: number])[];
}

export const ABSENT = 'not created yet';

export function progressOf(containers: readonly WekaContainer[], wanted: number): Progress {
  const own = containers.filter((container) => !isHelper(container) && !isPreparation(container));
  const states = counted(own.map(stateOf));
  const running = states.get(RUNNING) ?? 0;
  states.delete(RUNNING);
  const rank = (state: string): number => {
    const index = STATE_ORDER.indexOf(state);
    return index === -1 ? STATE_ORDER.length : index;
  };
  const others = [...states].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const absent = wanted - own.length;
  return {
    wanted,
    running,
    others: absent > 0 ? [[ABSENT, absent], ...others] : others,
    helpers: [...counted(containers.filter(isHelper).map(({ spec }) => spec.mode))].sort(([a], [b]) =>
      a < b ? -1 : 1,
    ),
  };
}

function counted(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

const BAR_WIDTH = 24;
const LABEL_WIDTH = 20;

/** One line a state, `Running` last, then the helpers. Plain text. */
export function progressLines({ wanted, running, others, helpers }: Progress): readonly string[] {
  const bars = [...others, [RUNNING, running] as const].map(([state, count]) => bar(state, count, wanted));
  return helpers.length === 0 ? bars : [...bars, `${'helpers'.padEnd(LABEL_WIDTH)} ${pairs(helpers)}`];
}

/** One line: what, how many of how many. */
export function bar(label: string, count: number, wanted: number): string {
  const filled = Math.min(BAR_WIDTH, Math.ceil((count / Math.max(1, wanted)) * BAR_WIDTH));
  return `${label.padEnd(LABEL_WIDTH)} ${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${count}/${wanted}`;
}

/** The same for a pipe: one line without bars. */
export function progressLine({ wanted, running, others, helpers }: Progress): string {
  const states = others.length === 0 ? [] : [pairs(others)];
  const help = helpers.length === 0 ? [] : [`helpers: ${pairs(helpers)}`];
  return [`Running ${running}/${wanted}`, ...states, ...help].join(' · ');
}

const pairs = (counts: readonly (readonly [string, number])[]): string =>
  counts.map(([name, count]) => `${name} ${count}`).join(', ');
