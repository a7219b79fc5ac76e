/** Commands in the pod that distributes drivers: fetch from a builder, or look whether a driver is there. Source: spec 07, 3.3. */
import { driverFile } from '../modes/drivers.ts';
import type { Process } from '../pod-process.ts';
import { type Answer, type Command, either, escaped, fail, type Match, ok, shellLike } from './answer.ts';

const FOLDER = escaped('cd /opt/weka/dist/drivers/ && ');
const HOST = '(\\[[0-9a-fA-F:]+\\]|[0-9.]+):(\\d+)';
const NOT_FOUND = 'error: Failed to download the drivers';
const DOWNLOAD = 'weka driver download --without-agent --version (\\S+)';

const command = (name: string, match: Match, run: Command['run']): Command => ({ name, takes: 'command', match, run });

export const driverCommands: readonly Command[] = [
  command(
    'CopyDrivers',
    shellLike(
      new RegExp(
        `^${FOLDER}wget -r -nH --cut-dirs=3 --no-parent --reject="index\\.html\\*" http://${HOST}/dist/v1/drivers/$`,
      ),
    ),
    (process, [ip = '', port = '']) => {
      const builder = builderAt(process, ip, port);
      if (builder === undefined) return fail('wget: connection refused', 4);
      for (const [path, text] of builder.directory.files) {
        if (path.startsWith('/opt/weka/dist/')) process.directory.files.set(path, text);
      }
      return ok();
    },
  ),
  command(
    'DownloadVersion',
    shellLike(new RegExp(`^weka version get --driver-only (\\S+) --from https://${HOST}$`)),
    (process, [, ip = '', port = '']) => (builderAt(process, ip, port) === undefined ? fail('error: no answer') : ok()),
  ),
  command(
    'DownloadDrivers',
    either(
      shellLike(new RegExp(`^${DOWNLOAD} --from https://${HOST} --kernel-signature (\\S+)$`)),
      shellLike(new RegExp(`^${DOWNLOAD} --from https://${HOST}$`)),
    ),
    (process, [version = '', ip = '', port = '', signature]) =>
      fetchFrom(process, ip, port, (builder) => driverFile(version, signature ?? builder.node.kernel)),
  ),
  command(
    'DownloadDrivers',
    shellLike(new RegExp(`^${DOWNLOAD} --kernel-signature (\\S+)$`)),
    (process, [version = '', signature = '']) =>
      process.directory.files.has(driverFile(version, signature)) ? ok() : fail(NOT_FOUND),
  ),
  command(
    'Copy sha256 file',
    shellLike(new RegExp(`^${FOLDER}curl -kO https://${HOST}/dist/v1/drivers/(\\S+)\\.sha256$`)),
    (process, [ip = '', port = '', file = '']) =>
      fetchFrom(process, ip, port, () => `/opt/weka/dist/drivers/${file}.sha256`),
  ),
];

function fetchFrom(process: Process, ip: string, port: string, pathAt: (builder: Process) => string): Answer {
  const builder = builderAt(process, ip, port);
  if (builder === undefined) return fail(NOT_FOUND);
  const path = pathAt(builder);
  const text = builder.directory.files.get(path);
  if (text === undefined) return fail(NOT_FOUND);
  process.directory.files.set(path, text);
  return ok();
}

/** One that serves; ports are given to pods by their environment. */
function builderAt({ machine }: Process, ip: string, port: string): Process | undefined {
  for (const process of machine.processes()) {
    const given = process.env.get('PORT') ?? process.env.get('WEKA_PORT');
    const serves = process.mode === 'drivers-builder' && process.local?.runStatus === 'Running';
    if (serves && process.ip === ip.replace(/^\[|\]$/g, '') && given === port) return process;
  }
  return undefined;
}
