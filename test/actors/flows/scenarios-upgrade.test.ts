/** A container comes to another image, and back. Spec 03, 9 and 17; spec 04, 6.1; F31, V10. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectPod } from '../../../io/projections.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { Pod } from '../../../messages/resources.ts';
import type { ContainerMode, WekaContainer } from '../../../messages/weka-container.ts';
import {
  agentOn,
  containerOf,
  type Given,
  IMAGE,
  memberOf,
  NODE,
  nodeOf,
  type PodGiven,
  podFor,
} from '../../support/containers.ts';
import { agentOk, exit, ok } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

const OLD = 'registry.example/weka:4.3.0';
const CONDITION = 'ContainerImageUpdated';

interface Upgrading {
  readonly mode?: ContainerMode;
  readonly given?: Given;
  readonly mounts?: () => number;
  readonly agent?: StoryOptions['agent'];
  readonly exec?: (name: string) => ExecOutcome | undefined;
  readonly world?: StoryOptions['world'];
  readonly settings?: StoryOptions['settings'];
  readonly pod?: PodGiven;
}
/** A member that runs OLD, was applied OLD, and is to run IMAGE. */
function upgrading({ mode = 'compute', given, mounts, exec, world = [], settings, pod, agent }: Upgrading = {}): Story {
  const container = memberOf(mode, 'm', 7, {
    ...given,
    status: { lastAppliedImage: OLD, ...given?.status },
  });
  return story(container, {
    world: [podFor(container, { image: OLD, ...pod }), agentOn(NODE), ...world],
    ...(settings === undefined ? {} : { settings }),
    agent: agent ?? (() => agentOk({ active_mounts: mounts?.() ?? 0 })),
    exec: serving('w-m', ({ command }) => exec?.(command.name)),
  });
}
/** The drivers that the old image's process needs are there. */
const DRIVERS_OF_OLD = nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': `${OLD}:boot-1` } });
const imageOfNewPod = (s: Story): string | undefined => s.view.pod('weka', 'm')?.spec?.containers?.[0]?.image;
/** The pod that terminates ends. */
const podEnds = (s: Story): void => {
  const pod = s.view.pod('weka', 'm');
  if (pod !== undefined) s.view.remove(pod);
};
/** The pod that is there runs. */
const podRuns = (s: Story): void => {
  const pod = s.view.pod('weka', 'm');
  if (pod === undefined) throw new Error('no pod');
  const status = { phase: 'Running', podIP: '10.1.0.1', conditions: [{ type: 'ContainersReady', status: 'True' }] };
  s.view.put({ ...pod, spec: { ...pod.spec, nodeName: NODE }, status } as Pod);
};

test('spec 03 §17 #47: a backend: pod deleted, graceful stop, new pod with the new image, applied only once it runs', () => {
  const s = upgrading();
  s.look();
  assert.is(s.count('delete pods/weka/m'), 1);
  assert.is(s.condition(CONDITION), 'True Completed successfully');
  assert.is(s.known().lastAppliedImage, OLD);
  s.until(() => s.count('exec AllowStop') > 0);
  assert.is(s.count('exec AllowForceStop'), 0);
  podEnds(s);
  s.until(() => imageOfNewPod(s) === IMAGE);
  assert.is(s.known().lastAppliedImage, OLD);
  podRuns(s);
  s.until(() => s.known().lastAppliedImage === IMAGE);
  assert.is(s.count('delete pods/weka/m'), 1);
});

test('spec 03 §17 #48: a client with mounts: the condition says so, the rest of the flow goes on; at 0 it is replaced', () => {
  let mounts = 2;
  const s = upgrading({
    mode: 'client',
    given: { spec: { upgradePolicyType: 'all-at-once' } },
    mounts: () => mounts,
    world: [DRIVERS_OF_OLD],
  });
  s.look();
  assert.is(s.condition(CONDITION), 'False cannot upgrade: 2 mounts are still active');
  assert.ok(s.count('exec WekaLocalPs') > 0, 'its status is kept true');
  assert.is(s.count('delete pods'), 0);
  const looks = s.count('exec WekaLocalPs');
  s.tick();
  s.tick();
  assert.ok(s.count('exec WekaLocalPs') > looks);
  mounts = 0;
  s.until(() => s.count('delete pods/weka/m') === 1);
});

test('F31: so do clients of the other policies: mounts block this step alone', () => {
  for (const upgradePolicyType of ['manual', 'rolling', 'all-at-once-force'] as const) {
    const s = upgrading({
      mode: 'client',
      given: { spec: { upgradePolicyType } },
      mounts: () => 1,
      world: [DRIVERS_OF_OLD],
    });
    s.look();
    assert.is(s.condition(CONDITION), 'False cannot upgrade: 1 mounts are still active', upgradePolicyType);
    assert.ok(s.count('exec WekaLocalPs') > 0);
    assert.is(s.count('delete pods'), 0);
  }
});

