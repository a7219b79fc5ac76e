/** The one command run in a node agent's pod: N1, the stop instruction. Source: spec 07, 3.4; spec 03, 5.4. */
import { type Answer, fail, ok, shellLike } from './cli/answer.ts';
import type { WorldContext } from './context.ts';
import type { NodeModel } from './pod-process.ts';

const DIR = "/host-binds/shared/containers/([^/']+)/instructions/([^/']+)/([^/']+)";
const N1 = shellLike(
  new RegExp(
    `^mkdir -p '${DIR}' && echo '([A-Za-z0-9+/=]+)' \\| base64 -d > '/host-binds/shared/containers/\\1/instructions/\\2/\\3/shutdown_instructions\\.json'$`,
  ),
);

export function writeStopInstruction(ctx: WorldContext, node: NodeModel, argv: readonly string[]): Answer {
  const parts = N1(argv);
  if (parts === undefined) {
    ctx.oracle.report('unknown-command', `node agent of ${node.name}`, JSON.stringify(argv));
    return fail(`sandbox: not a command of the contract (spec 07, 3.4): ${JSON.stringify(argv)}`, 127);
  }
  const [containerUid = '', podUid = '', bootId = '', base64 = ''] = parts;
  const instruction = parsed(Buffer.from(base64, 'base64').toString('utf8'));
  if (instruction === undefined) {
    // The process would die of it: exactly these two keys, both boolean.
    ctx.oracle.report('unknown-command', `node agent of ${node.name}`, 'malformed shutdown_instructions.json');
    return ok();
  }
  node.stopInstructions.set(`${containerUid}/${podUid}/${bootId}`, instruction);
  node.processes.get(podUid)?.changed();
  return ok();
}

function parsed(text: string): { readonly allowStop: boolean; readonly allowForceStop: boolean } | undefined {
  try {
    const { allow_stop: allowStop, allow_force_stop: allowForceStop, ...others } = JSON.parse(text);
    const whole = typeof allowStop === 'boolean' && typeof allowForceStop === 'boolean';
    return whole && Object.keys(others).length === 0 ? { allowStop, allowForceStop } : undefined;
  } catch {
    return undefined;
  }
}
