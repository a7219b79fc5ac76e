/** The environment as configuration: defaults, empty and bad values, misspelt names, the manual. Source: spec 01, 18; spec 02, 2.5. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Config, configRows, readConfig } from '../config.ts';
import { CONFIGURATION_PAGE, configurationPage } from '../deploy/configuration.ts';
import { FOREIGN_SETTINGS } from '../messages/foreign-settings.ts';

type Env = Record<string, string | undefined>;
const REQUIRED: Env = {
  VERSION: '1.2.3',
  OPERATOR_METRICS_BIND_ADDRESS: '127.0.0.1:8080',
  HEALTH_PROBE_BIND_ADDRESS: ':8081',
  WEKA_OPERATOR_MAINTENANCE_SA_NAME: 'weka-operator-maintenance',
  WEKA_OCP_PULL_SECRET: '',
};
function good(env: Env = {}, accountNamespace?: string): Config {
  const found = readConfig({ ...REQUIRED, ...env }, accountNamespace);
  if (found.kind === 'bad') throw new Error(found.problems.join('\n'));
  return found.config;
}
function problemsOf(env: Env): readonly string[] {
  const found = readConfig({ ...REQUIRED, ...env });
  return found.kind === 'bad' ? found.problems : [];
}
function warningsOf(env: Env): readonly string[] {
  const found = readConfig({ ...REQUIRED, ...env });
  return found.kind === 'ok' ? found.warnings : [];
}
const rows = configRows().flatMap(({ rows }) => rows);

test('with only the required variables, every value is the code default of the chapter', () => {
  const config = good();
  assert.is(config.kubeExecTimeoutMs, 300_000);
  assert.is(config.reconcileTimeoutMs, 1_800_000);
  assert.is(config.metricsContainersPollingRateMs, 60_000);
  assert.is(config.removalThrottlingEnabled, false);
  assert.is(config.tolerationsMismatchEnableIgnoredTaints, true);
  assert.equal(config.tolerationsMismatchIgnoredTaints, []);
  assert.is(config.syslogPackage, 'auto');
  assert.is(config.metricsNodeAgentToken, 'weka-node-agent-secret');
  assert.is(config.nodeGoneGraceMs, 30_000);
  assert.is(config.nodeConditionGraceMs, 15_000);
  assert.is(config.nodeAgentImageCheck, 'strict');
  assert.is(config.execConcurrency, 64);
  assert.is(config.logLevel, 'info');
});

/** Name and default of each variable of the chapter, as its table prints them; `-` for none. */
const CHAPTER = `
KUBE_EXEC_TIMEOUT 5m, RECONCILE_TIMEOUT 30m, WEKA_OPERATOR_DEBUG_SLEEP 3, SYSLOG_PACKAGE auto, PROXY empty, VERSION required,
SIGN_DRIVES_IMAGE empty, LOCAL_DATA_PVC empty, DNS_POLICY_K8S_NETWORK empty, DNS_POLICY_HOST_NETWORK empty, POD_NAME empty,
PRIORITY_CLASS_INITIAL weka-initial-no-evict, PRIORITY_CLASS_TARGETED weka-targeted-no-evict, POD_NAMESPACE empty,
WEKA_OCP_PULL_SECRET required, WEKA_OPERATOR_MAINTENANCE_SA_NAME required, OPERATOR_DEV_MODE false, POD_UID empty,
WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING false, WEKA_COS_ALLOW_HUGEPAGE_CONFIG false, WEKA_COS_GLOBAL_HUGEPAGE_SIZE 2m,
WEKA_COS_GLOBAL_HUGEPAGE_COUNT 4000, WEKA_COS_SERVICE_ACCOUNT_SECRET empty, OKE_ENABLE_NICS_ALLOCATION false,
SKIP_UNHEALTHY_TOLERATION false, SKIP_CLIENT_NO_SCHEDULE_TOLERATION false, SKIP_AUX_NO_SCHEDULE_TOLERATION false,
CLEANUP_REMOVED_NODES false, CLEANUP_BACKENDS_ON_NODE_SELECTOR_MISMATCH false, CLEANUP_CLIENTS_ON_NODE_SELECTOR_MISMATCH false,
CLEANUP_CONTAINERS_ON_TOLERATIONS_MISMATCH false, TOLERATIONS_MISMATCH_SETTINGS_ENABLE_IGNORED_TAINTS true,
TOLERATIONS_MISMATCH_SETTINGS_IGNORED_TAINTS empty, EVICT_CONTAINER_ON_DELETION false, REMOVAL_THROTTLING_ENABLED false,
RECREATE_UNHEALTHY_ENVOY_THROTTLING_ENABLED true, DELETE_ENVOY_WITHOUT_S3_NEIGHBOR_TIMEOUT 5m, OPERATOR_IMAGE empty,
DELETE_TELEMETRY_WITHOUT_COMPUTE_NEIGHBOR_TIMEOUT 5m, DELETE_UNSCHEDULABLE_PODS_AFTER 1m, REMOVE_FAILED_DRIVES_FROM_WEKA false,
ALLOW_MULTIPLE_PROTOCOLS_PER_NODE false, METRICS_CONTAINERS_ENABLED true, METRICS_CONTAINERS_POLLING_RATE 60s,
METRICS_CONTAINERS_REQUEST_TIMEOUT_REGISTER 3s, METRICS_CONTAINERS_REQUEST_TIMEOUT_GET_CONTAINER_INFO 10s,
METRICS_NODE_AGENT_TOKEN weka-node-agent-secret, CSI_INSTALLATION_ENABLED false, MAX_VIRTUAL_DRIVES_PER_CORE 8,
CSI_PREVENT_NEW_WORKLOAD_ON_CLIENT_CONTAINER_NOT_RUNNING true, ENFORCE_MIN_DRIVES_PER_TYPE_PER_CORE true,
ENABLE_DYNAMIC_DRIVE_SCALING_FOR_SHARED_DRIVES false, SSD_PROXY_HUGEPAGES_OFFSET_MIB 2048, OPERATOR_DEPLOYMENT_NAME empty,
OTEL_EXPORTER_OTLP_ENDPOINT empty, WEKA_OTEL_PACKAGES_INSTALLER_IMAGE empty, WEKA_MAINTENANCE_IMAGE_PULL_SECRET empty,
ENABLE_LEADER_ELECTION false, BESIDE_ACTIVE_OPERATOR false, EVICTED_POD_CLEANUP_ENABLED true, EVICTED_POD_CLEANUP_INTERVAL 2m, OPERATOR_MODE manager,
FORCE_DRAIN_SHARED_NODE false, NODE_GONE_GRACE 30s, NODE_CONDITION_GRACE 15s, FINISHED_POD_CLEANUP_ENABLED true,
WEKA_COMMAND_TIMEOUT 2m, STATS_MAX_AGE 4m, STATS_CPU_STEP 5, WAIT_IS_NOT_ERROR false, POD_KEEP_FOREIGN_LABELS false,
CPU_AUTO_HONOURS_CORE_IDS false, POD_DECLARE_EXPOSED_PORTS false, ENVOY_PROBE_EXCLUDES_SELF false, COLLECT_LEFTOVERS false,
BACKEND_DRIVERS_NEED_BOOT_ID false, CLIENT_MOUNTS_PER_CONTAINER false, NODE_AGENT_IMAGE empty, NODE_AGENT_IMAGE_CHECK strict,
CSI_LABELS_FOLLOW_LIFECYCLE false, CSI_CLEAN_STALE_LABELS false, CSI_REQUIRE_NODE_PLUGIN false, ALL_AT_ONCE_FORCE_REPLACES false,
INIT_CONTAINER_RESOURCES false, HUGEPAGES_1GI_EXACT false, UIO_LOADER_IMAGE busybox:latest, POD_SPEC_DRIFT_REPORT false,
LOCAL_STATUS_MAX_INTERVAL 30s`;
const chapter = CHAPTER.trim()
  .split(/,\s+/)
  .map((entry) => entry.split(' '));

