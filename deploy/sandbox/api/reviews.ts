/** TokenReview and access reviews: whoever has a known token may do everything, nobody else anything. Pure. */
import { REVIEWS } from './discovery.ts';

export interface Identity {
  readonly tokens: ReadonlyMap<string, string>;
  /** The user who asks. */
  readonly user: string;
}

interface ReviewObject {
  readonly spec?: { readonly token?: unknown; readonly user?: unknown };
}

/** The review as answered; undefined where the group has no such review. */
export function answerReview(group: string, plural: string, review: unknown, identity: Identity): unknown {
  const found = REVIEWS.find((each) => each.group === group && each.plural === plural);
  if (found === undefined) return undefined;
  const asked = (typeof review === 'object' && review !== null ? review : {}) as ReviewObject;
  const { group: apiGroup, version, kind } = found;
  return { ...asked, apiVersion: `${apiGroup}/${version}`, kind, status: statusFor(kind, asked, identity) };
}

function statusFor(kind: string, { spec }: ReviewObject, { tokens, user }: Identity): unknown {
  if (kind === 'SelfSubjectReview') return { userInfo: { username: user, groups: ['system:authenticated'] } };
  if (kind === 'TokenReview') {
    const username = typeof spec?.token === 'string' ? tokens.get(spec.token) : undefined;
    if (username === undefined) return { authenticated: false, error: 'token is not known' };
    return { authenticated: true, user: { username, groups: ['system:authenticated'] } };
  }
  if (kind === 'SelfSubjectAccessReview') return { allowed: true };
  const known = [...tokens.values()].some((name) => name === spec?.user);
  return known
    ? { allowed: true }
    : { allowed: false, reason: `user ${JSON.stringify(spec?.user ?? '')} has no token` };
}
