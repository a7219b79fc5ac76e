/** What becomes known of crashes: a log line for each, and for a quarantined container what those see who look at it. Judges nothing. */
import { withCondition } from '../actors/flows/run.ts';
import { actorName } from '../actors/machine.ts';
import type { Clock } from '../io/clock.ts';
import type { EventRecorder } from '../io/events.ts';
import type { Log } from '../io/log.ts';
import { CONDITIONS } from '../messages/condition.ts';
import { warningEachMinute } from '../messages/verdict.ts';
import type { WekaContainer, WekaContainerStatus } from '../messages/weka-container.ts';
import type { Report } from './one-for-one.ts';
import type { Stores } from './stores.ts';

export interface Told {
  readonly containers: Stores['containers'];
  readonly events: EventRecorder;
  /** Tries once: the event has said it already. */
  readonly writeStatus: (stored: WekaContainer, status: WekaContainerStatus) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The rest of a quarantined container's status is left alone. Source: spec/README I11. */
export function tellOfCrashes({ containers, events, writeStatus, clock, log }: Told): Report {
  const named = (path: string): WekaContainer | undefined =>
    containers.list().find(({ metadata }) => path.endsWith(`/${actorName(`${metadata.namespace},${metadata.name}`)}`));
  return ({ path, verdict, count, error, afterMs }) => {
    log.error({ actor: path, verdict, count, err: error }, 'actor crashed');
    const found = verdict === 'quarantine' ? named(path) : undefined;
    if (found === undefined) return;
    const text = `crashed ${count} times, next try in ${Math.round(afterMs / 1000)} s: ${String(error)}`;
    events.record(found, warningEachMinute('ContainerQuarantined', text));
    const condition = { type: CONDITIONS.quarantined, status: 'True', reason: 'Crashing', message: text } as const;
    writeStatus(found, withCondition(found.status, condition, clock.wallMs()));
  };
}
