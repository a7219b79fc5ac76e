/** Which live suites there are, and what each needs of a cluster. */

/** Any test cluster will do. */
export const SHARED = ['account', 'chart', 'client', 'fleet'] as const;
/** They choose users, read the audit log or set the pace of compaction: a control plane of their own, so Go. */
export const OWN = ['contract', 'leaders', 'restart', 'rights', 'rights-lost', 'shards'] as const;

export const pathOf = (suite: string): string => `test/controlplane/${suite}.live.ts`;
/** Those of `suites` that were asked for by parts of their paths; all, when nothing was asked for. */
export const chosen = (suites: readonly string[], parts: readonly string[]): readonly string[] =>
  suites.filter((suite) => parts.length === 0 || parts.some((part) => pathOf(suite).includes(part)));
