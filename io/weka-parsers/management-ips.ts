/** The file `management_ips`: the addresses that a pod found for itself, one a line. Source: spec 07, 8; spec 05, 13.1; F19. */
import { bad, type Parsed, TEXT_MAX } from './json.ts';

/** A container has one address a network device. */
const ADDRESSES_MAX = 1_000;

/** In the order of the file, at least one. Empty lines are left out, an empty file is an error (F19); no other check. */
export function parseManagementIps(text: string): Parsed<readonly string[]> {
  if (text.length > TEXT_MAX) return bad(`longer than ${TEXT_MAX} characters`);
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) return bad('the file is empty');
  if (lines.length > ADDRESSES_MAX) return bad(`more than ${ADDRESSES_MAX} lines`);
  return { kind: 'ok', value: lines };
}