for (const [env = '', standard = ''] of chapter) {
  test(`${env} is known and its default is ${standard}`, () => {
    assert.is(rows.find((row) => row.env === env)?.standard, standard);
  });
}

test('a value and its default as text mean the same', () => {
  const written = rows.filter(({ standard }) => standard !== 'required' && standard !== 'empty');
  const env = Object.fromEntries(written.map(({ env, standard }) => [env, standard]));
  assert.equal(good(env), good());
});

test('no variable appears twice, and every one has a meaning, a source and bounds that fit', () => {
  assert.is(new Set(rows.map(({ env }) => env)).size, rows.length);
  assert.is(new Set(rows.map(({ key }) => key)).size, rows.length);
  for (const { env, text, source, key, kind } of rows) {
    assert.ok(text.endsWith('.') && text.length <= 110, `${env}: ${text}`);
    assert.ok(source.length > 0, env);
    assert.is(key.endsWith('Ms'), kind === 'duration', `${key}: durations and only they end in Ms`);
    assert.not(FOREIGN_SETTINGS.includes(env), `${env} is listed as foreign too`);
  }
});

test('spec 01 §18: each required variable is told when missing, and may be empty', () => {
  const found = readConfig({});
  assert.equal(found.kind === 'bad' ? [...found.problems].sort() : [], [
    'HEALTH_PROBE_BIND_ADDRESS: is required, and may be empty',
    'OPERATOR_METRICS_BIND_ADDRESS: is required, and may be empty',
    'VERSION: is required, and may be empty',
    'WEKA_OCP_PULL_SECRET: is required, and may be empty',
    'WEKA_OPERATOR_MAINTENANCE_SA_NAME: is required, and may be empty',
  ]);
  const empty = Object.fromEntries(Object.keys(REQUIRED).map((name) => [name, '']));
  assert.is(readConfig(empty).kind, 'ok');
});

