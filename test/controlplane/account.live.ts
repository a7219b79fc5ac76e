/**
 * The chart's account on a real API server: it may do what is documented and nothing else, and that is enough for processes
 * with the chart's environment, of which one leads. Source: spec 08, 5 and 6.3; I8.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OWN_DEPLOYMENT, RULES, verbsOf } from '../../deploy/permissions.ts';
import { systemClock } from '../../io/clock.ts';
import { environmentOf, grantsOf, objectsOf } from './chart-run.ts';
import { chartTools, fine, flags, NAMESPACE, notTested, openStage, type Stage, TENANT, yaml } from './chart-stage.ts';
import {
  accountKubeconfig,
  freeAddress,
  hasSaid,
  type Replica,
  readiness,
  START_MS_MAX,
  startReplica,
  untilReady,
  untilSaid,
} from './replicas.ts';

const PREFIX = 'chart-live';
const ACCOUNT = `${PREFIX}-controller-manager`;
const ELECTED = '"elected"';
const FIRST_LISTS = 'all stores have seen their first list';

const live = suite<{ here: Stage }>('account');
const tools = await chartTools();
if (tools.kind === 'missing') notTested(live, tools.why);
else {
  live.before(async (context) => {
    context.here = await openStage(tools);
    const { chart, kubectl } = context.here;
    const all = objectsOf(chart.text(flags(`prefix=${PREFIX}`, `rbac.claimNamespaces={${TENANT}}`)));
    fine(kubectl(['apply', '-f', '-'], yaml(all.filter(({ kind }) => /Role|ServiceAccount/.test(kind)))));
  });
  live.after(async ({ here }) => {
    for (const kind of ['clusterrole', 'clusterrolebinding'])
      here.kubectl(['delete', kind, '-l', `app.kubernetes.io/instance=${PREFIX}`]);
    await here.close();
  });
  defineTests(tools.kubectl);
}

function defineTests(kubectl: string): void {
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

  live(
    'spec 08 §11 #52, #54: the process starts with it, and sees its first lists as the account of the chart',
    async ({ here }) => {
      const replica = await replicaOf(here, 'chart-live-0');
      try {
        await untilSaid(replica, FIRST_LISTS);
        assert.is(await readiness(replica), 'ready');
      } finally {
        await replica.process.stop(START_MS_MAX);
      }
      assert.is(await replica.process.ended, 'exit code 0');
      assert.not.ok(hasSaid(replica, 'forbidden'));
    },
  );

  live(
    'spec 08 §11 #34, #40, processes: another replica is ready and waits; it leads at once after a clean end, and some 17 s after a kill',
    async ({ here }) => {
      const running: Replica[] = [];
      const start = async (name: string): Promise<Replica> => {
        const replica = await replicaOf(here, name);
        running.push(replica);
        return replica;
      };
      try {
        const one = await start('one');
        await untilSaid(one, ELECTED);
        const two = await start('two');
        await untilReady(two);
        assert.not.ok(hasSaid(two, ELECTED));
        await one.process.stop(START_MS_MAX);
        const releasedMs = systemClock.monotonicMs();
        await untilSaid(two, ELECTED);
        assert.ok(systemClock.monotonicMs() - releasedMs < 10_000, 'the lease was given back');
        await untilSaid(two, FIRST_LISTS);

        const three = await start('three');
        await untilReady(three);
        two.process.kill();
        await two.process.ended;
        const killedMs = systemClock.monotonicMs();
        await untilSaid(three, ELECTED);
        const tookMs = systemClock.monotonicMs() - killedMs;
        assert.ok(tookMs > 5_000 && tookMs < 25_000, `${tookMs} ms`);
      } finally {
        await Promise.all(running.map(({ process }) => process.stop(START_MS_MAX)));
      }
    },
  );

  /** As the Deployment would start it, but for its addresses. */
  async function replicaOf({ chart, cluster: { kubeconfig, folder } }: Stage, name: string): Promise<Replica> {
    const addresses = ['operatorMetricsBindAddress=0', 'settings.debugBindAddress=0'];
    const env = environmentOf(objectsOf(chart.text(flags(`prefix=${PREFIX}`, ...addresses))));
    const account = { name: ACCOUNT, namespace: NAMESPACE };
    const own = accountKubeconfig(kubectl, kubeconfig, account, folder);
    const address = await freeAddress();
    return startReplica({ name, namespace: NAMESPACE, address, env, kubeconfig: own, folder });
  }
}

const dotted = (resource: string, group: string): string => {
  const [plural = '', subresource] = resource.split('/');
  return `${plural}.${group}${subresource === undefined ? '' : `/${subresource}`}`;
};

live.run();
