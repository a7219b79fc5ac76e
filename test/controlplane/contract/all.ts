/** The contract: every behaviour of an API server that the controller relies on, as one suite for any server. */
import { suite } from 'uvu';
import { ACCESS } from './access.ts';
import { APPLIES } from './apply.ts';
import { DELETIONS } from './deletion.ts';
import { EVICTIONS } from './eviction.ts';
import { EXECS } from './exec.ts';
import { GARBAGE } from './garbage.ts';
import { LISTS } from './lists.ts';
import { OWNERS } from './owners.ts';
import { RECORDS } from './records.ts';
import { SCHEMAS } from './schema.ts';
import { newNamespace, type Server } from './server.ts';
import { TABLES } from './tables.ts';
import { WATCHES } from './watches.ts';
import { WRITES } from './writes.ts';

const TOPICS = {
  lists: LISTS,
  watches: WATCHES,
  writes: WRITES,
  apply: APPLIES,
  owners: OWNERS,
  deletion: DELETIONS,
  garbage: GARBAGE,
  schema: SCHEMAS,
  tables: TABLES,
  records: RECORDS,
  exec: EXECS,
  eviction: EVICTIONS,
  access: ACCESS,
} as const;

export interface RunningServer extends Server {
  readonly close: () => Promise<void>;
}

/** Queues the suite: each behaviour in a namespace of its own. Ends with a line that counts them. */
export function proveContract(kind: string, start: () => Promise<RunningServer>): void {
  const contract = suite<{ server?: RunningServer; differences: number }>(`contract, ${kind}`, { differences: 0 });
  let count = 0;
  contract.before(async (context) => {
    context.server = await start();
  });
  contract.after(async ({ server, differences }) => {
    process.stdout.write(`contract: ${count} behaviours, ${differences} differences (${kind})\n`);
    await server?.close();
  });
  for (const [topic, behaviours] of Object.entries(TOPICS)) {
    behaviours.forEach(({ name, prove }, at) => {
      count += 1;
      contract(`${topic}: ${name}`, async (context) => {
        const { server } = context;
        if (server === undefined) throw new Error('no server');
        const namespace = `contract-${topic}-${at}`;
        try {
          await newNamespace(server, namespace);
          await prove({ ...server, namespace });
        } catch (error) {
          context.differences += 1;
          throw error;
        }
      });
    });
  }
  contract.run();
}