test('spec 01 §23 #49: bad values end the start; an empty integer is its default', () => {
  assert.equal(problemsOf({ CLEANUP_REMOVED_NODES: 'yes' }), [
    'CLEANUP_REMOVED_NODES: "yes" is neither true nor false (default false)',
  ]);
  assert.equal(problemsOf({ RECONCILE_TIMEOUT: '30' }), [
    'RECONCILE_TIMEOUT: "30" is not a duration such as 30m (default 30m)',
  ]);
  assert.equal(problemsOf({ MAX_WORKERS_WEKACONTAINER: '' }), []);
  assert.is(good({ WEKA_COS_GLOBAL_HUGEPAGE_COUNT: '' }).cosGlobalHugepageCount, 4000);
});

test('every problem is told, with variable, value and bound', () => {
  assert.equal(
    problemsOf({
      KUBE_EXEC_TIMEOUT: '5 min',
      METRICS_CONTAINERS_POLLING_RATE: '0s',
      STATS_MAX_AGE: '10m',
      EXEC_CONCURRENCY: '64.5',
      KUBE_WRITE_QPS: '-1',
      TRACE_SAMPLE_PERCENT: '101',
      NODE_AGENT_IMAGE_CHECK: 'lax',
      OPERATOR_MODE: 'node-agent',
      DEBUG_BIND_ADDRESS: '127.0.0.1',
    }).toSorted(),
    [
      'DEBUG_BIND_ADDRESS: "127.0.0.1" is not host:port or :port (default 127.0.0.1:8083)',
      'EXEC_CONCURRENCY: "64.5" is not a whole number such as 64 (default 64)',
      'KUBE_EXEC_TIMEOUT: "5 min" is not a duration such as 5m (default 5m)',
      'KUBE_WRITE_QPS: "-1" is below 0 (default 100)',
      'METRICS_CONTAINERS_POLLING_RATE: "0s" is below 1s (default 60s)',
      'NODE_AGENT_IMAGE_CHECK: "lax" is not one of strict, reads, off (default strict)',
      'OPERATOR_MODE: "node-agent" is not one of manager (default manager)',
      'STATS_MAX_AGE: "10m" is above 4m59s (default 4m)',
      'TRACE_SAMPLE_PERCENT: "101" is above 100 (default 0)',
    ],
  );
});

test('an empty text means: bad for flags and durations, unset for numbers and choices, empty for texts', () => {
  for (const { env, kind, standard } of rows) {
    const problems = problemsOf({ [env]: '' });
    const bad = kind === 'flag' || kind === 'duration';
    assert.is(problems.length, bad ? 1 : 0, `${env}: ${problems}`);
    if (bad) assert.match(problems[0] ?? '', new RegExp(`^${env}: "" is n.*default ${standard}`));
  }
  assert.is(good({ SYSLOG_PACKAGE: '' }).syslogPackage, '');
  assert.is(good({ METRICS_NODE_AGENT_TOKEN: '' }).metricsNodeAgentToken, 'weka-node-agent-secret');
  assert.is(good({ DEBUG_BIND_ADDRESS: '' }).debugBindAddress, '');
});

test('flags take the twelve spellings of Go and no other', () => {
  const read = (value: string) => readConfig({ ...REQUIRED, COLLECT_LEFTOVERS: value });
  for (const value of ['1', 't', 'T', 'TRUE', 'true', 'True'])
    assert.is(good({ COLLECT_LEFTOVERS: value }).collectLeftovers, true);
  for (const value of ['0', 'f', 'F', 'FALSE', 'false', 'False']) {
    assert.is(good({ METRICS_CONTAINERS_ENABLED: value }).metricsContainersEnabled, false);
  }
  for (const value of ['yes', 'on', 'tRUE', ' true', '2']) assert.is(read(value).kind, 'bad', value);
});

test('lists are trimmed and lose their empty items', () => {
  const { tolerationsMismatchIgnoredTaints } = good({ TOLERATIONS_MISMATCH_SETTINGS_IGNORED_TAINTS: ' a/b , ,c,' });
  assert.equal(tolerationsMismatchIgnoredTaints, ['a/b', 'c']);
});

test('the configuration is frozen', () => {
  const config = good();
  assert.throws(() => Object.assign(config, { version: '2' }));
  assert.throws(() => Object.assign(config.traceContainers, { 0: 'x' }));
});

