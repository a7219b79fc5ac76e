/** The chart through helm and kubectl: what is rendered, as objects, and what the API server says of it. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import type { Draft } from '../../messages/kube.ts';

export const CHART = resolve(import.meta.dirname, '../../deploy/chart');
/** A helm that was built without its release flags takes itself for one of an old Kubernetes. */
const SERVED = ['--kube-version', '1.36.0', '--api-versions', 'monitoring.coreos.com/v1'];

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
export function say(program: string, argv: readonly string[], input = ''): Said {
  const { status, stdout, stderr, error } = spawnSync(program, argv, { input, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (error !== undefined) throw error;
  return { code: status, out: stdout, err: stderr };
}

export interface Chart {
  /** `helm template`; throws with helm's words when it fails. */
  readonly text: (flags?: readonly string[]) => string;
  readonly said: (flags?: readonly string[]) => Said;
  readonly lint: (flags: readonly string[]) => Said;
}
export function chartOf(helm: string, namespace: string): Chart {
  const said = (flags: readonly string[] = []): Said =>
    say(helm, ['template', 'release', CHART, '--namespace', namespace, ...SERVED, ...flags]);
  return {
    said,
    text: (flags) => {
      const { code, out, err } = said(flags);
      if (code !== 0) throw new Error(err);
      return out;
    },
    lint: (flags) => say(helm, ['lint', '--strict', CHART, '--kube-version', '1.36.0', ...flags]),
  };
}

export type Rendered = Draft & { readonly spec?: unknown };
export const objectsOf = (text: string): readonly Rendered[] =>
  (loadAll(text) as (Rendered | null)[]).filter((object) => object !== null); // Of templates that render Kubernetes objects.

export function objectOf(objects: readonly Rendered[], kind: string, name: RegExp = /./): Rendered {
  const found = objects.find((object) => object.kind === kind && name.test(object.metadata.name));
  if (found === undefined) throw new Error(`no ${kind} in the chart`);
  return found;
}

interface Container {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}
interface Deployment {
  readonly replicas: number;
  readonly strategy: { readonly type: string };
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly serviceAccountName: string;
      readonly containers: readonly Container[];
      readonly terminationGracePeriodSeconds: number;
    };
  };
}
export const deploymentOf = (objects: readonly Rendered[]): Deployment =>
  objectOf(objects, 'Deployment').spec as Deployment; // As the chart's template writes it.

/** Variables with a text of their own: not those that come from the pod's fields. */
export function environmentOf(objects: readonly Rendered[]): Readonly<Record<string, string>> {
  const manager = deploymentOf(objects).template.spec.containers.find(({ name }) => name === 'manager');
  return Object.fromEntries(
    (manager?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/** One line for each grant, `resource.group|name|verb`, from the table of `kubectl auth can-i --list`. */
export function grantsOf(table: string): ReadonlySet<string> {
  const lines = [...table.matchAll(/^(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]$/gm)];
  return new Set(
    lines.flatMap(([, resource = '', urls = '', names = '', verbs = '']) => {
      const of = resource === '' ? urls.split(' ') : [resource];
      const named = names === '' ? [''] : names.split(' ');
      return of.flatMap((what) => named.flatMap((name) => verbs.split(' ').map((verb) => `${what}|${name}|${verb}`)));
    }),
  );
}
