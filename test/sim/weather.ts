/** An API server that a test can make unreachable, and whose watches it can cut. Changes nothing else. */
import type { Clock } from '../../io/clock.ts';
import type { KubeApi } from '../../io/outside.ts';

export interface Weather {
  readonly wrap: (api: KubeApi, around: { readonly clock: Clock }) => KubeApi;
  /** All open watches end as if their connections broke. */
  readonly cutWatches: () => void;
  /** Down: watches break, requests find nobody. What was under way is answered. */
  readonly setDown: (down: boolean) => void;
}

export function createWeather(): Weather {
  let down = false;
  let cut = new AbortController();
  const cutWatches = (): void => {
    cut.abort();
    cut = new AbortController();
  };
  return {
    wrap: (api, { clock }) => {
      /** As after a connection that was refused. */
      const nobody = (): Promise<{ readonly kind: 'transport'; readonly cause: string }> =>
        new Promise((resolve) => clock.after(5, () => resolve({ kind: 'transport', cause: 'connect ECONNREFUSED' })));
      return {
        request: (request, signal) => (down ? nobody() : api.request(request, signal)),
        list: (request, signal) => (down ? nobody() : api.list(request, signal)),
        watch: async (request, take, signal) => {
          if (down) return nobody();
          const end = await api.watch(request, take, AbortSignal.any([signal, cut.signal]));
          return end.kind === 'aborted' && !signal.aborted ? { kind: 'transport', cause: 'socket hang up' } : end;
        },
      };
    },
    cutWatches,
    setDown: (value) => {
      down = value;
      if (down) cutWatches();
    },
  };
}