test('spec 03 §17 #48, 04 §17 #42: one that may not be upgraded comes back with the old image; with no mounts, or by force, with the new', () => {
  const comesBackWith = (mounts: number, overrides: Given['spec'] = {}, loaded = IMAGE) => {
    const container = memberOf('client', 'm', 7, { spec: overrides, status: { lastAppliedImage: OLD } });
    const s = story(container, {
      world: [agentOn(NODE), nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': `${loaded}:boot-1` } })],
      agent: () => agentOk({ active_mounts: mounts }),
      exec: serving('w-m'),
    });
    s.until(() => imageOfNewPod(s) !== undefined);
    const env = s.view.pod('weka', 'm')?.spec?.containers?.[0]?.env;
    assert.is(env?.find(({ name }) => name === 'IMAGE_NAME')?.value, imageOfNewPod(s));
    return imageOfNewPod(s);
  };
  // Drivers are those of the image that comes (spec 06, 4.2).
  assert.is(comesBackWith(3, {}, OLD), OLD);
  assert.is(comesBackWith(0), IMAGE);
  assert.is(comesBackWith(3, { overrides: { upgradeForceReplace: true } }), IMAGE);
  assert.is(comesBackWith(3, { overrides: { skipActiveMountsCheck: true } }), IMAGE);
  assert.is(comesBackWith(3, { allowHotUpgrade: true }), IMAGE);
});

test('spec 04 §17 #43: beside a frontend that still runs the old image a new pod runs the old one too; alone the new', () => {
  const comesBackWith = (neighbour: string): string | undefined => {
    const container = memberOf('client', 'm', 7, { status: { lastAppliedImage: OLD } });
    const s3 = memberOf('s3', 's3', 8, { spec: { image: neighbour }, status: { lastAppliedImage: neighbour } });
    const beside = podFor(s3, { image: neighbour, metadata: { labels: { 'weka.io/mode': 's3' } } });
    const drivers = nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': `${neighbour}:boot-1` } });
    const s = story(container, {
      world: [agentOn(NODE), s3, beside, drivers],
      agent: () => agentOk({ active_mounts: 0 }),
      exec: serving('w-m'),
    });
    s.until(() => imageOfNewPod(s) !== undefined);
    const env = s.view.pod('weka', 'm')?.spec?.containers?.[0]?.env;
    assert.is(env?.find(({ name }) => name === 'IMAGE_NAME')?.value, imageOfNewPod(s));
    return imageOfNewPod(s);
  };
  assert.is(comesBackWith(OLD), OLD);
  assert.is(comesBackWith(IMAGE), IMAGE);
});

test('spec 03 §17 #49: policy manual: the pod is its user’s to delete; deleted without mounts the new image runs', () => {
  const s = upgrading({ mode: 'client', given: { spec: { upgradePolicyType: 'manual' } } });
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.is(s.count('delete pods'), 0);
  assert.is(s.count('exec PrepareForUpgrade'), 0);
  podEnds(s);
  s.until(() => imageOfNewPod(s) === IMAGE);
});

test('spec 03 §17 #50: a hot upgrade: prepared and replaced under mounts; not prepared: untouched, and the condition says why', () => {
  const given: Given = { spec: { allowHotUpgrade: true, upgradePolicyType: 'all-at-once' } };
  const hot = upgrading({
    mode: 'client',
    given,
    mounts: () => 3,
    exec: (name) => (name === 'PrepareForUpgrade' ? ok() : undefined),
  });
  hot.look();
  assert.ok(hot.log.indexOf('exec PrepareForUpgrade in m') < hot.log.indexOf('delete pods/weka/m'));
  assert.is(hot.count('delete pods/weka/m'), 1);
  const busy = upgrading({
    mode: 'client',
    given,
    exec: (name) => (name === 'PrepareForUpgrade' ? exit(1, 'driver is busy') : undefined),
  });
  busy.look();
  assert.is(busy.count('delete pods'), 0);
  assert.match(busy.condition(CONDITION) ?? '', /^False error running prepare-upgrade: driver is busy/);
});

test('F31: a manual client with hot upgrade is not prepared while its pod stays', () => {
  const s = upgrading({ mode: 'client', given: { spec: { allowHotUpgrade: true, upgradePolicyType: 'manual' } } });
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.is(s.count('exec PrepareForUpgrade'), 0);
});

test('spec 03 §17 #51: forced: instruction, pod deleted, new image; mounts are not even counted', () => {
  const s = upgrading({
    mode: 'client',
    given: { spec: { overrides: { upgradeForceReplace: true } } },
    agent: () => ({ kind: 'timeout', afterMs: 10_000 }),
  });
  s.look();
  assert.ok(s.log.indexOf('exec AllowForceStop in m') < s.log.indexOf('delete pods/weka/m'));
  podEnds(s);
  s.until(() => imageOfNewPod(s) === IMAGE);
});

test('V10: policy all-at-once-force is forced by itself only with its setting', () => {
  const forced = (allAtOnceForceReplaces: boolean) => {
    const s = upgrading({
      mode: 'client',
      given: { spec: { upgradePolicyType: 'all-at-once-force' } },
      mounts: () => 1,
      settings: { allAtOnceForceReplaces },
    });
    s.look();
    return s.count('delete pods');
  };
  assert.is(forced(false), 0);
  assert.is(forced(true), 1);
});

// Neighbours.

const clientPod = (
  name: string,
  spec: Given['spec'],
  image: string,
): readonly [WekaContainer, ReturnType<typeof podFor>] => {
  const other = containerOf('client', {
    name,
    metadata: { creationTimestamp: '2026-01-02T00:00:00Z' },
    ...(spec === undefined ? {} : { spec }),
    status: { nodeAffinity: NODE },
  });
  return [other, podFor(other, { image, metadata: { labels: { 'weka.io/mode': 'client' } } })];
};

test('spec 03 §17 #52: another client pod on the node with the old image: named and waited for; once it is new it goes on', () => {
  const [other, pod] = clientPod('other', { image: OLD }, OLD);
  const s = upgrading({ mode: 'client', given: { spec: { upgradePolicyType: 'all-at-once' } }, world: [other, pod] });
  s.look();
  assert.is(s.condition(CONDITION), `False cannot upgrade: pod other on same node ${NODE} has different image ${OLD}`);
  s.view.put({ ...pod, spec: { ...pod.spec, containers: [{ name: 'weka-container', image: IMAGE }] } } as Pod);
  s.until(() => s.count('delete pods/weka/m') === 1);
});

test('F31: two that wait for each other: the older one goes first', () => {
  const [other, pod] = clientPod('other', { image: IMAGE }, OLD);
  const older = upgrading({
    mode: 'client',
    given: { spec: { upgradePolicyType: 'all-at-once' } },
    world: [other, pod],
  });
  older.look();
  assert.is(older.count('delete pods/weka/m'), 1);
  const younger = upgrading({
    mode: 'client',
    given: { metadata: { creationTimestamp: '2026-01-03T00:00:00Z' }, spec: { upgradePolicyType: 'all-at-once' } },
    world: [other, pod],
  });
  younger.look();
  assert.is(younger.count('delete pods/weka/m'), 0);
});

// Bad ground.

test('spec 03 §17 #57: no driver at prepare: force instruction and replaced, also with policy manual; a pod without its container: told', () => {
  const gone = exit(1, "sh: can't create /proc/wekafs/interface: No such file or directory");
  for (const upgradePolicyType of ['all-at-once', 'manual'] as const) {
    const s = upgrading({
      mode: 'client',
      given: { spec: { allowHotUpgrade: true, upgradePolicyType } },
      agent: () => ({ kind: 'status', status: 404, body: 'driver interface file not found' }),
      exec: (name) => (name === 'PrepareForUpgrade' ? gone : undefined),
    });
    s.look();
    assert.ok(s.log.indexOf('exec AllowForceStop in m') >= 0, upgradePolicyType);
    assert.is(s.count('delete pods/weka/m'), 1);
  }
  const container = memberOf('compute', 'm', 7, { status: { lastAppliedImage: OLD } });
  const pod = podFor(container);
  const odd = story(container, {
    world: [{ ...pod, spec: { ...pod.spec, containers: [{ name: 'sidecar', image: OLD }] } } as Pod],
    exec: serving('w-m'),
  });
  odd.look();
  assert.is(odd.condition(CONDITION), 'False Weka container not found in pod');
});

test('an image that never came up is taken back: the pod goes although the old image was the last applied', () => {
  const s = upgrading({ given: { spec: { image: OLD } }, pod: { image: 'registry.example/weka:broken' } });
  s.look();
  assert.is(s.count('delete pods/weka/m'), 1);
  podEnds(s);
  s.until(() => imageOfNewPod(s) === OLD);
});

test('an image that is changed before the first one came up: the pod is made anew for it', () => {
  const s = upgrading({ given: { status: { lastAppliedImage: '' } } });
  s.look();
  assert.is(s.count('delete pods/weka/m'), 1);
  podEnds(s);
  s.until(() => imageOfNewPod(s) === IMAGE);
});

test('a registry mirror that renames the image of a pod is no other image: what the pod was built for counts', () => {
  const pod = {
    ...podFor(memberOf('compute', 'm', 7)),
    spec: {
      containers: [
        { name: 'weka-container', image: 'mirror.example/weka:1', env: [{ name: 'IMAGE_NAME', value: IMAGE }] },
      ],
    },
  };
  assert.equal(projectPod(pod).spec?.containers, [{ name: 'weka-container', image: IMAGE }]);
  const agent = { ...pod, spec: { containers: [{ name: 'node-agent', image: 'a:1', env: [{ name: 'NODE_NAME' }] }] } };
  assert.equal(projectPod(agent).spec?.containers, [{ name: 'node-agent', image: 'a:1' }]);
});

test.run();