test('spec 01 §15.1: the operator namespace is the variable, else the file, else that of development', () => {
  assert.is(good({ POD_NAMESPACE: 'a' }, 'b').operatorNamespace, 'a');
  assert.is(good({ OPERATOR_DEV_MODE: 'true' }, 'b\n').operatorNamespace, 'b');
  assert.is(good({ OPERATOR_DEV_MODE: 'true' }).operatorNamespace, 'weka-operator-system');
  assert.is(good().operatorNamespace, '');
});

test('the node agent must have the image of the operator unless another is named', () => {
  assert.is(good({ OPERATOR_IMAGE: 'x' }).nodeAgentImage, 'x');
  assert.is(good({ OPERATOR_IMAGE: 'x', NODE_AGENT_IMAGE: 'y' }).nodeAgentImage, 'y');
});

test('a log level of the Go operator is taken as info, with a warning', () => {
  assert.is(good({ LOG_LEVEL: '0' }).logLevel, 'info');
  assert.equal(warningsOf({ LOG_LEVEL: '0' }), ['LOG_LEVEL: "0" is a level of the Go operator, taken as info']);
  assert.is(good({ LOG_LEVEL: 'debug' }).logLevel, 'debug');
});

test('a misspelt name brings a warning with the nearest known one', () => {
  assert.equal(warningsOf({ WEKA_COMAND_TIMEOUT: '1m' }), [
    'WEKA_COMAND_TIMEOUT: is not known and ignored; did you mean WEKA_COMMAND_TIMEOUT?',
  ]);
  assert.equal(warningsOf({ KUBE_EXEC_TIMEUOT: '1m' }), [
    'KUBE_EXEC_TIMEUOT: is not known and ignored; did you mean KUBE_EXEC_TIMEOUT?',
  ]);
  assert.equal(warningsOf({ WEKA_SOMETHING_ENTIRELY_ELSE_AND_LONG: '1' }), [
    'WEKA_SOMETHING_ENTIRELY_ELSE_AND_LONG: is not known and ignored',
  ]);
});

test('names of others, of siblings and of Kubernetes services bring none', () => {
  const services = {
    WEKA_S3_SERVICE_HOST: 'x',
    WEKA_S3_SERVICE_PORT_HTTPS: '1',
    WEKA_S3_PORT_9001_TCP_ADDR: 'x',
    WEKA_S3_PORT: 'x',
  };
  const siblings = Object.fromEntries(FOREIGN_SETTINGS.map((name) => [name, 'anything']));
  assert.equal(warningsOf({ ...services, ...siblings, PATH: '/bin', KUBERNETES_PORT: 'x', HOSTNAME: 'x' }), []);
});

test('a shard has a name, a ring with one, and no leader', () => {
  const problems = (env: Readonly<Record<string, string>>): readonly string[] => {
    const found = readConfig({ ...REQUIRED, ...env });
    return found.kind === 'ok' ? [] : found.problems;
  };
  assert.equal(problems({ CONTROLLER_RING: 'weka-containers', POD_NAME: 'a' }), []);
  assert.match(problems({ CONTROLLER_RING: 'a'.repeat(64), POD_NAME: 'a' }).join(), /at most 63 characters/);
  assert.match(problems({ CONTROLLER_RING: 'a/b', POD_NAME: 'a' }).join(), /no name of a ControllerRing/);
  assert.match(problems({ CONTROLLER_RING: 'a' }).join(), /POD_NAME/);
  const leads = { CONTROLLER_RING: 'a', POD_NAME: 'a', ENABLE_LEADER_ELECTION: 'true' };
  assert.match(problems(leads).join(), /ENABLE_LEADER_ELECTION=false/);
  const unlocked = { CONTROLLER_RING: 'a', POD_NAME: 'a', ALLOCATION_LEASE: 'false' };
  assert.match(problems(unlocked).join(), /ALLOCATION_LEASE/);
});

test('property: any environment gives a configuration or problems that name a variable, and never throws', () => {
  const name = fc.oneof(fc.constantFrom(...rows.map(({ env }) => env)), fc.string({ maxLength: 30 }));
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('', '0', '-1', '1e9', '9'.repeat(400), '1h', 'true', '__proto__'),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 8 }), (env) => {
      const found = readConfig({ ...REQUIRED, ...env });
      if (found.kind === 'ok') return;
      for (const problem of found.problems) {
        assert.ok(
          rows.some(({ env: known }) => problem.startsWith(`${known}: `)),
          problem,
        );
        assert.ok(problem.length < 250, problem);
      }
    }),
    { numRuns: 500 },
  );
});

test('deploy/CONFIGURATION.md is what the tables say', () => {
  assert.is(readFileSync(CONFIGURATION_PAGE, 'utf8'), configurationPage(), 'run: node deploy/configuration.ts');
});

test.run();
