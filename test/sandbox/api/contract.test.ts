/** The contract suite on the modelled API server. Its twin on a real one: test/controlplane/contract.live.ts. */
import { createApiServer } from '../../../deploy/sandbox/api/server.ts';
import { execClient } from '../../../io/exec-client.ts';
import { kubeClient } from '../../../io/kube-client.ts';
import { fixedCredentials } from '../../../io/kube-credentials.ts';
import { NODES } from '../../../messages/kube.ts';
import { proveContract } from '../../controlplane/contract/all.ts';
import { plainClient } from '../../support/plain-client.ts';
import { type SimClock, simClock } from '../../support/sim-clock.ts';
import { newStore } from './new-store.ts';
import { fakeExec, TOKEN } from './support.ts';

const USER_AGENT = 'contract-test/1.0';
const NODE = 'contract-node';
/** Far beyond any delay of the modelled controllers. */
const STEPS_MAX = 300;
const STEP_MS = 1_000;

proveContract('modelled server', async () => {
  const clock = simClock();
  const store = newStore(clock);
  store.request({
    verb: 'create',
    type: NODES,
    object: { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } },
  });
  const server = await createApiServer({
    store,
    exec: fakeExec([]),
    tokens: new Map([[TOKEN, 'admin']]),
    clock,
    host: '127.0.0.1',
    port: 0,
  });
  const credentials = fixedCredentials(server.url, { authorization: `Bearer ${TOKEN}` });
  // Their time limits stand still while the server's time is moved on.
  const kube = kubeClient({ credentials, clock: simClock(), random: () => 0.5, userAgent: USER_AGENT });
  const exec = execClient({ credentials, clock: simClock(), userAgent: USER_AGENT });
  const plain = plainClient({ origin: server.url, token: TOKEN });
  return {
    kube,
    exec: { run: (request) => withTime(clock, exec.run(request)) },
    plain,
    token: TOKEN,
    node: NODE,
    eventually: async (what, holds) => {
      for (let step = 0; step < STEPS_MAX; step += 1) {
        if (await holds()) return;
        clock.advance(STEP_MS);
        await plain.ask('/readyz'); // What is under way on other connections gets its turn.
      }
      throw new Error(`never: ${what}`);
    },
    forgetHistory: () => Promise.resolve(store.forgetHistory()),
    close: async () => {
      exec.close();
      await plain.close();
      await kube.close();
      await server.close();
    },
  };
});

/** Moves the server's time on until the answer is there: its first frame waits a moment. */
async function withTime<Answer>(clock: SimClock, asked: Promise<Answer>): Promise<Answer> {
  let answered = false;
  const answer = asked.finally(() => {
    answered = true;
  });
  while (!answered) {
    clock.advance(1);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return answer;
}
