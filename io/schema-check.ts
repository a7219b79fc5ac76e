/**
 * Whether the API server's schema of a type has all fields that are written and read here. One of an older revision drops what
 * it does not know without a word. Looks at once, again soon while something is missing, and now and then. Changes nothing.
 * Source: spec 01, 3.1.
 */
import type { ResourceType } from '../messages/kube.ts';
import type { Shape } from '../messages/shape.ts';
import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import type { Log } from './log.ts';

export interface SchemaCheckOptions {
  readonly kube: Pick<KubeClient, 'read'>;
  readonly type: ResourceType;
  readonly spec: Shape<unknown>;
  readonly status: Shape<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}
export interface SchemaCheck {
  /** What is missing, in words for an operator; undefined when nothing is, or while nobody knows. */
  readonly problem: () => string | undefined;
  readonly stop: () => void;
}

/** Someone may be about to put it right. */
export const MISSING_AGAIN_MS = 5_000;
/** A definition may also be replaced by an older one. */
export const FINE_AGAIN_MS = 600_000;
const NAMES_MAX = 5;

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly kind?: string }[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly unknown[];
}

export function checkSchema({ kube, type, spec, status, clock, log }: SchemaCheckOptions): SchemaCheck {
  const controller = new AbortController();
  const path = `/openapi/v3/apis/${type.group}/${type.version}`;
  let problem: string | undefined;
  let warned = false;
  let cancel = (): void => {};

  /** Undefined: the server did not say. That it can't be reached, or does not serve the type, others complain about. */
  const schemaOf = async (): Promise<Schema | undefined> => {
    const read = await kube.read(path, controller.signal);
    if (read.kind !== 'ok') return undefined;
    const document = read.answer as { readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> } };
    const all = Object.values(document.components?.schemas ?? {});
    return all.find((each) => each['x-kubernetes-group-version-kind']?.some(({ kind }) => kind === type.kind));
  };
  const look = async (): Promise<void> => {
    const schema = await schemaOf();
    if (controller.signal.aborted) return;
    if (schema !== undefined) {
      const missing = [...missingIn(schema, 'spec', spec), ...missingIn(schema, 'status', status)];
      tell(missing.length === 0 ? undefined : textOf(missing));
      if (!warned && schema.properties?.spec?.['x-kubernetes-validations'] === undefined)
        log.warn({ type: type.kind }, 'the CRD has no validation rules: contradictory specs are not refused');
      warned = schema.properties?.spec?.['x-kubernetes-validations'] === undefined;
    }
    const fine = schema !== undefined && problem === undefined;
    cancel = clock.after(fine ? FINE_AGAIN_MS : MISSING_AGAIN_MS, () => void look());
  };
  const textOf = (missing: readonly string[]): string => {
    const more = missing.length > NAMES_MAX ? ` and ${missing.length - NAMES_MAX} more` : '';
    return `the CRD of ${type.kind} is of another revision, it lacks ${missing.slice(0, NAMES_MAX).join(', ')}${more}: apply deploy/chart/crds`;
  };
  const tell = (next: string | undefined): void => {
    if (next !== undefined && next !== problem) log.error({ problem: next }, 'CRD does not fit');
    if (next === undefined && problem !== undefined) log.info({ type: type.kind }, 'CRD fits now');
    problem = next;
  };
  void look();
  return {
    problem: () => problem,
    stop: () => {
      controller.abort();
      cancel();
    },
  };
}

/** Fields of the shape that the schema of `part` does not know. A schema that keeps unknown fields lacks none. */
function missingIn({ properties }: Schema, part: string, shape: Shape<unknown>): readonly string[] {
  const found = properties?.[part];
  if (found?.['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const names = [...(shape.fields?.keys() ?? [])];
  return names.filter((name) => !Object.hasOwn(found?.properties ?? {}, name)).map((name) => `${part}.${name}`);
}
