/**
 * The process dies before any one of a life's writes, and the next one ends where it would have ended. Source: spec 06, 10, 57.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../actors/calls.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { containerOf, IMAGE, memberOf, NODE, nodeOf, OPERATOR_NAMESPACE, podFor } from '../../support/containers.ts';
import { agentOk, ok, okJson } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

type Exec = Extract<Call, { kind: 'exec' }>;
interface Life {
  readonly story: Story;
  /** What the rest of the cluster does meanwhile. */
  readonly meanwhile?: () => void;
  readonly ended: () => boolean;
  /** What must hold at its end, whenever the process died. */
  readonly check: () => void;
}
const ROUNDS_MAX = 150;

/** Lives with one death each: before the first write, before the second, and so on; last, one without. Returns how many. */
function deaths(make: (refuse: NonNullable<StoryOptions['refuse']>) => Life): number {
  for (let at = 0; ; at += 1) {
    let [writes, died] = [0, false];
    const death = new Error('the process dies');
    const life = make((name) => {
      if (name.startsWith('get ') || writes++ !== at) return undefined;
      throw death;
    });
    const { story: s } = life;
    let fresh = true;
    for (let round = 0; !life.ended(); round += 1) {
      if (round > ROUNDS_MAX)
        throw new Error(`never ended after a death before write ${at}:\n${s.log.slice(-30).join('\n')}`);
      try {
        life.meanwhile?.();
        if (fresh) s.look();
        else s.tick();
        fresh = false;
      } catch (error) {
        if (error !== death) throw error;
        s.restart();
        [died, fresh] = [true, true];
      }
    }
    life.check();
    if (!died) return at;
  }
}

const HOST = ['S1', 'S2', 'S3'].map((serial, index) => ({
  serial_id: serial,
  block_device: `/dev/nvme${index}n1`,
  partition: 'p',
  is_signed: false,
  weka_guid: '',
}));
const nodeWith = (blocked: readonly string[]) =>
  nodeOf(NODE, {
    annotations: { 'weka.io/weka-drives': '["S1","S2","S3"]', 'weka.io/blocked-drives': JSON.stringify(blocked) },
  });

test('spec 06 §10 #57, #12: a blocked drive is replaced, whenever the process dies; no drive is added twice', () => {
  const count = deaths((refuse) => {
    const container = containerOf('drive', { spec: { numDrives: 2, nodeAffinity: NODE }, status: null });
    const drives = new Map<string, string>();
    const adds: string[] = [];
    const shown = (serial: string) => ({ uuid: serial, serial_number: serial, status: drives.get(serial) });
    const exec = serving('w-drive', ({ command: { name, argv } }: Exec) => {
      const named = [...drives.keys()].find((serial) => argv.includes(serial)) ?? '';
      switch (name) {
        case 'AddDrive': {
          const serial = HOST.find(({ block_device: device }) => device === argv.at(-1))?.serial_id ?? '';
          adds.push(serial);
          drives.set(serial, 'ACTIVE');
          return ok();
        }
        case 'ListContainerDrives':
          return okJson([...drives.keys()].map(shown));
        case 'GetClusterDrive':
          return okJson(named === '' ? [] : [shown(named)]);
        case 'DeactivateDrive':
          drives.set(named, 'INACTIVE');
          return ok();
        case 'RemoveDrive':
          drives.delete(named);
          return ok();
        case 'FetchKernelDrives':
          return okJson(HOST);
        default:
          return undefined;
      }
    });
    const s = story(container, { refuse, exec, world: [nodeWith([]), podFor(container)] });
    let blocked = false;
    return {
      story: s,
      meanwhile: () => {
        if (blocked || s.status().addedDrives?.length !== 2) return;
        blocked = true;
        s.view.put(nodeWith(['S1']));
      },
      ended: () => blocked && s.status().addedDrives?.some(({ serial_number: serial }) => serial === 'S3') === true,
      check: () => {
        assert.equal(adds, ['S1', 'S2', 'S3']);
        assert.equal([...drives.keys()], ['S2', 'S3']);
        assert.equal(s.status().allocations?.drives, ['S2', 'S3']);
      },
    };
  });
  assert.ok(count >= 6, `${count} writes`);
});

