/** What a node's actor remembers: a part for each subject, and the ledger. Which subjects there are is said here and nowhere else. */
import type { ContainerUid } from '../../messages/ids.ts';
import { type AllocationLease, allocationLease } from './allocation-lease.ts';
import { type CsiLabels, csiLabels } from './csi-labels.ts';
import { type Discovery, discovery } from './discovery.ts';
import { type DriverLoad, driverLoad } from './driver-load.ts';
import type { Ledger } from './ledger.ts';
import { type Nics, nics } from './nics.ts';
import { type UnusedProxy, unusedProxy } from './unused-proxy.ts';
import type { Subject, Work } from './work.ts';

interface Works {
  readonly discovery: Discovery;
  readonly drivers: DriverLoad;
  readonly nics: Nics;
  readonly csi: CsiLabels;
  readonly lease: AllocationLease;
  readonly proxy: UnusedProxy;
}
export interface Parts extends Works {
  readonly ledger: Ledger;
}
export interface State extends Works {
  /** Undefined before the first turn: a restart must not forget grants, so they are kept outside the actor. */
  readonly ledger: Ledger | undefined;
}
export type SubjectName = keyof Works;
export const SUBJECTS: { readonly [Name in SubjectName]: Subject<Parts[Name]> } = {
  discovery,
  drivers: driverLoad,
  nics,
  csi: csiLabels,
  lease: allocationLease,
  proxy: unusedProxy,
};
/** In the order in which they get their turn. */
export const NAMES: readonly SubjectName[] = ['discovery', 'drivers', 'nics', 'csi', 'lease', 'proxy'];

export const initial: State = {
  discovery: discovery.initial,
  drivers: driverLoad.initial,
  nics: nics.initial,
  csi: csiLabels.initial,
  lease: allocationLease.initial,
  proxy: unusedProxy.initial,
  ledger: undefined,
};

/** The same where the part is: most turns change little. */
export const withPart = <Name extends keyof Parts>(parts: Parts, name: Name, part: Parts[Name]): Parts =>
  part === parts[name] ? parts : { ...parts, [name]: part };
export const withWork = (parts: Parts, name: SubjectName, work: Partial<Work>): Parts => ({
  ...parts,
  [name]: { ...parts[name], ...work },
});
/** Who waits for the work of that subject. */
export const waitingFor = <Name extends SubjectName>(parts: Parts, name: Name): readonly ContainerUid[] =>
  SUBJECTS[name].waiting(parts[name]);
/** Without those that are not here any more. */
export const withoutGone = <Name extends SubjectName>(
  parts: Parts,
  name: Name,
  here: (uid: ContainerUid) => boolean,
): Parts => withPart(parts, name, SUBJECTS[name].pruned(parts[name], here));
