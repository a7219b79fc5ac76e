/**
 * The rights of the chart's account, and no others, are enough for the life of a fleet with every mode: it comes up, runs the
 * next image, goes, and nothing is forbidden. Each of them is needed. Source: spec 08, 5.2 and 11 no. 36, 54.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BOOT_SCRIPTS } from '../../actors/rules/boot-scripts.ts';
import { lastLines } from '../../deploy/sandbox/demo/controller-process.ts';
import { answerCode } from './answer-code.ts';
import { type Asked, askedText, readAudit } from './audit.ts';
import { chartTools, notTested } from './chart-stage.ts';
import { type OwnCluster, ownCluster } from './cluster.ts';
import { type FleetStory, NAMESPACE, OPERATOR_NAMESPACE, openStory } from './fleet-story.ts';
import { freeAddress, hasSaid, type Replica, startReplica } from './replicas.ts';
import { ACCOUNT, chartRoles, type Roles, USER } from './roles.ts';
import { again, needs, RIGHTS, type Right, rightText } from './rule-requests.ts';
import { seconds, until } from './waiting.ts';

const FLEET = { demo: 'mixed', nodes: 14, drive: 6, compute: 6, numDrives: 1, clients: 2, speed: 20 } as const;
const GRACE_MS = 15_000;
const FORBIDDEN = 403;
const GIVEN_MS_MAX = 10_000;
/** Rights that this life has no use for, each with who has; `rightText` begins so. */
const UNUSED: readonly (readonly [rights: RegExp, why: string])[] = [
  [/^\w+: list /, 'an API server that does not stream its lists'],
  [/finalizers/, 'no request: asked at admission, which is as strict here as it gets'],
  [/: create pods\/exec$/, 'no request: asked of whoever opens a command by GET'],
  [/: get configmaps weka-boot-scripts$/, 'a copy that another one made at the same moment'],
  [/: patch events$/, 'an event that is repeated within a life'],
  [/^claims: /, 'containers with spec.pvc, of which the modelled fleet has none'],
];

interface Context {
  readonly cluster: OwnCluster;
  readonly story: FleetStory;
  readonly roles: Roles;
  /** Of the life. */
  asked: readonly Asked[];
}
const live = suite<{ here: Context }>('rights');
const tools = await chartTools();
if (tools.kind === 'missing') notTested(live, tools.why);
else {
  live.before(async (context) => {
    // Owners of pods and helpers are checked, as on OpenShift.
    const cluster = await ownCluster({ audited: [USER], admission: ['OwnerReferencesPermissionEnforcement'] });
    const log = `${cluster.folder}/whole.log`;
    const story = await openStory(cluster, { ...FLEET, more: () => lastLines(log, 10).join('\n') });
    const roles = await chartRoles(tools, cluster, []);
    context.here = { cluster, story, roles, asked: [] };
  });
  live.after(async ({ here }) => {
    await here.story.close();
    await here.cluster.close();
  });
  defineTests();
}

function defineTests(): void {
  live(
    "spec 08 §11 #36, #54: a mixed fleet lives and dies with the chart's account, and nothing is forbidden",
    async ({ here }) => {
      const { cluster, story, roles } = here;
      // Nobody has made the token of the node agents yet.
      roles.kubectl('delete', 'secret', 'weka-node-agent-secret', '-n', OPERATOR_NAMESPACE);
      const replica = startReplica({
        name: 'whole',
        namespace: OPERATOR_NAMESPACE,
        address: await freeAddress(),
        env: { ...roles.env, TRACE_SAMPLE_PERCENT: '20' }, // What their pods use is asked for.
        kubeconfig: roles.kubeconfig,
        folder: cluster.folder,
      });
      const times: string[] = [];
      try {
        for (const act of ['prepare', 'start', 'upgrade', 'end'] as const) {
          // Pods of the next image need a copy that is not changed.
          if (act === 'upgrade') spoil(roles);
          times.push(`${act} ${seconds(await story[act]())}`);
        }
        story.judge();
      } finally {
        await replica.process.stop(GRACE_MS);
        here.asked = readAudit(cluster.folder);
      }
      process.stdout.write(`${times.join(', ')}\n${here.asked.length} requests: ${askedText(here.asked)}\n`);
      judge(replica, here.asked);
    },
  );

  live('every right of the table is needed by that life, or by what is said here', ({ here }) => {
    const unused = RIGHTS.filter((right) => !here.asked.some((each) => needs(each, right))).map(rightText);
    assert.equal(
      unused.filter((text) => !UNUSED.some(([rights]) => rights.test(text))),
      [],
    );
    const lines = UNUSED.map(([rights, why]) => `  ${unused.filter((text) => rights.test(text)).join('; ')}: ${why}`);
    process.stdout.write(`${unused.length} of ${RIGHTS.length} rights were not needed:\n${lines.join('\n')}\n`);
  });

  live('without one of the rules the same requests are forbidden, and allowed again with it', async ({ here }) => {
    const { cluster, roles, asked } = here;
    const token = roles.kubectl('create', 'token', ACCOUNT.name, '-n', ACCOUNT.namespace).trim();
    const caller = { url: cluster.url, certificate: cluster.certificate, token };
    const codeOf = (right: Right): Promise<number> => {
      const recorded = asked.find((each) => needs(each, right));
      const { method, path } = again(right, recorded);
      return answerCode(caller, method, path);
    };
    for (const rule of new Set(RIGHTS.map((right) => right.rule))) {
      const rights = RIGHTS.filter((right) => right.rule === rule);
      const first = rights[0] as Right; // A rule has a verb.
      const settles = (forbidden: boolean): Promise<number> =>
        until(
          async () => ((await codeOf(first)) === FORBIDDEN) === forbidden,
          GIVEN_MS_MAX,
          () => rightText(first),
        );
      roles.give([{ rule }]);
      await settles(true);
      for (const right of rights) assert.is(await codeOf(right), FORBIDDEN, `without it: ${rightText(right)}`);
      roles.give();
      await settles(false);
      for (const right of rights) assert.is.not(await codeOf(right), FORBIDDEN, `with it: ${rightText(right)}`);
    }
  });
}

const spoil = ({ kubectl }: Roles): void => {
  const patch = JSON.stringify({ data: { 'devenv.sh': '# not as it was made\n' } });
  kubectl('patch', 'configmap', BOOT_SCRIPTS, '-n', NAMESPACE, '--type=merge', '-p', patch);
};

function judge(replica: Replica, asked: readonly Asked[]): void {
  assert.ok(asked.length > 1_000, `${asked.length} requests were seen`);
  const forbidden = asked.filter(({ code }) => code === FORBIDDEN);
  assert.equal(
    forbidden.map(({ verb, uri }) => `${verb} ${uri}`),
    [],
  );
  assert.not.ok(hasSaid(replica, /forbidden/i));
}

live.run();
