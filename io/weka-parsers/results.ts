/** J9, the results of one-off containers, as `status.result` keeps them. Source: spec 07, 4; spec 06, 5.3; F32. */
import { bad, flag, integer, list, object, optional, type Parsed, parseJson, type Read, text } from './json.ts';

/** A text, or anything that is not empty: the reference's decoder stumbles over it, here it is shown (F32). */
const failure: Read<string> = (value) => {
  if (value === undefined || value === null || value === '') return '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 1_000);
};

/** Whether it reports a failure of its own: a text of which nothing can be made does not. */
export function saysError(result: string): boolean {
  const told = parseJson(result, object({ err: failure }));
  return told.kind === 'ok' && told.value.err !== '';
}

export interface BuilderResult {
  readonly wekaVersion: string;
  readonly kernelSignature: string;
  readonly packSupported: boolean;
  /** `no_weka_drivers_handling`: the drivers are copied as files. */
  readonly copyOnly: boolean;
}
export function parseBuilderResult(result: string): Parsed<BuilderResult> {
  const parsed = parseJson(
    result,
    object({
      weka_version: text,
      kernel_signature: text,
      weka_pack_not_supported: flag,
      no_weka_drivers_handling: flag,
    }),
  );
  if (parsed.kind === 'bad') return parsed;
  const { weka_version: wekaVersion, kernel_signature: kernelSignature } = parsed.value;
  const { weka_pack_not_supported: notSupported, no_weka_drivers_handling: copyOnly } = parsed.value;
  return { kind: 'ok', value: { wekaVersion, kernelSignature, packSupported: !notSupported, copyOnly } };
}

/** Of sign-drives and discover-drives. `proxyDrives` empty: the drives were signed for exclusive use. */
export interface SignResult {
  /** Every weka partition found; serial numbers may be empty. */
  readonly serials: readonly string[];
  readonly rawDrives: readonly { readonly path: string; readonly isMounted: boolean; readonly serial: string }[];
  readonly proxyDrives: readonly ProxyDrive[];
}
/** As the node's annotation has them. */
export interface ProxyDrive {
  readonly physical_uuid: string;
  readonly serial: string;
  readonly capacity_gib: number;
  readonly type: string;
}
export function parseSignResult(result: string): Parsed<SignResult> {
  const parsed = parseJson(
    result,
    object({
      err: failure,
      drives: list(object({ serial_id: text })),
      raw_drives: list(object({ path: text, is_mounted: flag, serial_id: text })),
      proxy_drives: list(object<ProxyDrive>({ physical_uuid: text, serial: text, capacity_gib: integer, type: text })),
    }),
  );
  if (parsed.kind === 'bad') return parsed;
  const { err, drives, raw_drives, proxy_drives: proxyDrives } = parsed.value;
  if (err !== '') return bad(err);
  const rawDrives = raw_drives.map(({ path, is_mounted, serial_id }) => ({
    path,
    isMounted: is_mounted,
    serial: serial_id,
  }));
  return { kind: 'ok', value: { serials: drives.map(({ serial_id }) => serial_id), rawDrives, proxyDrives } };
}

/** Of a drivers loader: done, or bad with its own words. */
export function parseLoaderResult(result: string): Parsed<undefined> {
  const parsed = parseJson(result, object({ err: failure, drivers_loaded: flag }));
  if (parsed.kind === 'bad') return parsed;
  if (parsed.value.err !== '') return bad(parsed.value.err);
  return parsed.value.drivers_loaded ? { kind: 'ok', value: undefined } : bad('<nil>'); // As the reference prints an absent error.
}

/** Of force-resign-drives: the devices it resigned. An empty list is for the caller to judge. */
export function parseResignResult(result: string): Parsed<readonly string[]> {
  const parsed = parseJson(result, object({ err: failure, drives: list(text) }));
  if (parsed.kind === 'bad') return parsed;
  return parsed.value.err === '' ? { kind: 'ok', value: parsed.value.drives } : bad(parsed.value.err);
}

/** Of umount: the paths it took off. Its errors are a list of texts, or of whatever the runtime put there. */
export function parseUmountResult(result: string): Parsed<readonly string[]> {
  const parsed = parseJson(result, object({ error: optional(list(failure)), umounted_paths: list(text) }));
  if (parsed.kind === 'bad') return parsed;
  const errors = (parsed.value.error ?? []).filter((error) => error !== '');
  return errors.length === 0
    ? { kind: 'ok', value: parsed.value.umounted_paths }
    : bad(errors.join('; ').slice(0, 1_000));
}

/** As the node's annotation has them. */
export interface EnsuredNic {
  readonly mac_address: string;
  readonly primary_ip: string;
  readonly subnet_cidr_block: string;
}
/** Of ensure-nics. */
export function parseNicsResult(result: string): Parsed<readonly EnsuredNic[]> {
  const nic = object<EnsuredNic>({ mac_address: text, primary_ip: text, subnet_cidr_block: text });
  const parsed = parseJson(result, object({ err: failure, ensured: flag, nics: list(nic) }));
  if (parsed.kind === 'bad') return parsed;
  if (parsed.value.err !== '') return bad(parsed.value.err);
  return parsed.value.ensured ? { kind: 'ok', value: parsed.value.nics } : bad('NICs not ensured');
}
