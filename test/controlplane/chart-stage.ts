/** What the chart's suites stand on: helm and kubectl, a cluster with the CRDs and two namespaces, one of them with a tenant's. */
import { join } from 'node:path';
import { dump } from 'js-yaml';
import * as assert from 'uvu/assert';
import { programOf } from './binary.ts';
import { CHART, type Chart, chartOf, type Said, say } from './chart-run.ts';
import { type LiveCluster, liveCluster } from './cluster.ts';
import { helmBinary } from './helm.ts';

export const NAMESPACE = 'chart-live';
/** Of a tenant whose containers have claims. */
export const TENANT = 'chart-live-tenant';

export type Tools =
  | { readonly kind: 'ready'; readonly helm: string; readonly kubectl: string }
  | { readonly kind: 'missing'; readonly why: string };
export async function chartTools(): Promise<Tools> {
  const helm = await helmBinary();
  if (helm.kind === 'missing') return helm;
  const kubectl = programOf('kubectl');
  return kubectl === undefined
    ? { kind: 'missing', why: 'kubectl is not on PATH' }
    : { kind: 'ready', helm: helm.path, kubectl };
}

/** One line, and no failure: uvu does not print what it skips. */
export function notTested(suite: { readonly skip: (name: string, test: () => void) => void }, why: string): void {
  process.stdout.write(`not tested: ${why}\n`);
  suite.skip(why, () => {});
}

export interface Stage {
  readonly chart: Chart;
  readonly cluster: LiveCluster;
  /** As an administrator. */
  readonly kubectl: (argv: readonly string[], input?: string) => Said;
  readonly close: () => Promise<void>;
}
export async function openStage(tools: Extract<Tools, { kind: 'ready' }>): Promise<Stage> {
  const cluster = await liveCluster();
  const kubectl = (argv: readonly string[], input = ''): Said =>
    say(tools.kubectl, [`--kubeconfig=${cluster.kubeconfig}`, ...argv], input);
  for (const name of [NAMESPACE, TENANT]) {
    const made = kubectl(['create', 'namespace', name]);
    if (made.code !== 0 && !made.err.includes('AlreadyExists')) throw new Error(made.err);
  }
  fine(kubectl(['apply', '--server-side', '--force-conflicts', '-f', join(CHART, 'crds')]));
  fine(kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], monitoringCrds()));
  return {
    chart: chartOf(tools.helm, NAMESPACE),
    cluster,
    kubectl,
    close: async () => {
      kubectl(['delete', 'namespace', NAMESPACE, TENANT, '--wait=false']);
      await cluster.close();
    },
  };
}

export const flags = (...sets: readonly string[]): readonly string[] => sets.flatMap((set) => ['--set', set]);
export const yaml = (objects: readonly unknown[]): string => objects.map((object) => dump(object)).join('---\n');
/** Its output; a failure or a warning fails the test, with its words. */
export function fine({ code, out, err }: Said): string {
  assert.is(code, 0, err);
  assert.not.match(err, /warning/i, err);
  return out;
}

/** Kinds that belong to the Prometheus operator: any object of them is accepted, so that it can be applied at all. */
function monitoringCrds(): string {
  const crds = ['ServiceMonitor', 'PodMonitor'].map((kind) => {
    const plural = `${kind.toLowerCase()}s`;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.monitoring.coreos.com` },
      spec: {
        group: 'monitoring.coreos.com',
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
  });
  return yaml(crds);
}
