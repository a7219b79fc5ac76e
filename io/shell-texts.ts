/**
 * The shell texts of the command contract, byte for byte, and what may stand in their variable parts. A value that comes
 * from an object is let in by a strict pattern or not at all. Source: spec 07, 3.1 (C7, S1, S2), 3.3, 3.4; F37.
 */
import { isIP, isIPv6 } from 'node:net';

export const RUNTIME = '/opt/weka/k8s-runtime';

/** Letters that mean nothing to a shell and cannot start an option. */
const WORD = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,252}$/;

/** What the value may be called in an error text, and the value. Undefined when all are plain words, else why not. */
export function unfitWord(values: Readonly<Record<string, string>>): string | undefined {
  for (const [what, value] of Object.entries(values)) {
    if (!WORD.test(value)) return `${what} ${JSON.stringify(value.slice(0, 100))} must not be used in a command`;
  }
  return undefined;
}

/** One word for a command that no shell reads: printable, and nothing that the command could take for an option. */
const ARGUMENT = /^[!-,.-~][!-~]{0,252}$/;
/** As `unfitWord`, for values that are an element of argv. */
export function unfitArgument(values: Readonly<Record<string, string>>): string | undefined {
  for (const [what, value] of Object.entries(values)) {
    if (!ARGUMENT.test(value)) return `${what} ${JSON.stringify(value.slice(0, 100))} must not be used in a command`;
  }
  return undefined;
}

/** C7, in two forms: with join IPs in the spec, and without. */
export function identityText(name: string, joinIpsPresent: boolean): string {
  const start = joinIpsPresent ? 'wekaauthcli local run wapi -H 127.0.0.1' : 'weka local run wapi -H localhost';
  return `${start}:$(cat ${RUNTIME}/vars/agent_port)/jrpc -W container-get-identity --container-name ${name} --json`;
}

/** S1. `json` travels as base64: no byte of it is read by the shell. */
export const writeResourcesText = (json: string): string => `
test -f ${RUNTIME}/persistency-configured || exit 1
mkdir -p ${RUNTIME}/tmp
echo '${base64(json)}' | base64 -d > ${RUNTIME}/tmp/resources.json
mv ${RUNTIME}/tmp/resources.json ${RUNTIME}/resources.json
`;

/** S2: its bytes are free but for the line that writes into the driver's interface. */
export const PREPARE_UPGRADE_TEXT = `
if lsmod | grep wekafsio && test -e /proc/wekafs/interface; then
  if ! echo prepare-upgrade > /proc/wekafs/interface; then
    echo 'Failed to run prepare-upgrade command attempting rmmod instead'
    rmmod wekafsio
  fi
fi
`;

/** Which pod may stop, in which boot of its node: part of the path, so that it is meant for no other. */
export interface StopInstruction {
  /** Of the WekaContainer: the pod's first owner. */
  readonly containerUid: string;
  readonly podUid: string;
  readonly bootId: string;
  readonly forced: boolean;
}
/** N1. The pod accepts exactly these two keys. */
export function stopInstructionText({ containerUid, podUid, bootId, forced }: StopInstruction): string {
  const dir = `/host-binds/shared/containers/${containerUid}/instructions/${podUid}/${bootId}`;
  const json = JSON.stringify({ allow_stop: !forced, allow_force_stop: forced });
  return `mkdir -p '${dir}' && echo '${base64(json)}' | base64 -d > '${dir}/shutdown_instructions.json'`;
}

/** `host:port` as commands and URLs have it, an IPv6 address in brackets. Undefined: not an address, or no port. */
export function hostAndPort(ip: string, port: number): string | undefined {
  // A zone (`%eth0`) passes isIP, but means something to nobody else.
  if (isIP(ip) === 0 || ip.includes('%') || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return `${isIPv6(ip) ? `[${ip}]` : ip}:${port}`;
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
