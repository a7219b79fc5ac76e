/** Answers of a node agent about its node: drives of the kernel, mounts of weka file systems. Source: spec 07, 12 and 14. */
import { type KernelDrive, kernelDrive } from './drives.ts';
import { bad, list, object, optional, type Parsed, parseFirstJson, parseJson, text, unreadable } from './json.ts';

const found = object<{ readonly drives: readonly KernelDrive[]; readonly error: string }>({
  drives: list(kernelDrive),
  error: text,
});
/** `/findDrives`: null when there are none, `error` beside them when they cannot be told. */
export function parseFindDrives(body: string): Parsed<readonly KernelDrive[]> {
  const parsed = parseJson(body, found);
  if (parsed.kind === 'bad') return parsed;
  return parsed.value.error === '' ? { kind: 'ok', value: parsed.value.drives } : bad(parsed.value.error.slice(0, 200));
}

const mounts = object<{ readonly active_mounts: number | undefined }>({
  active_mounts: optional((value, at) =>
    Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : unreadable(at, value, 'a count'),
  ),
});
/** `/getActiveMounts`. An answer that names no count is bad: as zero it would let a client with mounts be stopped. */
export function parseActiveMounts(body: string): Parsed<number> {
  return parseFirstJson(body, (value, at) => {
    const { active_mounts: count } = mounts(value, at);
    return count ?? unreadable('active_mounts', count, 'a count');
  });
}
