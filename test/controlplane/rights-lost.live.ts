/**
 * The controller with rights missing, which are put back one after the other: each time it stops there, the words of the API
 * server are where an operator looks, and it goes on by itself once the right is there.
 * Source: spec 08, 5 and 11 no. 37.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DISCOVERY_ANNOTATION } from '../../actors/rules/node-info.ts';
import type { Verb } from '../../deploy/permissions.ts';
import { lastLines } from '../../deploy/sandbox/demo/controller-process.ts';
import { CONTAINERS, EVENTS, type KubeObject, NODES, PODS } from '../../messages/kube.ts';
import { chartTools, notTested, type Tools } from './chart-stage.ts';
import { clientOf } from './client.ts';
import { type LiveCluster, liveCluster } from './cluster.ts';
import { type FleetStory, NAMESPACE, OPERATOR_NAMESPACE, openStory } from './fleet-story.ts';
import { freeAddress, hasSaid, type Replica, readiness, startReplica } from './replicas.ts';
import { chartRoles, type Lack, type Roles } from './roles.ts';
import { GIVEN } from './rule-requests.ts';
import { seconds, until } from './waiting.ts';

const FLEET = { demo: 'small', nodes: 6, drive: 5, compute: 5, numDrives: 1, clients: 0 } as const;
const ACT_MS_MAX = 120_000;
const GRACE_MS = 15_000;

interface Scene {
  readonly story: FleetStory;
  readonly roles: Roles;
  readonly replica: Replica;
  /** What events about containers say. */
  readonly events: () => Promise<readonly string[]>;
}
type Seen = (scene: Scene) => boolean | Promise<boolean>;
interface Missing {
  readonly what: string;
  readonly lack: Lack;
  /** Where an operator sees it while it is missing. */
  readonly fails: Seen;
  /** What comes about once it is there again. */
  readonly recovers: Seen;
}

const lackOf = (resource: string, ...verbs: readonly Verb[]): Lack => {
  const rule = GIVEN.find((each) => each.resource === resource && each.verbs[verbs[0] ?? 'get'] !== undefined);
  if (rule === undefined) throw new Error(`no rule for ${resource}`);
  return { rule, verbs };
};
/** By an event, or in a condition. */
const told =
  (text: RegExp): Seen =>
  async (scene) =>
    (await messagesOf(scene)).some((message) => text.test(message));
const messagesOf = async ({ story, events }: Scene): Promise<readonly string[]> => [
  ...(await events()),
  ...story.containers().flatMap(({ status }) => status?.conditions?.map(({ message }) => message) ?? []),
];
const some =
  (type: typeof NODES, is: (object: KubeObject) => boolean): Seen =>
  ({ story }) =>
    story.live.store.all(type).some(is);

/** Without them it does not begin. */
const BEFORE: readonly Missing[] = [
  {
    what: 'list and watch nodes',
    lack: lackOf('nodes', 'list', 'watch'),
    fails: async ({ replica }) => /nodes.*403.*forbidden/s.test(await readiness(replica)),
    recovers: async ({ replica }) => (await readiness(replica)) === 'ready',
  },
  {
    what: 'leases',
    lack: lackOf('leases', 'get', 'create', 'update'),
    fails: ({ replica }) => hasSaid(replica, /leases.*is forbidden.*cannot ask for the lease/),
    recovers: ({ replica }) => hasSaid(replica, '"elected"'),
  },
];
/** In the order in which a fleet that comes up meets them. */
const MEANWHILE: readonly Missing[] = [
  {
    what: 'create events',
    lack: lackOf('events', 'create'),
    fails: ({ replica }) => hasSaid(replica, /events is forbidden.*event could not be recorded/),
    recovers: async ({ events }) => (await events()).length > 0,
  },
  {
    what: 'create pods',
    lack: lackOf('pods', 'create'),
    fails: told(/pods.* is forbidden.*create/),
    recovers: some(PODS, ({ metadata }) => metadata.namespace === NAMESPACE),
  },
  {
    what: 'get pods/exec (spec 08 §11 #37)',
    lack: lackOf('pods/exec', 'get'),
    fails: told(/403 pods.* is forbidden.*pods\/exec/),
    recovers: some(CONTAINERS, (one) => (one as { status?: { result?: string } }).status?.result !== undefined),
  },
  {
    what: 'patch nodes',
    lack: lackOf('nodes', 'patch'),
    fails: told(/nodes.* is forbidden.*patch/),
    recovers: some(NODES, ({ metadata }) => metadata.annotations?.[DISCOVERY_ANNOTATION] !== undefined),
  },
];

const live = suite<{ cluster: LiveCluster }>('rights-lost');
const tools = await chartTools();
if (tools.kind === 'missing') notTested(live, tools.why);
else {
  live.before(async (context) => {
    context.cluster = await liveCluster();
  });
  live.after(({ cluster }) => cluster.close());
  defineTest(tools);
}

function defineTest(ready: Extract<Tools, { kind: 'ready' }>): void {
  live(
    'spec 08 §11 #37 and the like: a right that is missing is named, and given back it is used',
    async ({ cluster }) => {
      const folder = cluster.folder;
      const more = (): string => lastLines(`${folder}/poor.log`, 10).join('\n');
      const story = await openStory(cluster, { ...FLEET, phaseMsMax: 2 * ACT_MS_MAX, more });
      const client = await clientOf(cluster.kubeconfig);
      let replica: Replica | undefined;
      try {
        const roles = await chartRoles(ready, cluster, []);
        const missing = [...BEFORE, ...MEANWHILE];
        roles.give(missing.map(({ lack }) => lack));
        const { env, kubeconfig } = roles;
        replica = startReplica({
          name: 'poor',
          namespace: OPERATOR_NAMESPACE,
          address: await freeAddress(),
          env,
          kubeconfig,
          folder,
        });
        const events = async (): Promise<readonly string[]> => {
          const listed = await client.kube.list({ verb: 'list', type: EVENTS });
          if (listed.kind !== 'ok') throw new Error(JSON.stringify(listed));
          const all = listed.answer.items as readonly (KubeObject & Event)[]; // As the API has them.
          return all
            .filter(({ involvedObject }) => involvedObject?.kind === CONTAINERS.kind)
            .map(({ message }) => message ?? '');
        };
        const scene = { story, roles, replica, events };
        for (const each of BEFORE) await giveBack(each, missing, scene);
        const started = story.start();
        started.catch(() => {}); // Told where it is awaited, if it comes to that.
        for (const each of MEANWHILE) await giveBack(each, missing, scene);
        await started;
        await story.end();
        story.judge();
      } finally {
        await replica?.process.stop(GRACE_MS);
        await client.close();
        await story.close();
      }
    },
  );
}

interface Event {
  readonly involvedObject?: { readonly kind?: string };
  readonly message?: string;
}

/** `missing` loses it. */
async function giveBack(one: Missing, missing: Missing[], scene: Scene): Promise<void> {
  const about = async (): Promise<string> =>
    [one.what, await readiness(scene.replica), ...(await messagesOf(scene))].join('\n');
  const seen = (holds: Seen): Promise<number> => until(() => holds(scene), ACT_MS_MAX, about);
  const failedMs = await seen(one.fails);
  assert.not.ok(await one.recovers(scene), `${one.what}: it went on without`);
  missing.splice(missing.indexOf(one), 1);
  scene.roles.give(missing.map(({ lack }) => lack));
  const recoveredMs = await seen(one.recovers);
  process.stdout.write(
    `${one.what}: named after ${seconds(failedMs)}, used ${seconds(recoveredMs)} after it was given\n`,
  );
}

live.run();
