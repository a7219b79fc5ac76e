/** JSON as Go's encoder writes it, for texts whose bytes others compare or have always seen. Source: spec 01, 6 no. 7. */

/** Compact; `<`, `>`, `&` and the two line separators of JavaScript are escaped. Key order is that of the value. */
export const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
