/** What an ssdproxy answers through the node agent's `/jsonrpc`. Source: spec 07, 14, last table; spec 06, 3.4. */
import { bad, integer, list, object, optional, type Parsed, parseJson, type Read, text } from './json.ts';

export interface PhysicalDrive {
  readonly physicalUuid: string;
  readonly numVirtualDrives: number;
  readonly sizeGB: number;
  readonly model: string;
  readonly pciAddress: string;
}
export interface ProxyVirtualDrive {
  readonly uuid: string;
  readonly clusterGuid: string;
  readonly sizeGB: number;
}

const physical = object<PhysicalDrive>({
  physicalUuid: text,
  numVirtualDrives: integer,
  sizeGB: integer,
  model: text,
  pciAddress: text,
});
const virtual = object<ProxyVirtualDrive>({ uuid: text, clusterGuid: text, sizeGB: integer });

export const parsePhysicalDrives = (body: string): Parsed<readonly PhysicalDrive[]> => resultOf(body, list(physical));
export const parseVirtualDrives = (body: string): Parsed<readonly ProxyVirtualDrive[]> => resultOf(body, list(virtual));
/** Of the two methods that change something: only whether it succeeded. */
export const parseProxyDone = (body: string): Parsed<undefined> => resultOf(body, () => undefined);

/** `{"message":…,"result":…}`; an `error` beside it is a failure. */
function resultOf<T>(body: string, read: Read<T>): Parsed<T> {
  const parsed = parseJson(body, (value, at) => {
    const { error, result } = object<{ error: unknown; result: T }>({ error: optional(anything), result: read })(
      value,
      at,
    );
    return { error, result };
  });
  if (parsed.kind === 'bad') return parsed;
  const { error, result } = parsed.value;
  if (error === undefined || error === '') return { kind: 'ok', value: result };
  return bad(typeof error === 'string' ? error.slice(0, 200) : JSON.stringify(error).slice(0, 200));
}
const anything: Read<unknown> = (value) => value;
