/** RFC 7396 on JSON values: apply, and the difference of two values. Pure. Checked against the RFC's appendix A by its test. */

type Json = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The target with the patch applied. Shares what the patch does not touch; never changes its arguments. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const out: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else {
      set(out, key, mergePatch(Object.hasOwn(out, key) ? out[key] : undefined, value));
    }
  }
  return out;
}

/**
 * The patch that turns `from` into `to`; undefined when they are equal. Lists go whole. A null inside a new value cannot
 * be expressed and is taken as absent.
 */
export function mergeDiff(from: unknown, to: unknown): unknown {
  if (from === to) return undefined;
  if (!isMap(to)) return sameJson(from, to) ? undefined : to;
  if (!isMap(from)) return to;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (own(to, key) === undefined) set(patch, key, null);
  for (const [key, value] of Object.entries(to)) {
    if (value === undefined) continue;
    const change = Object.hasOwn(from, key) ? mergeDiff(from[key], value) : value;
    if (change !== undefined) set(patch, key, change);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Deep equality of JSON values; a key that is undefined equals an absent one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isMap(a) || !isMap(b)) return false;
  for (const key of Object.keys(a)) if (!sameJson(a[key], own(b, key))) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && own(a, key) === undefined) return false;
  return true;
}

// Keys come from users: one called __proto__ or constructor is data like any other.
const own = (map: Json, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined);
function set(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  else map[key] = value;
}
