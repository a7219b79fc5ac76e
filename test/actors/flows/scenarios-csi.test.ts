/** A client and the CSI topology labels of its node, pass by pass. Spec 08, 11; F25, F36, V9. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AgentAnswer } from '../../../actors/calls.ts';
import { manageCsiLabels } from '../../../actors/flows/steps/csi-labels.ts';
import type { Config } from '../../../config.ts';
import type { KubeObject, KubeOutcome } from '../../../messages/kube.ts';
import { skipped, warningEachMinute } from '../../../messages/verdict.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { agentOn, containerOf, type Given, jobOf, NODE, nodeOf, ownedBy, podFor } from '../../support/containers.ts';
import {
  clientOf,
  clusterWith,
  DRIVER,
  healthy,
  labelledNode,
  labelsFor,
  ofClient,
  parents,
} from '../../support/csi.ts';
import { passFor } from '../../support/pass.ts';
import { absent, agentOk, conflict, exit, noAgent, playStep } from '../../support/play.ts';
import { type StoryOptions, serving, story } from '../../support/story.ts';

const MINUTE_MS = 60_000;
const CSI = { csiInstallationEnabled: true, metricsContainersEnabled: false };
const CLEAN_UP = 'weka-cleanup-container-uid-client';
const PATCH = `mergePatch nodes/${NODE}`;

interface Around {
  readonly settings?: Partial<Config>;
  readonly world?: readonly KubeObject[];
  readonly without?: readonly KubeObject[];
  readonly refuse?: (name: string) => KubeOutcome | undefined;
  readonly mounts?: AgentAnswer;
  readonly exec?: StoryOptions['exec'];
}
function csiStory(client: WekaContainer, around: Around = {}) {
  const { settings, world = [], without, refuse, mounts = agentOk({ active_mounts: 0 }) } = around;
  const s = story(client, {
    settings: { ...CSI, ...settings },
    world: [podFor(client), agentOn(NODE), ...parents(), ...world],
    ...(without === undefined ? {} : { without }),
    ...(refuse === undefined ? {} : { refuse }),
    agent: ({ request }) => (request.path.startsWith('/getActiveMounts') ? mounts : agentOk({})),
    exec: around.exec ?? serving(client.spec.name),
  });
  const labels = (): Readonly<Record<string, string>> => s.view.node(NODE)?.metadata.labels ?? {};
  return {
    s,
    labels,
    writes: () => s.count(PATCH),
    topology: () => Object.fromEntries(Object.entries(labels()).filter(([key]) => key.startsWith('topology.'))),
    /** Another status of it, as somebody else's write. */
    becomes: (status: Partial<NonNullable<WekaContainer['status']>>) => {
      const stored = s.container() ?? client;
      s.view.put({ ...stored, status: { ...stored.status, status: '', ...status } } as KubeObject);
    },
  };
}
const deleted = (state: 'deleting' | 'destroying', given: Given = {}): WekaContainer =>
  ofClient({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { state }, ...given });
const ALL = labelsFor(DRIVER);

test('spec 08 §11 #1, #2: a healthy client labels its node, others stay; once they are there nothing is written', () => {
  const { s, topology, labels, writes } = csiStory(ofClient());
  s.look();
  assert.equal(topology(), ALL);
  assert.is(labels()['kubernetes.io/hostname'], NODE);
  assert.is(writes(), 1);
  for (let pass = 0; pass < 3; pass += 1) s.look();
  assert.is(writes(), 1);
});

test('spec 08 §11 #3: in Error with the switch on the keys go', () => {
  const { s, topology } = csiStory(ofClient({ status: { status: 'Error' } }), {
    world: [labelledNode(DRIVER)],
    exec: () => exit(),
  });
  s.look();
  assert.equal(topology(), {});
});

test('spec 08 §11 #4: in Error with the switch off they stay', () => {
  const { s, topology, writes } = csiStory(ofClient({ status: { status: 'Error' } }), {
    world: [labelledNode(DRIVER)],
    exec: () => exit(),
    settings: { csiPreventNewWorkloadOnClientContainerNotRunning: false },
  });
  s.look();
  assert.equal(topology(), ALL);
  assert.is(writes(), 0);
});

