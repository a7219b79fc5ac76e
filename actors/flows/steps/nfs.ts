/**
 * Step 64 and D14: the port of this host in the cluster's NFS interface group, kept as the specs want it, and taken out
 * when the container leaves. Never makes the group. Source: spec 07, 9; spec 03, 4.7; F28.
 */
import {
  addNfsPort,
  type Command,
  getNfsInterfaceGroup,
  getNfsInterfaceGroupViaMember,
  NFS_GROUP,
  removeNfsPort,
} from '../../../io/commands.ts';
import { nfsAddEnd, nfsPortAbsent } from '../../../io/weka-errors.ts';
import { parseNfsInterfaceGroup, portsOf } from '../../../io/weka-parsers/nfs.ts';
import { CONDITIONS, conditionOf, REASON_NFS_CONFIGURED } from '../../../messages/condition.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import { canExecIn, nodeReady } from '../../../messages/resources.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { interfacesHash, nfsInterfaces } from '../../rules/nfs-interfaces.ts';
import { ownerCluster } from '../owner-cluster.ts';
import { ownPod, type Pass } from '../pass.ts';
import { withCondition } from '../run.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { chooseSibling, isVerdict, type Run, readOwnHost } from './sibling.ts';

/** Step 64. A wrong configuration fails it also when the ports are in place; nothing is run then. */
export function ensureNfsPorts(pass: Pass): Verdict | Ask {
  const owner = ownerCluster(pass);
  if (owner.kind === 'none') return failed(owner.why);
  const wanted = nfsInterfaces(owner.cluster, pass.spec.network);
  if (wanted.kind === 'invalid') return failed(wanted.why);
  const hash = interfacesHash(wanted.names);
  const condition = conditionOf(pass.status.conditions, CONDITIONS.nfsInterfaceGroupsConfigured);
  if (condition?.status === 'True' && condition.message === hash) return done;
  const target = ownPod(pass);
  const id = pass.status.containerID;
  if (target === undefined || id === undefined) return failed('container is not part of a cluster');
  return ask('nfs', ensure(pass, target, id, wanted.names, hash));
}

function* ensure(pass: Pass, target: PodTarget, id: number, names: readonly string[], hash: string): Script<Verdict> {
  const run: Run = (command) => exec(target, command);
  const group = yield* readPorts(run, getNfsInterfaceGroup(), id);
  if (group.kind === 'failed') return failed(group.why);
  if (group.kind === 'absent') return failed(`NFS interface group ${NFS_GROUP} not found`);
  let surplus = group.ports.filter((port) => !names.includes(port));
  for (const name of names.filter((each) => !group.ports.includes(each))) {
    const added = yield* addPort(run, id, name, surplus);
    if (added.kind === 'failed') return failed(added.why);
    if (added.kind === 'swapped') surplus = [];
  }
  const error = yield* removePorts(run, id, surplus);
  if (error !== undefined) return failed(error);
  const condition = {
    type: CONDITIONS.nfsInterfaceGroupsConfigured,
    status: 'True',
    reason: REASON_NFS_CONFIGURED,
    message: hash,
  } as const;
  const { conditions = [] } = withCondition(pass.status, condition, pass.wallMs);
  return doneWith({ status: { conditions } });
}

/** `swapped`: the surplus ports had to go first. */
type Added = { readonly kind: 'added' | 'swapped' } | { readonly kind: 'failed'; readonly why: string };

/** Weka allows one interface per host: where it says so, the old ones make way and it is asked once more (F28). */
function* addPort(run: Run, id: number, name: string, surplus: readonly string[]): Script<Added> {
  const command = addNfsPort(id, name);
  if (command.kind === 'invalid') return { kind: 'failed', why: command.why };
  const outcome = yield* run(command.command);
  switch (endOf(outcome, name)) {
    case 'added':
      return { kind: 'added' };
    case 'other':
      return { kind: 'failed', why: textOf(command.command, outcome) };
    case 'constraint': {
      const freed = surplus.length > 0 && (yield* removePorts(run, id, surplus)) === undefined;
      if (freed && endOf(yield* run(command.command), name) === 'added') return { kind: 'swapped' };
      return { kind: 'failed', why: constraintText(id, command.command, outcome) };
    }
  }
}
function endOf(outcome: ExecOutcome, name: string): 'added' | 'constraint' | 'other' {
  if (outcome.kind === 'ok') return 'added';
  const end = nfsAddEnd(stderrOf(outcome), name);
  return end === 'alreadyThere' ? 'added' : end;
}
const textOf = (command: Command, outcome: ExecOutcome): string =>
  outcome.kind === 'ok' ? '' : `${execText(command, outcome)}, ${stderrOf(outcome)}`;
const constraintText = (id: number, command: Command, outcome: ExecOutcome): string =>
  `NFS interface group constraint violation: host ${id} already has a different interface in group ${NFS_GROUP}. Weka only allows one interface per host in an NFS interface group. Error: ${stderrOf(outcome)}: ${outcome.kind === 'ok' ? '' : execText(command, outcome)}`;

/** Stops at the first that fails, and says why; the others wait for the next pass. */
function* removePorts(run: Run, id: number, ports: readonly string[]): Script<string | undefined> {
  for (const port of ports) {
    const command = removeNfsPort(id, port);
    if (command.kind === 'invalid') return command.why;
    const outcome = yield* run(command.command);
    if (outcome.kind !== 'ok' && !nfsPortAbsent(stderrOf(outcome))) return textOf(command.command, outcome);
  }
  return undefined;
}

type Group =
  | { readonly kind: 'known'; readonly ports: readonly string[] }
  | { readonly kind: 'absent' }
  /** `reached`: the pod answered, though not with the group. */
  | { readonly kind: 'failed'; readonly why: string; readonly reached: boolean };

function* readPorts(run: Run, command: Command, id: number): Script<Group> {
  const outcome = yield* run(command);
  const reached = outcome.kind === 'ok' || outcome.kind === 'exit';
  if (outcome.kind !== 'ok') return { kind: 'failed', why: textOf(command, outcome), reached };
  const group = parseNfsInterfaceGroup(outcome.stdout);
  if (group.kind === 'bad') return { kind: 'failed', why: group.why, reached };
  return group.value === undefined ? { kind: 'absent' } : { kind: 'known', ports: portsOf(group.value, id) };
}

/** D14. The pod is not stopped before: it asks for itself as long as it can. */
export function leaveNfs(pass: Pass): Verdict | Ask {
  const id = pass.status.containerID;
  return id === undefined ? done : ask('nfs', leave(pass, id));
}
function* leave(pass: Pass, id: number): Script<Verdict> {
  const own = nodeReady(pass.node) && canExecIn(pass.pod) ? ownPod(pass) : undefined;
  if (own !== undefined) {
    const run: Run = (command) => exec(own, command, 'removal');
    const group = yield* readPorts(run, getNfsInterfaceGroup(), id);
    if (group.kind !== 'failed' || group.reached) return yield* leaveGroup(pass, run, id, group);
  }
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const group = yield* readPorts(sibling.run, getNfsInterfaceGroupViaMember(), id);
  return yield* leaveGroup(pass, sibling.run, id, group);
}
/** Without a group there is nothing to leave (F28). */
function* leaveGroup(pass: Pass, run: Run, id: number, group: Group): Script<Verdict> {
  if (group.kind === 'failed') return failed(group.why);
  if (group.kind === 'absent' || group.ports.length === 0) return done;
  const host = yield* readOwnHost(pass, run, id);
  if (host.kind === 'refused') return host.verdict;
  const error = yield* removePorts(run, id, group.ports);
  return error === undefined ? done : failed(error);
}
