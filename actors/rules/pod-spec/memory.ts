/** Memory of the main container. Source: spec 04, 10.2. */
import { isZeroQuantity } from '../../../messages/quantity.ts';
import type { WekaContainerSpec } from '../../../messages/weka-container.ts';
import { amountOf } from './amounts.ts';
import { extraCoresOf } from './cpu.ts';
import { fixedMemory, type RequestAndLimit } from './modes.ts';

/** Request and limit; a limit of 0 where a client's spec gives only a request (the API server rejects the pod). */
export function memoryOf(spec: WekaContainerSpec): RequestAndLimit {
  const requested = amountOf(spec.resources?.requests?.memory);
  if (spec.mode === 'client' && !isZeroQuantity(requested)) {
    return { request: requested, limit: amountOf(spec.resources?.limits?.memory) };
  }
  return fixedMemory(spec.mode) ?? byCores(spec);
}

/** In MiB; the constants are the measured needs of the weka processes of each mode. */
function byCores(spec: WekaContainerSpec): RequestAndLimit {
  const cores = spec.numCores;
  const all = cores + extraCoresOf(spec);
  const more = spec.additionalMemory ?? 0;
  switch (spec.mode) {
    case 'drive':
      return mebibytes(8000 + 3000 * all + 700 * (spec.numDrives ?? 0) + more);
    case 'compute':
      return mebibytes(6700 + 5200 * all + more);
    case 'client':
      return mebibytes(3965 + 3050 * cores + more);
    case 's3':
    case 'nfs':
      return mebibytes(18900 + 3050 * cores + more);
    case 'data-services':
      return mebibytes(5999 + 512 * cores + more);
    case 'envoy':
      return { request: `${1024 + more}Mi`, limit: `${9216 + more}Mi` };
    default:
      return mebibytes(7000);
  }
}

const mebibytes = (count: number): RequestAndLimit => ({ request: `${count}Mi`, limit: `${count}Mi` });
