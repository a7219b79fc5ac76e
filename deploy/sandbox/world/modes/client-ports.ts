/** A client chooses its ports itself, among those free on its node. Source: spec 04, 12.2 step 2. */
import { type Process, RUNTIME } from '../pod-process.ts';

const RUN_LENGTH = 100;
const LAST_PORT = 65_535;
const portOf = (process: Process, name: string): number => Number(process.read(`${RUNTIME}/vars/${name}`) ?? 0);

/** One agent port, then the first run of 100 without it. False: there is no room. Those given by its pod are kept. */
export function chooseClientPorts(process: Process): boolean {
  const given = (name: string): number => Number(process.env.get(name) ?? 0);
  const [port, agent] = [given('PORT'), given('AGENT_PORT')];
  if (port > 0 && agent > 0) return take(process, port, agent);
  const others = [...process.node.processes.values()].filter((other) => other !== process);
  const taken = others.flatMap((other) => {
    const from = portOf(other, 'port');
    const run = from === 0 ? [] : Array.from({ length: RUN_LENGTH }, (_, index) => from + index);
    return [...run, portOf(other, 'agent_port')];
  });
  const busy = new Set(taken);
  const free = (from: number, length: number): boolean =>
    Array.from({ length }, (_, index) => from + index).every((each) => !busy.has(each));
  const first = (from: number, length: number): number | undefined => {
    for (let at = from; at + length - 1 <= LAST_PORT; at += 1) if (free(at, length)) return at;
    return undefined;
  };
  const agentPort = first(given('BASE_PORT'), 1);
  if (agentPort === undefined) return false;
  busy.add(agentPort);
  const wekaPort = first(given('BASE_PORT'), RUN_LENGTH);
  return wekaPort !== undefined && take(process, wekaPort, agentPort);
}

function take(process: Process, port: number, agent: number): true {
  process.write(`${RUNTIME}/vars/port`, String(port));
  process.write(`${RUNTIME}/vars/agent_port`, String(agent));
  return true;
}
