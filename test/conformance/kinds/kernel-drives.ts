/** Golden drives.json files. The signature's owner is not recorded. Source: spec 07, 4 (J6). */
import { fetchKernelDrives } from '../../../io/commands.ts';
import { bySerial, parseKernelDrives } from '../../../io/weka-parsers/drives.ts';
import { comparableKind, fromJson } from '../fake-pod.ts';

export const kind = comparableKind('kernel-drives', (golden) =>
  fromJson(golden, fetchKernelDrives(), parseKernelDrives, (drives) => {
    const recorded = [...bySerial(drives)].map(([serial, { weka_guid: _, ...drive }]) => [serial, drive]);
    return { bySerial: Object.fromEntries(recorded) };
  }),
);
