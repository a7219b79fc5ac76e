/** Says in lines of text where two JSON values differ, for people who read a failed comparison. Changes neither. */

const LINES_MAX = 40;
const WIDTH_MAX = 160;

/**
 * One line `path: was → is` for each leaf that differs; none when the values are equal. Keys are walked in order, a list
 * whose items all have a unique `name` is matched by it (`env[name=NAME]`) and a change of its order is a line of its own;
 * other lists go by index. Lines are cut at 160 characters, the whole at 40 lines.
 */
export function jsonDiff(was: unknown, is: unknown): readonly string[] {
  const lines: string[] = [];
  walk('', was, is, lines);
  const cut = lines.map((line) => (line.length > WIDTH_MAX ? `${line.slice(0, WIDTH_MAX - 1)}…` : line));
  return cut.length > LINES_MAX ? [...cut.slice(0, LINES_MAX), `… and ${cut.length - LINES_MAX} more lines`] : cut;
}

function walk(path: string, was: unknown, is: unknown, lines: string[]): void {
  if (Array.isArray(was) && Array.isArray(is)) walkLists(path, was, is, lines);
  else if (isObject(was) && isObject(is)) {
    for (const key of [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()) {
      walk(path === '' ? key : `${path}.${key}`, own(was, key), own(is, key), lines);
    }
  } else if (!Object.is(was, is)) lines.push(`${path === '' ? '(whole)' : path}: ${shown(was)} → ${shown(is)}`);
}

function walkLists(path: string, was: readonly unknown[], is: readonly unknown[], lines: string[]): void {
  const [wasNamed, isNamed] = [byName(was), byName(is)];
  if (wasNamed === undefined || isNamed === undefined) {
    for (let index = 0; index < Math.max(was.length, is.length); index++) {
      walk(`${path}[${index}]`, was[index], is[index], lines);
    }
    return;
  }
  for (const name of new Set([...wasNamed.keys(), ...isNamed.keys()])) {
    walk(`${path}[name=${name}]`, wasNamed.get(name), isNamed.get(name), lines);
  }
  const wasOrder = [...wasNamed.keys()].filter((name) => isNamed.has(name));
  const isOrder = [...isNamed.keys()].filter((name) => wasNamed.has(name));
  if (wasOrder.join('\n') !== isOrder.join('\n')) lines.push(`${path} order: ${wasOrder} → ${isOrder}`);
}

function byName(list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const named = new Map<string, unknown>();
  for (const item of list) {
    const name = isObject(item) ? own(item, 'name') : undefined;
    if (typeof name !== 'string' || named.has(name)) return undefined;
    named.set(name, item);
  }
  return named;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined;
const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
