/** The commands the controller sends and the commands the models know are the same texts under the same names. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recognise } from '../../../deploy/sandbox/world/weka-cli.ts';
import * as commands from '../../../io/commands.ts';

const ok = (checked: commands.Checked): commands.Command => {
  if (checked.kind !== 'ok') throw new Error(checked.why);
  return checked.command;
};
const uuid = '44ac08c1-8b5e-4b64-a900-08da0d4dcd35';

const built = {
  podIp: '10.0.0.1',
  port: 60_002,
  version: '4.4.10.183',
  signature: '5.15.0-130-generic',
  packSupported: true,
};

const MODELLED: readonly commands.Command[] = [
  commands.checkPersistency(),
  commands.writeResources('{"wekaPort":35000,"agentPort":35300}'),
  commands.verifyResources(),
  commands.readManagementIps(),
  commands.checkDriversLoaded(),
  commands.localPs(),
  ok(commands.identity('drivexda7e5872', false)),
  ok(commands.identity('drivexda7e5872', true)),
  commands.setJoinIps(['10.0.0.1:35000', '[fd00::1]:35000']),
  commands.applyResources(),
  commands.restartLocal(),
  commands.listContainerDrives(4),
  commands.fetchKernelDrives(),
  ok(commands.addDrive(4, '/dev/nvme0n1')),
  ok(commands.addDrive(4, uuid, 'iu4k')),
  ok(commands.getClusterDrive(uuid)),
  ok(commands.deactivateDrive(uuid)),
  ok(commands.removeDrive(uuid)),
  commands.joinS3Cluster(4),
  commands.removeFromS3Cluster(4),
  commands.listS3Containers(),
  commands.getNfsInterfaceGroup(),
  commands.getNfsInterfaceGroupViaMember(),
  ok(commands.addNfsPort(4, 'eth1')),
  ok(commands.removeNfsPort(4, 'eth1')),
  commands.readFeatureFlags(),
  commands.fetchResults(),
  commands.checkAllowForceStop(),
  commands.allowStop(),
  commands.allowForceStop(),
  commands.localStop(true),
  commands.localStop(false),
  commands.getWekaContainer(4),
  commands.deactivateContainer(4),
  commands.listContainerDrivesViaMember(4),
  commands.removeContainer(4),
  ok(commands.copyDrivers(built)),
  ok(commands.downloadVersion(built)),
  ok(commands.downloadDrivers(built)),
  ok(commands.downloadDrivers({ ...built, podIp: 'fd00::1', packSupported: false })),
  ok(commands.copyChecksum(built)),
  ok(commands.checkUploadedDrivers(built)),
];

for (const { name, argv } of MODELLED) {
  test(`spec 07 §3: ${name} is known by its argv: ${JSON.stringify(argv).slice(0, 60)}`, () => {
    assert.is(recognise(argv).name, name);
  });
}

test.run();
