/**
 * Instruction `ensure-nics`: a cloud's helper attaches data NICs until the node has as many as wanted, and lists all it
 * has, without the node's own. Source: spec 05, 10.1; spec 04, 12.3.
 */
import type { NodeModel, Process } from '../pod-process.ts';

/** An instance takes no more, its own included. */
const NICS_MAX = 16;

/** The result object; undefined: the helper fails, on a node of another cloud or of none. */
export function ensureNics({ node }: Process, payload: string): Record<string, unknown> | undefined {
  const { type, dataNICsNumber = 0 } = JSON.parse(payload || '{}') as { type?: string; dataNICsNumber?: number };
  if (node.cloud === 'none' || node.cloud !== type) return undefined;
  if (dataNICsNumber >= NICS_MAX) return undefined;
  while (node.nics.length < dataNICsNumber) node.nics.push(newNic(node));
  return { err: null, ensured: true, nics: node.nics };
}

/** Addresses follow from the node's: its last two bytes are its own in the whole fleet. */
function newNic({ ip, nics }: NodeModel) {
  const [high = 0, low = 0] = ip.split('.').slice(2).map(Number);
  const number = nics.length + 1;
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return {
    mac_address: `06:1f:${hex(high)}:${hex(low)}:00:${hex(number)}`,
    primary_ip: `10.${100 + number}.${high}.${low}`,
    subnet_cidr_block: `10.${100 + number}.0.0/16`,
  };
}
