/** Golden listings of one drive, asked for by uuid (`text`). Source: spec 07, 4 (J5). */
import { getClusterDrive } from '../../../io/commands.ts';
import { parseClusterDrive } from '../../../io/weka-parsers/drives.ts';
import { comparableKind, fromJson } from '../fake-pod.ts';
import { member } from '../read.ts';

export const kind = comparableKind('cluster-drive', (golden) => {
  const read = getClusterDrive(member<string>(golden, 'text'));
  if (read.kind === 'invalid') throw new Error(read.why);
  return fromJson(golden, read.command, parseClusterDrive, (drive) => ({ drive }));
});
