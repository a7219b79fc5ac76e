/**
 * The chart on a real API server: helm finds no fault, every object of it is accepted, its account has the documented
 * permissions and no others, and the process starts with its environment and as its account. Source: spec 08, 5 and 6.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OWN_DEPLOYMENT, RULES, verbsOf } from '../../deploy/permissions.ts';
import { type ControllerProcess, startController } from '../../deploy/sandbox/demo/controller-process.ts';
import { systemClock } from '../../io/clock.ts';
import { COMPLETED, VALUE_ROWS } from '../deploy/chart-values.ts';
import { programOf } from './binary.ts';
import {
  CHART,
  type Chart,
  chartOf,
  deploymentOf,
  environmentOf,
  grantsOf,
  objectOf,
  objectsOf,
  type Rendered,
  type Said,
  say,
} from './chart-run.ts';
import { type LiveCluster, liveCluster } from './cluster.ts';
import { helmBinary } from './helm.ts';

const NAMESPACE = 'chart-live';
const PREFIX = 'foo';
const ACCOUNT = `${PREFIX}-controller-manager`;
const TENANT = 'tenant';
const VALUES = ['existing', 'everything', 'beside'].map((name) => join(import.meta.dirname, `values/${name}.yaml`));
const START_MS_MAX = 60_000;

interface Context {
  readonly chart: Chart;
  readonly cluster: LiveCluster;
  readonly kubectl: (argv: readonly string[], input?: string) => Said;
}
const live = suite<{ here: Context }>('chart');
const helm = await helmBinary();
const kubectlPath = programOf('kubectl');

if (helm.kind === 'missing') live.skip(`the chart is not tested: ${helm.why}`, () => {});
else if (kubectlPath === undefined) live.skip('the chart is not tested: kubectl is not on PATH', () => {});
else {
  live.before(async (context) => {
    const cluster = await liveCluster();
    const kubectl = (argv: readonly string[], input = ''): Said =>
      say(kubectlPath, [`--kubeconfig=${cluster.kubeconfig}`, ...argv], input);
    context.here = { chart: chartOf(helm.path, NAMESPACE), cluster, kubectl };
    for (const name of [NAMESPACE, TENANT]) {
      const made = kubectl(['create', 'namespace', name]);
      if (made.code !== 0 && !made.err.includes('AlreadyExists')) throw new Error(made.err);
    }
    fine(kubectl(['apply', '--server-side', '--force-conflicts', '-f', join(CHART, 'crds')]));
    fine(kubectl(['apply', '-f', '-'], monitoringCrds()));
    const rbac = objectsOf(context.here.chart.text(flags(`prefix=${PREFIX}`, `rbac.claimNamespaces={${TENANT}}`)));
    fine(kubectl(['apply', '-f', '-'], yaml(rbac.filter(({ kind }) => /Role|ServiceAccount/.test(kind)))));
  });
  live.after(async ({ here }) => {
    here.kubectl(['delete', 'namespace', NAMESPACE, TENANT, '--wait=false']);
    for (const kind of ['clusterrole', 'clusterrolebinding'])
      here.kubectl(['delete', kind, '-l', `app.kubernetes.io/instance=${PREFIX}`]);
    await here.cluster.close();
  });
  defineTests();
}

const flags = (...sets: readonly string[]): readonly string[] => sets.flatMap((set) => ['--set', set]);
const yaml = (objects: readonly unknown[]): string => objects.map((object) => dump(object)).join('---\n');
function fine({ code, out, err }: Said): string {
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

function defineTests(): void {
  for (const file of [undefined, ...VALUES]) {
    const name = file === undefined ? 'default values' : file.slice(file.lastIndexOf('/') + 1);
    const given = file === undefined ? [] : ['--values', file];

    live(`${name}: helm lint has nothing to say, and the API server accepts every object`, ({ here }) => {
      const lint = here.chart.lint(given);
      assert.is(lint.code, 0, lint.out + lint.err);
      assert.not.match(lint.out, /\[(?:WARNING|ERROR)\]/);
      const text = here.chart.text([...given, '--include-crds']);
      const answer = fine(
        here.kubectl(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-'], text),
      );
      assert.is(answer.trim().split('\n').length, objectsOf(text).length, answer);
    });

    live(`${name}: the controller's pod is one of the strictest admission level`, ({ here }) => {
      const { template } = deploymentOf(objectsOf(here.chart.text(given)));
      // Its account is in another namespace.
      const { serviceAccountName: _, ...spec } = template.spec;
      const level = 'pod-security.kubernetes.io/enforce=restricted';
      fine(here.kubectl(['label', '--overwrite', 'namespace', TENANT, level]));
      const metadata = { ...template.metadata, name: 'one', namespace: TENANT };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
      fine(here.kubectl(['create', '--dry-run=server', '-f', '-'], yaml([pod])));
    });
  }

  live('spec 08 §11 #52: with default values the environment is the chart column of the chapter', ({ here }) => {
    const env = environmentOf(objectsOf(here.chart.text()));
    for (const { variable, standard } of [...VALUE_ROWS, ...COMPLETED])
      assert.is(env[variable]?.replace(/^\/+/, ''), standard, variable);
    assert.is(env.MAX_WORKERS_WEKACONTAINER, '50');
    assert.is(env.REMOVAL_THROTTLING_ENABLED, 'true');
    assert.is(
      env.TOLERATIONS_MISMATCH_SETTINGS_IGNORED_TAINTS,
      'node.kubernetes.io/unschedulable,node.kubernetes.io/not-ready,node.kubernetes.io/unreachable',
    );
    assert.is(env.WEKA_OPERATOR_MAINTENANCE_SA_NAME, 'weka-operator-maintenance');
    assert.is(env.OPERATOR_DEPLOYMENT_NAME, 'weka-operator-controller-manager');
    assert.not('WEKA_OTEL_PACKAGES_INSTALLER_IMAGE' in env);
  });

  live(
    'spec 08 §11 #52, #54: the process starts with it, and sees its first lists as the account of the chart',
    async ({ here }) => {
      const { folder, kubeconfig } = here.cluster;
      const own = join(folder, 'account.kubeconfig');
      copyFileSync(kubeconfig, own);
      const token = fine(here.kubectl(['create', 'token', ACCOUNT, '-n', NAMESPACE])).trim();
      const config = (...argv: readonly string[]): string =>
        fine(say(kubectlPath ?? '', ['config', `--kubeconfig=${own}`, ...argv]));
      config('set-credentials', 'account', `--token=${token}`);
      config('set-context', '--current', '--user=account');

      const address = `127.0.0.1:${await freePort()}`;
      const set = flags(`prefix=${PREFIX}`, `healthProbeBindAddress=${address}`, 'operatorMetricsBindAddress=0');
      const env = environmentOf(objectsOf(here.chart.text([...set, ...flags('settings.debugBindAddress=0')])));
      const log = join(folder, 'controller.log');
      const pod = { POD_NAMESPACE: NAMESPACE, POD_NAME: 'chart-live-0', POD_UID: 'chart-live-0' };
      const controller = startController({ ...env, ...pod, KUBECONFIG: own }, log, systemClock);
      try {
        await untilReady(address, controller, log);
      } finally {
        await controller.stop(START_MS_MAX);
      }
      assert.is(await controller.ended, 'exit code 0');
      assert.not.match(readFileSync(log, 'utf8'), /forbidden/i);
    },
  );

  live('spec 08 §11 #53: each value changed changes exactly its variable', ({ here }) => {
    const before = environmentOf(objectsOf(here.chart.text()));
    const settings = objectsOf(readFileSync(join(CHART, 'values.yaml'), 'utf8'))[0] as unknown as {
      readonly settings: Readonly<Record<string, unknown>>;
    };
    const paths = [
      ...[...VALUE_ROWS, ...COMPLETED].map(({ path, variable }) => ({ path, variable, now: before[variable] ?? '' })),
      ...Object.entries(settings.settings).map(([name, now]) => ({
        path: `settings.${name}`,
        variable: undefined,
        now: String(now),
      })),
      { path: 'image.tag', variable: 'OPERATOR_IMAGE', now: '' },
    ];
    for (const { path, variable, now } of paths) {
      const [value, text] = another(path, now);
      const after = environmentOf(objectsOf(here.chart.text(['--set-json', `${path}=${JSON.stringify(value)}`])));
      const changed = Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
      assert.is(changed.length, 1, `${path}: ${changed.join()}`);
      if (variable !== undefined) assert.is(changed[0], variable, path);
      assert.ok(after[changed[0] ?? '']?.endsWith(text), `${path}: ${after[changed[0] ?? '']}`);
    }
  });

  live('spec 08 §11 #53: deployController false gives no replicas and keeps the DaemonSet', ({ here }) => {
    const objects = objectsOf(here.chart.text(flags('deployController=false')));
    assert.is(deploymentOf(objects).replicas, 0);
    assert.is(objectOf(objects, 'DaemonSet').metadata.name, 'weka-operator-node-agent');
    assert.is(deploymentOf(objectsOf(here.chart.text())).replicas, 2);
  });

  live('spec 08 §11 #54: with another prefix the binding names a role and an account that are there', ({ here }) => {
    const objects = objectsOf(here.chart.text(flags(`prefix=${PREFIX}`)));
    interface Binding extends Rendered {
      readonly roleRef: { readonly kind: string; readonly name: string };
      readonly subjects: readonly { readonly name: string; readonly namespace: string }[];
    }
    for (const kind of ['ClusterRoleBinding', 'RoleBinding']) {
      const { roleRef, subjects } = objectOf(objects, kind) as Binding;
      assert.ok(
        objects.some(({ kind, metadata }) => kind === roleRef.kind && metadata.name === roleRef.name),
        kind,
      );
      assert.equal(subjects, [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: NAMESPACE }]);
    }
    assert.is(objectOf(objects, 'ServiceAccount', /controller/).metadata.name, ACCOUNT);
    const fixed = /^(?:weka-(?:initial|targeted)(?:-no-evict)?|weka-node-monitor)$/;
    const others = objects.map(({ metadata }) => metadata.name).filter((name) => !name.startsWith(PREFIX));
    assert.equal(
      others.filter((name) => !fixed.test(name)),
      [],
    );
  });

  live('the account may do what deploy/PERMISSIONS.md says and nothing else', ({ here }) => {
    for (const namespace of [NAMESPACE, TENANT]) {
      const listed = (account: string): ReadonlySet<string> => {
        const as = `--as=system:serviceaccount:${NAMESPACE}:${account}`;
        return grantsOf(fine(here.kubectl(['auth', 'can-i', '--list', '-n', namespace, as])));
      };
      const everybody = listed('nobody');
      assert.ok(everybody.size > 3);
      const found = [...listed(ACCOUNT)].filter((grant) => !everybody.has(grant));
      const wanted = RULES.filter(
        ({ scope, when }) =>
          when === undefined && (scope === 'cluster' || scope === (namespace === NAMESPACE ? 'namespace' : 'claims')),
      ).flatMap((rule) => {
        const resource = rule.group === '' ? rule.resource : dotted(rule.resource, rule.group);
        const name = rule.name === OWN_DEPLOYMENT ? ACCOUNT : (rule.name ?? '');
        return verbsOf(rule).map((verb) => `${resource}|${name}|${verb}`);
      });
      assert.equal(found.sort(), [...new Set(wanted)].sort());
    }
  });

  live('what would keep the process from starting is refused before it is installed', ({ here }) => {
    const refusal = (set: string): string => {
      const { code, err } = here.chart.said(['--set-json', set]);
      assert.is(code, 1, set);
      return err;
    };
    assert.match(refusal('enableLeaderElection=null'), /enableLeaderElection/);
    assert.match(refusal('reconcileTimeout="30"'), /reconcileTimeout/);
    assert.match(refusal('settings.nodeGoneGracee="1s"'), /nodeGoneGracee/);
    assert.match(refusal('driveSharing.driveTypesRatio.tlc=0'), /tlc/);
    assert.match(refusal('besideOperator="weka-operator"'), /another prefix/);
  });

  live(
    'beside an existing operator nothing of that one is made, and its Services do not find these pods',
    ({ here }) => {
      const objects = objectsOf(here.chart.text(['--values', join(import.meta.dirname, 'values/beside.yaml')]));
      const kinds = new Set(objects.map(({ kind }) => kind));
      for (const kind of ['DaemonSet', 'PriorityClass', 'ConfigMap', 'PodMonitor']) assert.not(kinds.has(kind), kind);
      assert.is(environmentOf(objects).WEKA_OPERATOR_MAINTENANCE_SA_NAME, 'weka-operator-maintenance');
      assert.is(deploymentOf(objects).template.metadata.labels['control-plane'], 'container-controller');
    },
  );

  live('the kubelet waits longer than the process drains', ({ here }) => {
    const graceOf = (set: string): number =>
      deploymentOf(objectsOf(here.chart.text(flags(set)))).template.spec.terminationGracePeriodSeconds;
    assert.is(graceOf('settings.drainTimeout=25s'), 25 + 15);
    assert.is(graceOf('settings.drainTimeout=1m30s'), 90 + 15);
    assert.is(graceOf('settings.drainTimeout=10m'), 600 + 15);
  });
}

const dotted = (resource: string, group: string): string => {
  const [plural = '', subresource] = resource.split('/');
  return `${plural}.${group}${subresource === undefined ? '' : `/${subresource}`}`;
};

/** A value that is allowed and differs from `now`, and how the process reads it. */
function another(path: string, now: string): readonly [value: unknown, text: string] {
  if (now === 'true' || now === 'false') return [now === 'false', String(now === 'false')];
  if (path === 'logging.level') return ['debug', 'debug'];
  if (path.startsWith('dnsPolicy.')) return ['Default', 'Default'];
  if (path.endsWith('nodeAgentImageCheck')) return ['off', 'off'];
  if (path.endsWith('BindAddress')) return [':9999', ':9999'];
  if (/ignoredTaints|traceContainers/.test(path)) return [['a/b', 'c/d'], 'a/b,c/d'];
  if (/^\d+[smh]$/.test(now)) return ['7m', '7m'];
  if (/^\d+$/.test(now)) return [Number(now) + 1_000_000, String(Number(now) + 1_000_000)];
  return ['other', 'other'];
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject()));
    });
  });
}

async function untilReady(address: string, controller: ControllerProcess, log: string): Promise<void> {
  let ended: string | undefined;
  void controller.ended.then((how) => {
    ended = how;
  });
  const fromMs = systemClock.monotonicMs();
  for (let said = ''; said !== 'ready'; ) {
    if (ended !== undefined || systemClock.monotonicMs() - fromMs > START_MS_MAX)
      throw new Error(`not ready: ${ended ?? said}\n${readFileSync(log, 'utf8')}`);
    await new Promise<void>((resolve) => systemClock.after(250, resolve));
    said = await fetch(`http://${address}/readyz`).then(
      async (answer) => (answer.ok ? 'ready' : await answer.text()),
      (error: unknown) => String(error),
    );
  }
}

live.run();