const LOADER = `weka-drivers-loader-uid-${NODE}`;
test('spec 06 §10 #57, #32: drivers are loaded and the pod comes, whenever the process dies; no loader is left', () => {
  const count = deaths((refuse) => {
    const container = containerOf('compute', { spec: { nodeAffinity: NODE }, status: null });
    const s = story(container, {
      refuse,
      world: [nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': undefined } })],
    });
    const loader = () => s.view.containerByName(OPERATOR_NAMESPACE, LOADER);
    const mark = () => s.view.node(NODE)?.metadata.annotations?.['weka.io/drivers-loaded'];
    return {
      story: s,
      meanwhile: () => {
        const made = loader();
        if (made === undefined) return;
        if (made.metadata.deletionTimestamp !== undefined) return s.view.remove(made); // Its own way out.
        if (made.status?.result !== undefined) return;
        const result = '{"err":null,"drivers_loaded":true}';
        s.view.put({ ...made, status: { status: 'PodRunning', result } } as WekaContainer); // The rest of it as it was.
      },
      ended: () => s.view.pod('weka', 'compute') !== undefined && loader() === undefined,
      check: () => {
        assert.is(mark(), `${IMAGE}:boot-1`);
        assert.is(s.count(`create wekacontainers/${OPERATOR_NAMESPACE}/${LOADER}`) <= 2, true);
      },
    };
  });
  assert.ok(count >= 4, `${count} writes`);
});

const RESULT = JSON.stringify({ weka_version: '4.4.5', kernel_signature: 'sig' });
test('spec 06 §10 #57, #41: a builder is Completed and its pod gone, whenever the process dies', () => {
  const dist = containerOf('drivers-dist', { name: 'dist' });
  const builder = containerOf('drivers-builder', {
    metadata: { ownerReferences: [] },
    spec: { uploadResultsTo: 'dist', port: 60_002 },
  });
  const count = deaths((refuse) => {
    const exec = ({ command: { name } }: Exec) => {
      if (name === 'FetchResults') return ok(RESULT);
      if (name === 'WekaLocalPs') return okJson([{ name: 'w-drivers-builder', runStatus: 'Running' }]);
      return name.startsWith('Download') ? ok() : undefined;
    };
    const s = story(builder, { refuse, exec, world: [podFor(builder), dist, podFor(dist)] });
    return {
      story: s,
      ended: () =>
        s.count('delete pods/weka/drivers-builder') > 0 &&
        s.view.pod('weka', 'drivers-builder')?.metadata.deletionTimestamp !== undefined,
      check: () => {
        assert.equal([s.status().status, s.status().result], ['Completed', RESULT]);
        assert.ok(
          s.log.lastIndexOf('exec DownloadDrivers in dist') < s.log.indexOf('delete pods/weka/drivers-builder'),
        );
      },
    };
  });
  assert.ok(count >= 2, `${count} writes`);
});

test('spec 06 §10 #57, #47: a signing is on its node once, Completed, its pod gone, whenever the process dies', () => {
  const container = containerOf('adhoc-op', { spec: { nodeAffinity: NODE, instructions: { type: 'sign-drives' } } });
  const before = nodeOf(NODE, { annotations: { 'weka.io/weka-drives': '["B","C"]' } });
  const signed = {
    err: null,
    drives: ['A', 'B'].map((serial_id) => ({ serial_id })),
    raw_drives: [{ path: '/dev/b', is_mounted: true, serial_id: 'B' }],
  };
  const count = deaths((refuse) => {
    const exec = ({ command }: Exec) => (command.name === 'FetchResults' ? okJson(signed) : undefined);
    const s = story(container, { refuse, exec, world: [before, podFor(container)] });
    return {
      story: s,
      ended: () => s.view.pod('weka', 'adhoc-op')?.metadata.deletionTimestamp !== undefined,
      check: () => {
        const { metadata, status } = s.view.node(NODE) ?? before;
        assert.is(metadata.annotations?.['weka.io/weka-drives'], '["B","C","A"]');
        assert.is(metadata.annotations?.['weka.io/blocked-drives'], '["B"]');
        assert.is(status?.capacity?.['weka.io/drives'], '2');
        assert.is(s.status().status, 'Completed');
      },
    };
  });
  assert.ok(count >= 4, `${count} writes`);
});

test('spec 06 §10 #57, #25: virtual drives are made and added once each, whenever the process dies', () => {
  const V1 = { virtualUUID: 'v1', physicalUUID: 'p1', capacityGiB: 1_000, serial: 'S1', type: 'TLC' };
  const V2 = { virtualUUID: 'v2', physicalUUID: 'p2', capacityGiB: 2_000, serial: 'S2', type: 'QLC' };
  const container = memberOf('drive', 'drive', 7, {
    spec: { driveCapacity: 1_000, numDrives: 2, nodeAffinity: NODE },
    status: { allocations: { wekaPort: 35_000, agentPort: 35_303, virtualDrives: [V1, V2] } },
  });
  const proxy = containerOf('ssdproxy', {
    name: `weka-drives-proxy-${NODE}`,
    metadata: { namespace: OPERATOR_NAMESPACE, ownerReferences: [], uid: 'uid-proxy' },
    spec: { name: 'ssdproxy' },
    status: { nodeAffinity: NODE },
  });
  const count = deaths((refuse) => {
    const [made, adds]: [Map<string, string>, string[]] = [new Map(), []];
    const exec = serving('w-drive', ({ command: { name, argv } }: Exec) => {
      if (name === 'AddDrive') {
        adds.push(argv[5] ?? '');
        return ok();
      }
      if (name !== 'ListContainerDrives') return undefined;
      return okJson(adds.map((uuid) => ({ uuid, serial_number: '', status: 'ACTIVE' })));
    });
    const agent: StoryOptions['agent'] = ({ request }) => {
      if (request.path !== '/jsonrpc') return undefined;
      const { method, params } = JSON.parse(request.body ?? '{}');
      const of = (physical: string) =>
        [...made].filter(([, each]) => each === physical).map(([uuid]) => ({ uuid, clusterGuid: 'guid-c', sizeGB: 1 }));
      if (method === 'ssd_proxy_add_virtual_drive') {
        assert.not.ok(made.has(params.virtualUuid), 'made twice');
        made.set(params.virtualUuid, params.physicalUuid);
      }
      return agentOk({
        message: 'x',
        result: method === 'ssd_proxy_list_virtual_drives' ? of(params.physicalUuid) : [],
      });
    };
    const s = story(container, { refuse, exec, agent, world: [nodeOf(), proxy, podFor(container)] });
    return {
      story: s,
      ended: () => s.status().addedDrives?.length === 2,
      check: () => {
        assert.equal(adds, ['v1', 'v2']);
        assert.equal([...made.keys()], ['v1', 'v2']);
      },
    };
  });
  assert.ok(count >= 1, `${count} writes`);
});

test.run();