test('spec 08 §11 #5, #6: a process that is missing, or none wanted: no labels, existing ones go', () => {
  for (const processes of [
    { active: 1, desired: 2 },
    { active: 0, desired: 0 },
  ]) {
    const { s, topology } = csiStory(ofClient({ status: { stats: { ...healthy(), processes } } }), {
      world: [labelledNode(DRIVER)],
    });
    s.look();
    assert.equal(topology(), {});
  }
});

test('spec 08 §11 #7, #9: without figures labels never appear; the pod is handled', () => {
  const { stats: _, ...status } = ofClient().status ?? { status: '' };
  const bare = containerOf('client', { metadata: ofClient().metadata, spec: { nodeAffinity: NODE }, status });
  const { s, topology } = csiStory(bare, { without: [podFor(bare)] });
  s.look();
  s.pass(10 * MINUTE_MS);
  s.look();
  assert.equal(topology(), {});
  assert.ok(s.log.includes('create pods/weka/client'));
});

test('spec 08 §11 #8: figures that get old take the labels away, 5 minutes after the last', () => {
  const off = { csiPreventNewWorkloadOnClientContainerNotRunning: false };
  const { s, topology } = csiStory(ofClient(), { settings: off });
  s.look();
  s.pass(5 * MINUTE_MS - 10_000);
  s.look();
  assert.equal(topology(), ALL);
  s.pass(10_000);
  s.look();
  assert.equal(topology(), {});
});

test('spec 08 §11 #12: a conflict once does not stop the pass, and the labels come', () => {
  let left = 1;
  const { s, topology, writes } = csiStory(ofClient(), {
    refuse: (name) => (name === PATCH && left-- > 0 ? conflict : undefined),
    without: [podFor(ofClient())],
  });
  s.look();
  assert.ok(s.log.includes('create pods/weka/client'));
  assert.is(writes(), 2);
  assert.equal(topology(), ALL);
});

test('spec 08 §11 #16: a compute container has nothing to do with them', () => {
  const compute = containerOf('compute', {
    metadata: { ownerReferences: [ownedBy('WekaClient', 'clients')] },
    status: { status: 'Running', nodeAffinity: NODE, stats: healthy() },
  });
  const { s, writes } = csiStory(compute);
  s.look();
  assert.is(writes(), 0);
});

test('spec 08 §11 #17: with CSI off nothing is written, what is there stays', () => {
  const { s, topology, writes } = csiStory(ofClient({ status: { status: 'Error' } }), {
    settings: { csiInstallationEnabled: false },
    world: [labelledNode(DRIVER)],
  });
  s.look();
  assert.equal(topology(), ALL);
  assert.is(writes(), 0);
});

test('spec 08 §11 #18: a client that nobody owns is reconciled as any other, without labels', () => {
  const client = ofClient({ metadata: { ownerReferences: [] } });
  const { s, topology } = csiStory(client, { without: [podFor(client)] });
  s.look();
  assert.equal(topology(), {});
  assert.ok(s.log.includes('create pods/weka/client'));
  assert.is(s.count('Warning Csi'), 0);
});

test('spec 08 §11 #19: two owners: the labels are skipped with a warning, the rest goes on', () => {
  const ownerReferences = [ownedBy('WekaClient', 'clients'), { ...ownedBy('WekaCluster', 'c'), controller: false }];
  const client = ofClient({ metadata: { ownerReferences } });
  const { s, topology } = csiStory(client, { without: [podFor(client)] });
  s.look();
  assert.equal(topology(), {});
  assert.is(s.count('Warning CsiLabelsError: more than one owner reference found'), 1);
  assert.ok(s.log.includes('create pods/weka/client'));
});

test('spec 02 §12 #48: without its WekaClient only the labels are skipped', () => {
  const pass = passFor(ofClient(), { settings: CSI });
  const why = 'weka client not found';
  assert.equal(
    playStep(manageCsiLabels(pass)).verdict,
    skipped(why, { events: [warningEachMinute('CsiLabelsError', why)] }),
  );
  const { s } = csiStory(ofClient(), { without: [clientOf({}), podFor(ofClient())] });
  s.look();
  assert.ok(s.log.includes('create pods/weka/client'));
});

/** To the end of its life, once its mounts are counted. */
function leaves(client: WekaContainer, around: Around = {}) {
  const it = csiStory(client, { world: [labelledNode(DRIVER)], ...around });
  it.s.view.remove(podFor(client));
  it.s.until(() => it.s.count('create jobs/') > 0);
  it.s.view.put(jobOf(CLEAN_UP, { succeeded: 1 }));
  it.s.until(() => it.s.container() === undefined);
  return it;
}

