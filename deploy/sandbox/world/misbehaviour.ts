/**
 * How weka and its surroundings misbehave on order: named lists of rules for faults.ts, each a trouble that was seen in the
 * field or that the contract allows. Data only. Source: spec 07, 21.5.
 */
import type { Rule } from './faults.ts';

/** Commands whose answer decides something, by the names of spec 07 §3. */
const READS = [
  'WekaLocalPs',
  'WekaLocalContainerGetIdentity',
  'GetWekaContainer',
  'ListWekaContainers',
  'ListContainerDrives',
] as const;
/** Commands that change a weka cluster. */
const CHANGES = ['AddDrive', 'DeactivateDrive', 'RemoveDrive', 'DeactivateContainer', 'RemoveContainer'] as const;
const NOT_CONNECTED = 'error: Failed connecting to http://127.0.0.1:14000/api/v1\n';

/** Each call with this chance: a fleet in which nothing succeeds proves little. */
const SHARE = 0.4;
const each = (names: readonly string[], action: Rule['action'], probability = SHARE): readonly Rule[] =>
  names.map((name) => ({ match: { channel: 'exec', name, probability }, action }));
const everyCommand = (action: Rule['action'], probability: number): readonly Rule[] => [
  { match: { channel: 'exec', probability }, action },
];

export const MISBEHAVIOURS = {
  /** Answers come after 0.8 of the shortest time limit. */
  slow: everyCommand({ kind: 'delay', delayMs: 8_000 }, 1),
  hanging: everyCommand({ kind: 'hang' }, 0.1),
  truncated: each(READS, { kind: 'stdout', text: '[{"host_id":"HostId<1>","container_na' }),
  /** Well-formed answers about somebody else. */
  anotherContainer: [
    ...each(['WekaLocalPs'], {
      kind: 'stdout',
      text: '[{"name":"other","runStatus":"Running","internalStatus":{"display_status":"READY"}}]',
    }),
    ...each(['WekaLocalContainerGetIdentity'], {
      kind: 'stdout',
      text: '{"has_value":true,"value":{"cluster_guid":"0badc0de-0000-4000-8000-000000000000","host_id":1}}',
    }),
    ...each(['GetWekaContainer', 'ListWekaContainers'], {
      kind: 'stdout',
      text: '[{"host_id":"HostId<0>","container_name":"other","status":"UP"}]',
    }),
  ],
  /** A wrapper that swallows the exit code. */
  errorWithExit0: each(READS, { kind: 'exit', code: 0, stdout: NOT_CONNECTED, stderr: NOT_CONNECTED }),
  readOnly: each(
    CHANGES,
    { kind: 'exit', code: 1, stderr: 'error: The cluster is read-only, the operation is not allowed\n' },
    1,
  ),
  /** Commands run to their end; nobody hears of it. */
  answerLost: everyCommand({ kind: 'drop', afterDoing: true }, 0.25),
  connectionLost: everyCommand({ kind: 'drop', afterDoing: false }, 0.25),
} as const satisfies Readonly<Record<string, readonly Rule[]>>;
export type Misbehaviour = keyof typeof MISBEHAVIOURS;
