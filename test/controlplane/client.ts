/** A client of a live cluster, as the controller has one. */
import { systemClock } from '../../io/clock.ts';
import { type KubeClient, kubeClient } from '../../io/kube-client.ts';
import { loadCredentials } from '../../io/kube-credentials.ts';
import { noLog } from '../../io/log.ts';
import { systemRandom } from '../../io/random.ts';

export interface LiveClient {
  readonly kube: KubeClient;
  readonly close: () => Promise<void>;
}

/** Of the user of this kubeconfig. */
export async function clientOf(kubeconfig: string): Promise<LiveClient> {
  const credentials = await loadCredentials({ clock: systemClock, log: noLog, kubeconfig });
  const kube = kubeClient({ credentials, clock: systemClock, random: systemRandom, userAgent: 'live-test' });
  return {
    kube,
    close: async () => {
      await kube.close();
      credentials.stop();
    },
  };
}
