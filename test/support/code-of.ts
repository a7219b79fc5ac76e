/** TypeScript source without what only looks like code: comments, and on demand strings and regular expressions. Not a parser. */

/** After one of these, or after one of REGEX_WORDS, a slash begins a regular expression; else it divides. */
const REGEX_BEFORE = '(,=:[!&|?{};+-*%<>~^\n';
const REGEX_WORDS = /(?:^|[^\w$.])(?:return|typeof|case|in|of|yield|await|do|else|void|delete)$/;

/** Comments become one space each; with `blankTexts`, strings, templates and regular expressions lose their content but not their `${}`. Lines stay lines. */
export function codeOf(source: string, blankTexts: boolean): string {
  let out = '';
  let at = 0;
  /** Depth of braces at which each open `${` ends. */
  const templates: number[] = [];
  let depth = 0;

  const keep = (text: string): void => {
    out += blankTexts ? text.replace(/[^\n]/g, '') : text;
  };
  /** To the end of what began at `at`, whose last character is the unescaped `end`. */
  function quoted(end: string): void {
    let to = at + 1;
    let inClass = false;
    for (; to < source.length; to += 1) {
      const letter = source[to];
      if (letter === '\\') to += 1;
      else if (end === '/' && letter === '[') inClass = true;
      else if (end === '/' && letter === ']') inClass = false;
      else if ((letter === end && !inClass) || letter === '\n') break;
    }
    out += end;
    keep(source.slice(at + 1, to));
    out += end;
    at = to + 1;
  }
  /** Template text from `at` to its end or to the next `${`. */
  function template(): void {
    let to = at;
    for (; to < source.length; to += 1) {
      if (source[to] === '\\') to += 1;
      else if (source[to] === '`' || source.startsWith('${', to)) break;
    }
    keep(source.slice(at, to));
    if (source[to] === '`') {
      out += '`';
      at = to + 1;
      return;
    }
    out += '${';
    at = to + 2;
    templates.push(depth);
  }
  function beginsRegex(): boolean {
    const before = out.trimEnd();
    return before === '' || REGEX_BEFORE.includes(before.at(-1) ?? '') || REGEX_WORDS.test(before.slice(-12));
  }

  while (at < source.length) {
    const letter = source[at] ?? '';
    if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end;
    } else if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at);
      const to = end < 0 ? source.length : end + 2;
      out += ` ${source.slice(at, to).replace(/[^\n]/g, '')}`;
      at = to;
    } else if (letter === "'" || letter === '"') quoted(letter);
    else if (letter === '/' && beginsRegex()) quoted('/');
    else if (letter === '`') {
      out += letter;
      at += 1;
      template();
    } else if (letter === '}' && templates.at(-1) === depth) {
      templates.pop();
      out += letter;
      at += 1;
      template();
    } else {
      if (letter === '{') depth += 1;
      if (letter === '}') depth -= 1;
      out += letter;
      at += 1;
    }
  }
  return out;
}

/** Every module that source names: static, re-exported, dynamic, or as the text of a relative path to a .ts file. */
export function modulesOf(source: string): string[] {
  const code = codeOf(source, false);
  const named = [...code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g)].map(([, , name = '']) => name);
  const asText = [...code.matchAll(/(['"`])(\.{1,2}\/[^'"`\n$]+\.ts)\1/g)].map(([, , name = '']) => name);
  return [...new Set([...named, ...asText])];
}
