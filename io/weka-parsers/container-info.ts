/** R2, what a node agent knows of one container. Source: spec 07, 14 and 16; I7. */
import type { ContainerMetrics, Counters, DriveMetrics } from '../../messages/weka-container.ts';
import { bad, integer, list, object, optional, type Parsed, parseFirstJson, type Read, text } from './json.ts';

/** A text with two decimals, as the API keeps it; one that is no number counts as 0, an absent one stays empty. Source: spec 01, 6. */
const twoDecimals: Read<string> = (value, at) => {
  const given = text(value, at);
  const amount = Number(given);
  return given === '' ? '' : (Number.isFinite(amount) ? amount : 0).toFixed(2);
};
const counters = object({ active: integer, created: integer, desired: integer });
const answer = object({
  container_metrics: object({
    processes: counters,
    cpuUtilization: twoDecimals,
    drives: optional(object({ counters, failures: list(object({ serialId: text, wekaDriveId: text })) })),
  }),
});

/**
 * Zeros are left out, as the API does. An agent that could not ask the container answers with zeros: as a container
 * without a process is none, this counts as no answer.
 */
export function parseContainerInfo(body: string): Parsed<ContainerMetrics> {
  const parsed = parseFirstJson(body, answer);
  if (parsed.kind === 'bad') return parsed;
  const { processes, cpuUtilization, drives } = parsed.value.container_metrics;
  if (processes.created === 0 && processes.active === 0) return bad('the agent has no figures of this container');
  return {
    kind: 'ok',
    value: {
      processes: withoutZeros(processes),
      ...(cpuUtilization === '' ? {} : { cpuUtilization }),
      ...(drives === undefined ? {} : { drives: driveMetrics(drives) }),
    },
  };
}

function driveMetrics(drives: {
  readonly counters: Required<Counters>;
  readonly failures: NonNullable<DriveMetrics['failures']>;
}): DriveMetrics {
  return {
    counters: withoutZeros(drives.counters),
    ...(drives.failures.length === 0 ? {} : { failures: drives.failures }),
  };
}
const withoutZeros = (found: Required<Counters>): Counters =>
  Object.fromEntries(Object.entries(found).filter(([, count]) => count !== 0));
