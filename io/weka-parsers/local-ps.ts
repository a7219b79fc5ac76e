/** J2, the answer of `weka local ps --json`: the local containers of a pod. Source: spec 07, 4. */
import { list, object, type Parsed, parseCliJson, text } from './json.ts';

/** Texts as weka has them; empty where it says nothing. */
export interface LocalContainer {
  readonly name: string;
  readonly runStatus: string;
  readonly lastFailure: string;
  readonly lastFailureTime: string;
  /** `internalStatus.display_status`: `READY`, `STEM`, `CLUSTERIZING`, or any other. */
  readonly internalStatus: string;
}

const row = object<{
  readonly name: string;
  readonly runStatus: string;
  readonly lastFailure: string;
  readonly lastFailureTime: string;
  readonly internalStatus: { readonly display_status: string };
}>({
  name: text,
  runStatus: text,
  lastFailure: text,
  lastFailureTime: text,
  internalStatus: object({ display_status: text }),
});

export function parseLocalPs(stdout: string): Parsed<readonly LocalContainer[]> {
  const parsed = parseCliJson(stdout, list(row));
  if (parsed.kind === 'bad') return parsed;
  return {
    kind: 'ok',
    value: parsed.value.map(({ internalStatus, ...rest }) => ({
      ...rest,
      internalStatus: internalStatus.display_status,
    })),
  };
}
