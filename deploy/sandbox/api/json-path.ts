/** kubectl's JSONPath as printer columns use it: fields, indexes, `*` and simple filters. Pure. */

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly Step[]; readonly operator: string; readonly value: unknown };

export type JsonPath = (value: unknown) => readonly unknown[];

/** `.field`, `\.` inside a name, `['field']`, `[0]`, `[-1]`, `[*]`, `.*`, `[?(@.field=="text")]`. */
const TOKEN =
  /\.?\[\?\(@(?<filterPath>(?:\\.|[^=!<>()\s])*)\s*(?:(?<operator>==|!=|<=|>=|<|>)\s*(?<literal>"[^"]*"|'[^']*'|[^)\s]+)\s*)?\)\]|\.?\[(?:'(?<quoted>(?:\\.|[^'])*)'|"(?<double>(?:\\.|[^"])*)"|(?<index>-?\d+)|(?<star>\*))\]|\.(?<dotStar>\*)|\.(?<name>(?:\\.|[^.[\]\\])+)/y;

/**
 * Compiles a path such as `.status.conditions[?(@.type=="Ready")].status`; the braces around it may be left out.
 * The function gives all matches in order, none where a field is absent. Throws on a text that is no such path.
 */
export function jsonPath(text: string): JsonPath {
  const steps = parse(text.replace(/^\{(.*)\}$/s, '$1'), text);
  return (value) =>
    steps.reduce<readonly unknown[]>((found, step) => found.flatMap((each) => take(each, step)), [value]);
}

function parse(text: string, whole: string): readonly Step[] {
  const steps: Step[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new Error(`not a JSONPath that printer columns may use: ${whole}`);
    const end = TOKEN.lastIndex;
    steps.push(stepOf(groups, whole)); // A filter parses its own path with the same expression.
    TOKEN.lastIndex = end;
  }
  return steps;
}

function stepOf(groups: Record<string, string | undefined>, whole: string): Step {
  const { filterPath, operator, literal, quoted, double, index, star, dotStar, name } = groups;
  if (filterPath !== undefined)
    return { kind: 'filter', path: parse(filterPath, whole), operator: operator ?? '', value: literalOf(literal) };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (star !== undefined || dotStar !== undefined) return { kind: 'all' };
  return { kind: 'field', name: (quoted ?? double ?? name ?? '').replace(/\\(.)/g, '$1') };
}

function literalOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (/^["']/.test(text)) return text.slice(1, -1);
  return text === 'true' ? true : text === 'false' ? false : Number(text);
}

function take(value: unknown, step: Step): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  switch (step.kind) {
    case 'field': {
      const found: unknown = Object.hasOwn(value, step.name)
        ? (value as Record<string, unknown>)[step.name]
        : undefined;
      return Array.isArray(value) || found === undefined ? [] : [found];
    }
    case 'index':
      return items.slice(step.index, step.index === -1 ? undefined : step.index + 1);
    case 'all':
      return Array.isArray(value) ? items : Object.values(value);
    case 'filter':
      return items.filter((item) => holds(item, step));
  }
}

function holds(item: unknown, { path, operator, value }: Extract<Step, { kind: 'filter' }>): boolean {
  const [left] = path.reduce<readonly unknown[]>((found, step) => found.flatMap((each) => take(each, step)), [item]);
  if (operator === '') return left !== undefined;
  if (left === undefined || typeof left !== typeof value) return false;
  if (operator === '==') return left === value;
  if (operator === '!=') return left !== value;
  if (typeof left === 'boolean') return false;
  const [low, high] = [left as string | number, value as string | number];
  return (
    (operator.startsWith('<') && low < high) ||
    (operator.startsWith('>') && low > high) ||
    (operator.endsWith('=') && low === high)
  );
}
