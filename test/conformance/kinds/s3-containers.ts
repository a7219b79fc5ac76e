/** Golden lists of the members of an S3 cluster. The command is the cluster controller's. Source: spec 07, 3.5 and 4. */
import { parseS3Containers } from '../../../io/weka-parsers/s3.ts';
import { comparableKind, fromJson } from '../fake-pod.ts';

const LIST = {
  name: 'ListS3ClusterContainers',
  argv: ['wekaauthcli', 's3', 'cluster', 'containers', 'list', '--json'],
  timeoutMs: 30_000,
  class: 'read',
} as const;

export const kind = comparableKind('s3-containers', (golden) =>
  fromJson(golden, LIST, parseS3Containers, (containerIds) => ({ containerIds })),
);
