/** Which containers the modelled sibling controllers give a new image next. Pure. Source: spec 03, 9.1. */
import type { Role } from './cluster-objects.ts';
import type { Container } from './holders.ts';

/** One after the other, each only once all of the round before run the new image. The last is of this model alone. */
const ROUNDS: readonly (readonly Role[])[] = [
  ['drive'],
  ['compute'],
  ['s3', 'nfs'],
  ['data-services', 'envoy', 'telemetry'],
];
/** Share of containers that may be on their way out while others are upgraded. */
const DEACTIVATING_PERCENT_MAX = 10;

const hasApplied = ({ status }: Container, image: string): boolean => status?.lastAppliedImage === image;
const isAsked = ({ spec }: Container, image: string): boolean => spec.image === image;
/** Made for the new image from the start. */
const isNew = (one: Container, image: string): boolean => isAsked(one, image) && !one.status?.lastAppliedImage;
const hasNode = ({ spec, status }: Container): boolean => Boolean(spec.nodeAffinity || status?.nodeAffinity);
const serves = ({ status }: Container): boolean => status?.status === 'Running';

/** At most one: those of a cluster go one after the other. `isProtected`: weka could lose one more without losing data. */
export function nextOfCluster(
  members: readonly Container[],
  image: string,
  isProtected: () => boolean,
): Container | undefined {
  for (const roles of ROUNDS) {
    const round = members.filter(({ spec }) => roles.some((role) => role === spec.mode));
    const leaving = round.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    if (leaving.length > Math.floor((round.length * DEACTIVATING_PERCENT_MAX) / 100)) return undefined;
    const staying = round.filter((one) => !leaving.includes(one));
    const unfinished = staying.some(
      (one) => isAsked(one, image) && !hasApplied(one, image) && !isNew(one, image) && hasNode(one),
    );
    if (unfinished) return undefined;
    const next = staying.find((one) => !isAsked(one, image));
    if (next !== undefined) return isProtected() && staying.every(serves) ? next : undefined;
  }
  return undefined;
}

/** All at once: the containers themselves wait for their mounts. */
export const nextOfClient = (containers: readonly Container[], image: string): readonly Container[] =>
  containers.filter((one) => !isAsked(one, image) && !hasApplied(one, image));
