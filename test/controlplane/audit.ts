/**
 * What chosen users asked of a real API server, by its own audit log: a line each, written before the answer is sent.
 * Owns policy and reading. Source: Kubernetes v1.36, audit.k8s.io/v1.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEADER_LEASE } from '../../io/leader-election.ts';

export interface Asked {
  readonly user: string;
  /** As RBAC has it: `patch`, `watch`; a command over a WebSocket is a `get`. */
  readonly verb: string;
  readonly group: string;
  /** Plural, with `/subresource` if it is about one; empty for what is no resource. */
  readonly resource: string;
  readonly namespace: string;
  /** Empty in a list and a watch of all. */
  readonly name: string;
  /** With query. */
  readonly uri: string;
  /** Of HTTP; a watch has its own from the first byte on. */
  readonly code: number;
  /** RFC 3339 with microseconds: they compare as texts. */
  readonly receivedAt: string;
}

const LOG = 'audit.log';
const SIZE_MB_MAX = 2_000;

/** Flags of an API server that logs all requests of `users` into `folder`, and nobody else's. */
export function auditFlags(folder: string, users: readonly string[]): readonly string[] {
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    // The start of an answer is kept: watches and commands have no other line while they run.
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata', users }, { level: 'None' }],
  };
  const path = join(folder, 'audit-policy.json');
  writeFileSync(path, JSON.stringify(policy));
  return [
    `--audit-policy-file=${path}`,
    `--audit-log-path=${join(folder, LOG)}`,
    `--audit-log-maxsize=${SIZE_MB_MAX}`, // Not cut in two meanwhile.
  ];
}

/** As the server writes it. */
interface Entry {
  readonly auditID: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
}

/** Each request once, in order of arrival. A line that is being written just now is left out. */
export function readAudit(folder: string): readonly Asked[] {
  const path = join(folder, LOG);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  // The last line of one request tells how it ended.
  const entries = new Map(lines.map((line) => entryOf(JSON.parse(line) as Entry)));
  return [...entries.values()].sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1));
}

function entryOf(entry: Entry): readonly [id: string, asked: Asked] {
  const { auditID, verb, requestURI, user, objectRef, responseStatus, requestReceivedTimestamp } = entry;
  const { apiGroup = '', resource = '', subresource, namespace = '', name = '' } = objectRef ?? {};
  return [
    auditID,
    {
      user: user.username,
      verb,
      group: apiGroup,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      namespace,
      name,
      uri: requestURI,
      code: responseStatus?.code ?? 0,
      receivedAt: requestReceivedTimestamp,
    },
  ];
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const REVIEWS = /^(?:self)?subject\w*reviews$|^tokenreviews$/;

/** It changes an object; questions that are asked by a create do not. */
export const isWrite = ({ verb, resource }: Asked): boolean => WRITES.has(verb) && !REVIEWS.test(resource);
/** It runs a command. */
export const isExec = ({ resource }: Asked): boolean => resource === 'pods/exec';
/** About the Lease by which one of several replicas leads. */
export const isOfLeaderLease = ({ resource, name }: Asked): boolean => resource === 'leases' && name === LEADER_LEASE;

/** `patch wekacontainers/status 12, create events 1`: most first. */
export function askedText(all: readonly Asked[]): string {
  const counts = new Map<string, number>();
  for (const { verb, resource } of all) {
    const kind = `${verb} ${resource}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([kind, count]) => `${kind} ${count}`).join(', ') || 'nothing';
}
