/** Golden listings of one drive, asked for by uuid (`text`). Source: spec 07, 4 (J5). */
import { getClusterDrive } from '../../../io/commands.ts';
import { parseClusterDrive } from '../../../io/weka-parsers/drives.ts';
import { comparableKind, fromJson } from '../fake-pod.ts';
import { member } from '../read.ts';

export const kind = comparableKind('cluster-drive', (golden) =>
  fromJson(golden, getClusterDrive(member<string>(golden, 'text')), parseClusterDrive, (drive) => ({ drive })),
);
