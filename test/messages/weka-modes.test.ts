/** The truth table over modes, cell by cell. Source: spec 01, 7.1; scenarios 9 and 10. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ContainerMode, MODES } from '../../messages/weka-container.ts';
import * as modes from '../../messages/weka-modes.ts';

const columns = (
  'drive compute client s3 nfs smbw data-services envoy telemetry ssdproxy dist drivers-dist drivers-builder ' +
  'drivers-loader discovery adhoc-op-with-container adhoc-op'
).split(' ') as ContainerMode[];

// One letter for each column, as the chapter prints them.
const table: Record<string, { predicate: (mode: ContainerMode) => boolean; cells: string }> = {
  isWekaContainer: { predicate: modes.isWekaContainer, cells: 'YYYYYYYYYYYYY....' },
  isBackend: { predicate: modes.isBackend, cells: 'YY.YYYY..........' },
  isAllocatable: { predicate: modes.isAllocatable, cells: 'YY.YYYYYY........' },
  mustHaveNodeAffinity: { predicate: modes.mustHaveNodeAffinity, cells: 'YY.YYYYYY........' },
  hasAgent: { predicate: modes.hasAgent, cells: 'YY.YYYYYYYYYY..Y.' },
  isDriversContainer: { predicate: modes.isDriversContainer, cells: '..........YYYY...' },
  isDriversBuilder: { predicate: modes.isDriversBuilder, cells: '..........Y.Y....' },
  isDistMode: { predicate: modes.isDistMode, cells: '..........YY.....' },
  requiresDrivers: { predicate: modes.requiresDrivers, cells: 'YYYYYYY..Y.......' },
  shouldJoinCluster: { predicate: modes.shouldJoinCluster, cells: 'YYYYYYY..........' },
  isHostNetwork: { predicate: modes.isHostNetwork, cells: 'YYYYYYYY.........' },
  hasPersistentStorage: { predicate: modes.hasPersistentStorage, cells: 'YYYYYYYYYYYY.....' },
  hasFrontend: { predicate: modes.hasFrontend, cells: '..YYYY...........' },
  isProtocol: { predicate: modes.isProtocol, cells: '...YYYY..........' },
  isOneOff: { predicate: modes.isOneOff, cells: '............YYYYY' },
  isAdhocOp: { predicate: modes.isAdhocOp, cells: '.............Y.YY' },
  isServiceContainer: { predicate: modes.isServiceContainer, cells: '.......Y..YYYYYYY' },
};

for (const [name, { predicate, cells }] of Object.entries(table)) {
  test(`spec 01 §23 #9: ${name} is as the table says in every mode`, () => {
    assert.is(columns.map((mode) => (predicate(mode) ? 'Y' : '.')).join(''), cells);
  });
}

test('the table has a column for every mode but the one of a later revision, of which nothing is true', () => {
  assert.equal([...MODES], [...columns, 'data-services-fe']);
  for (const { predicate } of Object.values(table)) assert.not(predicate('data-services-fe'));
});

test('the derivations of the chapter hold', () => {
  for (const mode of MODES) {
    const drivers = modes.isDriversContainer(mode);
    const companion = mode === 'envoy' || mode === 'telemetry';
    const weka = modes.isWekaContainer(mode);
    assert.is(modes.requiresDrivers(mode), weka && !drivers && !companion, mode);
    assert.is(modes.shouldJoinCluster(mode), modes.requiresDrivers(mode) && mode !== 'ssdproxy', mode);
    assert.is(modes.isHostNetwork(mode), weka && !drivers && mode !== 'ssdproxy' && mode !== 'telemetry', mode);
    assert.is(
      modes.mustHaveNodeAffinity(mode),
      (modes.isAllocatable(mode) && modes.isBackend(mode)) || companion,
      mode,
    );
  }
});

test('single checks are true of their own mode only', () => {
  const { isDrive, isCompute, isClient, isS3, isNfs, isSmbw, isDataServices, isEnvoy } = modes;
  const { isTelemetry, isSsdProxy, isDiscovery } = modes;
  const single = { isDrive, isCompute, isClient, isS3, isNfs, isSmbw, isDataServices, isEnvoy, isTelemetry };
  const found = Object.values({ ...single, isSsdProxy, isDiscovery }).map((is) => MODES.filter(is).join());
  assert.equal(found, [...columns.slice(0, 10), 'discovery']);
});

test('spec 01 §23 #10: an ad-hoc load-drivers operation is a drivers loader, ensure-nics is not', () => {
  const adhoc = (type: string) => ({ mode: 'adhoc-op-with-container', instructions: { type } }) as const;
  assert.ok(modes.isDriversLoader(adhoc('load-drivers')));
  assert.not(modes.isDriversLoader(adhoc('ensure-nics')));
  assert.ok(modes.isDriversLoader({ mode: 'drivers-loader' }));
  assert.not(modes.isDriversLoader({ mode: 'drive', instructions: { type: 'load-drivers' } }));
});

test('drive sharing is by either capacity above zero', () => {
  assert.ok(modes.usesDriveSharing({ driveCapacity: 1 }));
  assert.ok(modes.usesDriveSharing({ containerCapacity: 1 }));
  assert.not(modes.usesDriveSharing({ driveCapacity: 0, containerCapacity: 0 }));
  assert.not(modes.usesDriveSharing({}));
  assert.ok(modes.mixesDriveTypes({ driveTypesRatio: { tlc: 1, qlc: 0 } }));
  assert.not(modes.mixesDriveTypes({ driveTypesRatio: { tlc: 0, qlc: 0 } }));
  assert.ok(modes.hasJoinIps({ joinIpPorts: ['10.0.0.1:35000'] }));
  assert.not(modes.hasJoinIps({ joinIpPorts: [] }));
});

test('CPU policies are the five of the chapter', () => {
  for (const policy of ['auto', 'shared', 'dedicated', 'dedicated_ht', 'manual']) assert.ok(modes.isCpuPolicy(policy));
  for (const other of ['', 'AUTO', 'dedicated-ht']) assert.not(modes.isCpuPolicy(other));
});

test.run();
