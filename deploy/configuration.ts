/** Prints deploy/CONFIGURATION.md from the tables of config.ts: `node deploy/configuration.ts` writes it anew. Used by nothing at run time. */
import { writeFileSync } from 'node:fs';
import { type ConfigRow, configRows } from '../config.ts';

export const CONFIGURATION_PAGE = new URL('./CONFIGURATION.md', import.meta.url);

const INTRODUCTION = `# Configuration

All configuration is the environment of the process, read once at its start. A missing or bad value ends the process with
exit code 1 and one line for each problem, which names variable, value and bound. Unknown \`WEKA_…\` names bring a warning.

| kind | how it is written | empty means |
|---|---|---|
| text | as it is | empty |
| choice | one of the values named | unset |
| flag | \`true\` or \`false\`, also \`1 t T TRUE True\` and \`0 f F FALSE False\` | bad |
| integer | whole number | unset |
| duration | as in Go: \`300ms\`, \`90s\`, \`1h30m\` | bad |
| list | comma separated | no items |
| address | \`host:port\` or \`:port\` | do not listen |

The page is printed from \`config.ts\`; do not edit it, run \`node deploy/configuration.ts\`.
`;

/** The page as it should be. */
export function configurationPage(): string {
  const sections = configRows().map(({ title, rows }) => {
    const head = `## ${title}\n\n| Variable | Kind | Default | Bounds | Meaning | Source |\n|---|---|---|---|---|---|\n`;
    return `${head}${rows.map(line).join('\n')}\n`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

function line({ env, kind, unit, standard, bounds, text, source }: ConfigRow): string {
  const plain = standard === 'empty' || standard === 'required';
  const cells = [
    `\`${env}\``,
    unit === '' ? kind : `${kind}, ${unit}`,
    plain ? standard : `\`${standard}\``,
    kind === 'flag' || kind === 'address' ? '' : bounds,
    text,
    source,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

if (import.meta.main) writeFileSync(CONFIGURATION_PAGE, configurationPage());
