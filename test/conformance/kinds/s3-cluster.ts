/** Golden answers about the S3 cluster. The command is the cluster controller's. Source: spec 07, 3.5. */
import { parseS3Cluster } from '../../../io/weka-parsers/s3.ts';
import { comparableKind, fromJson } from '../fake-pod.ts';

const GET = {
  name: 'GetS3Cluster',
  argv: ['wekaauthcli', 's3', 'cluster', '--json'],
  timeoutMs: 30_000,
  class: 'read',
} as const;

export const kind = comparableKind('s3-cluster', (golden) =>
  fromJson(golden, GET, parseS3Cluster, (cluster) => ({ cluster: { s3_hosts: null, ...cluster } })),
);
