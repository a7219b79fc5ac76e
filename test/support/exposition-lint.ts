/**
 * What `promtool check metrics` says of an exposition, and what it cannot know: series twice, histograms that do not add
 * up, labels without a bound. Reads the text format 0.0.4. Source: prometheus.io, "Exposition formats", "Metric and label naming".
 */

export interface Allowed {
  /** Families whose names others have fixed. They are held to everything but the naming rules. */
  readonly foreignNames?: readonly string[];
  /** Values a label may have before it counts as unbounded. Default 50. */
  readonly labelValuesMax?: number;
}
interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}
interface Family {
  readonly name: string;
  help: string | undefined;
  type: string | undefined;
  readonly series: Series[];
}

const NAME = /^[a-z][a-z0-9_]*$/;
const LABEL = /^[a-z][a-z0-9_]*$/;
const TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
/** Base units only, written out; a type is no part of a name. */
const BAD_PARTS: ReadonlySet<string> = new Set(
  'ms sec secs milliseconds microseconds nanoseconds minutes hours kb mb gb kib mib gib kilobytes megabytes percent gauge counter histogram summary'.split(
    ' ',
  ),
);
const UNBOUNDED: ReadonlySet<string> = new Set([
  'uid',
  'container',
  'container_id',
  'pod',
  'name',
  'node',
  'ip',
  'message',
  'error',
]);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;

/** One line for each problem; none: the exposition is good. */
export function lintExposition(
  text: string,
  { foreignNames = [], labelValuesMax = 50 }: Allowed = {},
): readonly string[] {
  const problems: string[] = [];
  if (!text.endsWith('\n')) problems.push('the last line does not end');
  const families = readFamilies(text, problems);
  const foreign = new Set(foreignNames);
  for (const family of families.values()) {
    problems.push(...headProblems(family));
    if (!foreign.has(family.name)) problems.push(...nameProblems(family));
    problems.push(...seriesProblems(family), ...labelProblems(family, labelValuesMax));
    if (family.type === 'histogram') problems.push(...histogramProblems(family));
  }
  return problems;
}

function readFamilies(text: string, problems: string[]): ReadonlyMap<string, Family> {
  const families = new Map<string, Family>();
  let current: Family | undefined;
  const open = (name: string): Family => {
    const known = families.get(name);
    if (known !== undefined && known !== current) problems.push(`${name}: its lines do not stand together`);
    const family = known ?? { name, help: undefined, type: undefined, series: [] };
    families.set(name, family);
    current = family;
    return family;
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, keyword, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === 'HELP' || keyword === 'TYPE') {
      const family = open(about);
      const key = keyword === 'HELP' ? 'help' : 'type';
      if (family[key] !== undefined) problems.push(`${about}: ${keyword} twice`);
      if (family.series.length > 0) problems.push(`${about}: ${keyword} after its series`);
      family[key] = rest;
    } else if (!line.startsWith('#')) {
      const series = readSeries(line);
      if (series === undefined) problems.push(`cannot be read: ${line}`);
      else open(familyOf(series.name, families)).series.push(series);
    }
  }
  return families;
}

/** `a_bucket` belongs to histogram `a`, where there is one. */
function familyOf(name: string, families: ReadonlyMap<string, Family>): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  const type = families.get(base)?.type;
  return type === 'histogram' || type === 'summary' ? base : name;
}

const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const PAIR = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
/** undefined: no series line. None of ours carries a time. */
function readSeries(line: string): Series | undefined {
  const [, name, pairs = '', text = ''] = SERIES.exec(line) ?? [];
  if (name === undefined) return undefined;
  const labels = new Map<string, string>();
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < pairs.length) {
    const [, label, value] = PAIR.exec(pairs) ?? [];
    if (label === undefined || value === undefined || labels.has(label)) return undefined;
    labels.set(label, value);
  }
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
  // Prometheus reads it in any case, and prom-client writes `Nan`.
  return Number.isNaN(value) && !/^nan$/i.test(text) ? undefined : { name, labels, value };
}

function* headProblems({ name, help, type, series }: Family): Generator<string> {
  if (help === undefined || help.trim() === '') yield `${name}: no HELP`;
  if (type === undefined) yield `${name}: no TYPE`;
  else if (!TYPES.has(type)) yield `${name}: unknown TYPE ${type}`;
  for (const { value } of series) if (type === 'counter' && !(value >= 0)) yield `${name}: a counter of ${value}`;
}

function* nameProblems({ name, type }: Family): Generator<string> {
  if (!NAME.test(name)) yield `${name}: a name is lower case with underscores`;
  if (type === 'counter' && !name.endsWith('_total')) yield `${name}: a counter ends in _total`;
  if (type !== 'counter' && name.endsWith('_total')) yield `${name}: only a counter ends in _total`;
  if (/_(count|sum|bucket)$/.test(name)) yield `${name}: its ending belongs to histograms`;
  const bad = name.split('_').filter((part) => BAD_PARTS.has(part));
  if (bad.length > 0) yield `${name}: ${bad.join()} is no base unit, or its type`;
}

const keyOf = ({ name, labels }: Series, without = ''): string =>
  `${name}{${[...labels].flatMap(([label, value]) => (label === without ? [] : [`${label}="${value}"`])).toSorted()}}`;

function* seriesProblems({ series }: Family): Generator<string> {
  const seen = new Set<string>();
  for (const each of series) {
    const key = keyOf(each);
    if (seen.has(key)) yield `${key}: twice`;
    seen.add(key);
  }
}

function* labelProblems({ name, series }: Family, valuesMax: number): Generator<string> {
  const values = new Map<string, Set<string>>();
  for (const { labels } of series) {
    for (const [label, value] of labels) {
      if (label !== 'le') values.set(label, (values.get(label) ?? new Set()).add(value));
    }
  }
  for (const [label, found] of values) {
    if (!LABEL.test(label)) yield `${name}: label ${label} is lower case with underscores`;
    if (UNBOUNDED.has(label) || [...found].some((value) => UUID.test(value)))
      yield `${name}: label ${label} grows with the fleet`;
    if (found.size > valuesMax) yield `${name}: label ${label} has ${found.size} values`;
  }
}

function* histogramProblems({ name, series }: Family): Generator<string> {
  const of = (ending: string) => series.filter((each) => each.name === `${name}${ending}`);
  const groups = Map.groupBy(of('_bucket'), (each) => keyOf(each, 'le').slice(name.length + '_bucket'.length));
  for (const [key, buckets] of groups) {
    const limits = buckets.map(({ labels }) =>
      labels.get('le') === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.get('le')),
    );
    if (limits.some((limit, index) => index > 0 && !(limit > (limits[index - 1] ?? 0))))
      yield `${name}${key}: le does not grow`;
    if (buckets.some(({ value }, index) => value < (buckets[index - 1]?.value ?? 0)))
      yield `${name}${key}: a bucket shrinks`;
    const single = (ending: string) =>
      of(ending).find((each) => keyOf(each).slice(name.length + ending.length) === key)?.value;
    if (limits.at(-1) !== Number.POSITIVE_INFINITY) yield `${name}${key}: no bucket +Inf`;
    else if (single('_count') !== buckets.at(-1)?.value) yield `${name}${key}: _count differs from bucket +Inf`;
    if (single('_sum') === undefined) yield `${name}${key}: no _sum`;
  }
}