test('spec 08 §11 #20: with its target cluster gone it leaves, and takes the labels it last spoke for along', () => {
  const client = ofClient();
  const { s, topology } = csiStory(client);
  s.look();
  assert.equal(topology(), ALL);
  s.view.remove(clusterWith());
  const stored = s.container() ?? client;
  s.view.put({ ...stored, ...deleted('destroying', { status: stored.status ?? null }) });
  s.view.remove(podFor(client));
  s.until(() => s.count('create jobs/') > 0);
  assert.equal(topology(), {});
  s.view.put(jobOf(CLEAN_UP, { succeeded: 1 }));
  s.until(() => s.container() === undefined);
});

test('spec 08 §11 #21: with its node gone there are no labels to take away', () => {
  const client = deleted('destroying', {
    spec: { state: 'destroying', overrides: { skipCleanupPersistentDir: true } },
  });
  const { s, writes } = csiStory(client, { without: [nodeOf(), podFor(client)] });
  s.until(() => s.container() === undefined);
  assert.is(writes(), 0);
});

test('spec 08 §11 #22: a node that vanishes in the middle counts as done', () => {
  const client = deleted('destroying', {
    spec: { state: 'destroying', overrides: { skipCleanupPersistentDir: true } },
  });
  let vanish = (): void => {};
  const { s, writes } = csiStory(client, {
    world: [labelledNode(DRIVER)],
    without: [podFor(client)],
    refuse: (name) => {
      if (name !== PATCH) return undefined;
      vanish();
      return absent;
    },
  });
  vanish = () => s.view.remove(nodeOf());
  s.until(() => s.container() === undefined);
  assert.is(writes(), 1);
});

test('spec 08 §11 #23: a conflict at the end costs no second Job', () => {
  let left = 1;
  const { s, topology } = leaves(deleted('destroying'), {
    refuse: (name) => (name === PATCH && left-- > 0 ? conflict : undefined),
  });
  assert.equal(topology(), {});
  assert.is(s.count('create jobs/'), 1);
});

test('spec 08 §11 #24: with mounts: Draining, and the labels go at once', () => {
  const { s, topology } = csiStory(deleted('deleting'), {
    world: [labelledNode(DRIVER)],
    mounts: agentOk({ active_mounts: 3 }),
  });
  s.look();
  assert.is(s.known().status, 'Draining');
  assert.equal(topology(), {});
});

test('spec 08 §11 #25: with mounts unknown nothing is stopped or deleted', () => {
  const { s } = csiStory(deleted('deleting'), { world: [labelledNode(DRIVER)], mounts: noAgent });
  for (let pass = 0; pass < 3; pass += 1) s.tick();
  assert.is(s.count('delete pods') + s.count('exec Allow') + s.count('create jobs'), 0);
});

const beside = (given: Given = {}) => ofClient({ name: 'other', ...given });
test('spec 08 §11 #26: of two healthy clients one leaves: the labels stay all the time', () => {
  const { topology, writes } = leaves(deleted('destroying'), { world: [labelledNode(DRIVER), beside()] });
  assert.equal(topology(), ALL);
  assert.is(writes(), 0);
});

test('F36: a client that nobody has heard of yet keeps the labels of its driver, one of another driver does not', () => {
  const bad = ofClient({ status: { stats: { ...healthy(), processes: { active: 1, desired: 2 } } } });
  const kept = csiStory(bad, { world: [labelledNode(DRIVER), beside()] });
  kept.s.look();
  assert.equal(kept.topology(), ALL);
  const foreign = beside({ metadata: { ownerReferences: [ownedBy('WekaClient', 'else')] } });
  const gone = csiStory(bad, { world: [labelledNode(DRIVER), foreign] });
  gone.s.look();
  assert.equal(gone.topology(), {});
});

test('spec 08 §11 #27: on a node that is not ready the labels go when the figures are 5 minutes old', () => {
  const { s, topology } = csiStory(ofClient(), {
    world: [nodeOf(NODE, { ready: false, labels: ALL })],
    settings: { csiPreventNewWorkloadOnClientContainerNotRunning: false },
  });
  s.look();
  assert.equal(topology(), ALL);
  s.pass(5 * MINUTE_MS);
  s.look();
  assert.equal(topology(), {});
});

