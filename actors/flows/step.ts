/** A row of a flow, as data. Source: spec 02, 1.2. */
import type { Config } from '../../config.ts';
import type { Verdict } from '../../messages/verdict.ts';
import type { Script } from '../calls.ts';
import type { Pass } from './pass.ts';

/** Children of a container, each at work on one script at a time (design.md 3). */
export type ChildName =
  | 'pod'
  | 'drives'
  | 'drivers'
  | 'member'
  | 'mounts'
  | 'nfs'
  | 's3'
  | 'csi'
  | 'stats'
  | 'operation'
  | 'object';

/** Parks the pass at this row; the script's result is the row's verdict. A test plays `run(pass).script`. */
export type Ask = { readonly kind: 'ask'; readonly child: ChildName; readonly script: Script<Verdict> };
export const ask = (child: ChildName, script: Script<Verdict>): Ask => ({ kind: 'ask', child, script });

/** At most once per interval. `preset`: the first run falls somewhere inside the first interval. Source: spec 02, 1.6. */
export interface Throttle {
  /** 0: not now, each pass runs it. */
  readonly everyMs: (settings: Config, pass: Pass) => number;
  readonly preset: boolean;
  readonly stamp: 'start' | 'success';
  /** With `success`: least time between two tries that fail. Absent: each pass tries. */
  readonly againMs?: (settings: Config) => number;
  /** A change of the key lets the row run at once, also one back to what it was. */
  readonly key?: (pass: Pass) => string;
}

export interface Step {
  /** Canonical number of spec/README section 4: `31`, `D15`, `X9`, `P6`. */
  readonly number: string;
  readonly name: string;
  /** All must hold; evaluated in order when the row is reached. */
  readonly when: readonly ((pass: Pass) => boolean)[];
  readonly run: (pass: Pass) => Verdict | Ask;
  readonly onFailure: 'stop' | 'continue';
  /** The condition this row owns. Once True the row is skipped, unless `always`. */
  readonly condition?:
    | { readonly type: string; readonly reason: string; readonly message: string; readonly always?: true }
    | undefined;
  readonly throttle?: Throttle | undefined;
  /** Told when the row has kept failing; the name is the event's reason less `Error`. Source: spec 02, 1.5. */
  readonly hook?: { readonly kind: 'errorStatus' | 'drivesError'; readonly name: string } | undefined;
  /** What earlier rows changed must be written before this row acts. */
  readonly afterWrite?: true | undefined;
}
