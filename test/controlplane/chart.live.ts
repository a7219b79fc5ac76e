/**
 * The chart on a real API server: helm finds no fault, every object of it is accepted, values reach the variables they are for.
 * Source: spec 08, 6.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COMPLETED, VALUE_ROWS } from '../deploy/chart-values.ts';
import { CHART, deploymentOf, environmentOf, objectOf, objectsOf, type Rendered } from './chart-run.ts';
import { chartTools, fine, flags, NAMESPACE, notTested, openStage, type Stage, TENANT, yaml } from './chart-stage.ts';

const PREFIX = 'foo';
const VALUES = ['existing', 'everything', 'beside'].map((name) => join(import.meta.dirname, `values/${name}.yaml`));

const live = suite<{ here: Stage }>('chart');
const tools = await chartTools();
if (tools.kind === 'missing') notTested(live, tools.why);
else {
  live.before(async (context) => {
    context.here = await openStage(tools);
  });
  live.after(({ here }) => here.close());
  defineTests();
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
      // Shards have no leader: the chart refuses both together.
      const given = path === 'settings.controllerRing' ? flags('enableLeaderElection=false') : [];
      const of = (...more: readonly string[]) => environmentOf(objectsOf(here.chart.text([...given, ...more])));
      const without = given.length === 0 ? before : of();
      const after = of('--set-json', `${path}=${JSON.stringify(value)}`);
      const changed = Object.keys({ ...without, ...after }).filter((name) => without[name] !== after[name]);
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
      assert.equal(subjects, [{ kind: 'ServiceAccount', name: `${PREFIX}-controller-manager`, namespace: NAMESPACE }]);
    }
    assert.is(objectOf(objects, 'ServiceAccount', /controller/).metadata.name, `${PREFIX}-controller-manager`);
    const fixed = /^(?:weka-(?:initial|targeted)(?:-no-evict)?|weka-node-monitor)$/;
    const others = objects.map(({ metadata }) => metadata.name).filter((name) => !name.startsWith(PREFIX));
    assert.equal(
      others.filter((name) => !fixed.test(name)),
      [],
    );
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

  live('without election there is one replica, and an update ends it before the next one starts', ({ here }) => {
    const of = (...sets: readonly string[]) => deploymentOf(objectsOf(here.chart.text(flags(...sets))));
    const alone = of('enableLeaderElection=false', 'replicas=3');
    assert.equal([alone.replicas, alone.strategy.type], [1, 'Recreate']);
    const several = of('replicas=3');
    assert.equal([several.replicas, several.strategy.type], [3, 'RollingUpdate']);
    assert.is(of('enableLeaderElection=false', 'settings.controllerRing=ring', 'replicas=3').replicas, 3);
  });

  live('the kubelet waits longer than the process drains', ({ here }) => {
    const graceOf = (set: string): number =>
      deploymentOf(objectsOf(here.chart.text(flags(set)))).template.spec.terminationGracePeriodSeconds;
    assert.is(graceOf('settings.drainTimeout=25s'), 25 + 15);
    assert.is(graceOf('settings.drainTimeout=1m30s'), 90 + 15);
    assert.is(graceOf('settings.drainTimeout=10m'), 600 + 15);
  });
}

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

live.run();