test('spec 08 §11 #28: old figures prove nothing before they have been asked for once', () => {
  const { s, topology } = csiStory(ofClient({ status: { stats: healthy(10 * MINUTE_MS) } }), {
    world: [labelledNode(DRIVER)],
  });
  s.look();
  s.pass(MINUTE_MS);
  s.look();
  assert.equal(topology(), ALL);
  s.pass(MINUTE_MS);
  s.look();
  assert.equal(topology(), {});
});

test('spec 08 §11 #57: with CSI_LABELS_FOLLOW_LIFECYCLE the keys go in the first pass of leaving or pausing', () => {
  const settings = { csiLabelsFollowLifecycle: true, csiPreventNewWorkloadOnClientContainerNotRunning: false };
  for (const state of ['deleting', 'destroying', 'paused'] as const) {
    const client = ofClient({ spec: { state } });
    const { s, topology } = csiStory(client, { settings, world: [labelledNode(DRIVER)], mounts: noAgent });
    s.look();
    assert.equal(topology(), {}, state);
  }
});

test('spec 08 §11 #57: without it they stay while it is destroyed, and while it pauses', () => {
  for (const state of ['destroying', 'paused'] as const) {
    const client = ofClient({ spec: { state } });
    const { s, topology } = csiStory(client, { world: [labelledNode(DRIVER)], mounts: agentOk({ active_mounts: 1 }) });
    s.look();
    s.tick();
    assert.equal(topology(), ALL, state);
  }
});

/** After some passes, in little time: figures do not get old. */
function settled(s: ReturnType<typeof csiStory>['s']): void {
  for (let round = 0; round < 6; round += 1) s.look();
}
const remembered = (s: ReturnType<typeof csiStory>['s']) => s.condition('CsiLabelsApplied');

test('spec 08 §11 #58: with CSI_CLEAN_STALE_LABELS the keys of an earlier driver go, those of others stay', () => {
  const foreign = labelsFor('foreign.weka.io');
  const { s, topology } = csiStory(ofClient(), {
    settings: { csiCleanStaleLabels: true, csiPreventNewWorkloadOnClientContainerNotRunning: false },
    world: [labelledNode('foreign.weka.io')],
  });
  settled(s);
  assert.equal(topology(), { ...foreign, ...ALL });
  assert.is(remembered(s), `True ${DRIVER}`);
  s.view.put(clusterWith('new'));
  settled(s);
  assert.equal(topology(), { ...foreign, ...labelsFor('new.weka.io') });
  assert.is(remembered(s), 'True new.weka.io');
});

test('spec 08 §11 #58: remembered, in the API, before it is used', () => {
  const stored: (string | undefined)[] = [];
  let look = (): string | undefined => undefined;
  const { s } = csiStory(ofClient(), {
    settings: { csiCleanStaleLabels: true, csiPreventNewWorkloadOnClientContainerNotRunning: false },
    without: [podFor(ofClient())], // It waits for its pod, before any later row would write.
    refuse: (name) => {
      if (name === PATCH) stored.push(look());
      return undefined;
    },
  });
  look = () => s.status().conditions?.find(({ type }) => type === 'CsiLabelsApplied')?.message;
  settled(s);
  assert.equal(stored, [DRIVER]);
});

test('spec 08 §11 #58: CSI turned off: what was applied goes; with the setting off it stays', () => {
  const applied = {
    type: 'CsiLabelsApplied',
    status: 'True',
    reason: 'Success',
    message: DRIVER,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  } as const;
  for (const csiCleanStaleLabels of [true, false]) {
    const { s, topology } = csiStory(ofClient({ status: { conditions: [applied] } }), {
      settings: { csiInstallationEnabled: false, csiCleanStaleLabels },
      world: [labelledNode(DRIVER, 'foreign.weka.io')],
    });
    settled(s);
    const foreign = labelsFor('foreign.weka.io');
    assert.equal(topology(), csiCleanStaleLabels ? foreign : { ...foreign, ...ALL });
  }
});

test('spec 08 §11 #58: with the setting off the keys of an earlier driver stay', () => {
  const { s, topology } = csiStory(ofClient());
  s.look();
  s.view.put(clusterWith('new'));
  s.look();
  assert.equal(topology(), { ...ALL, ...labelsFor('new.weka.io') });
});

test.run();
