/** Who led when, and what each one asked while another led: from the audit log of replicas that are users of their own. Pure. */
import { type Asked, isExec, isOfLeaderLease, isWrite } from './audit.ts';

export interface Term {
  readonly user: string;
  /** Arrival of the write that took the lease. RFC 3339 with microseconds. */
  readonly from: string;
}

const isOk = ({ code }: Asked): boolean => code >= 200 && code < 300;

/** In order. */
export function termsOf(asked: readonly Asked[]): readonly Term[] {
  const terms: Term[] = [];
  for (const each of asked) {
    if (!isOfLeaderLease(each) || !isWrite(each) || !isOk(each) || terms.at(-1)?.user === each.user) continue;
    terms.push({ user: each.user, from: each.receivedAt });
  }
  return terms;
}

/** Work: what changes something, or may. Not the fight for the lease itself. */
export const workOf = (asked: readonly Asked[]): readonly Asked[] =>
  asked.filter((each) => (isWrite(each) || isExec(each)) && !isOfLeaderLease(each));

/** Work that came from one who did not lead when it arrived. */
export function outOfTerm(asked: readonly Asked[]): readonly Asked[] {
  const terms = termsOf(asked);
  return workOf(asked).filter(
    ({ user, receivedAt }) => terms.findLast(({ from }) => from <= receivedAt)?.user !== user,
  );
}
