/** Mode `discovery`: says what kind of node it runs on, then idles. Source: spec 06, 6.7; spec 07, 4 (J9). */
import { draw } from '../latency.ts';
import type { Process, StartUp } from '../pod-process.ts';

export function* discovery(process: Process): StartUp {
  yield draw(process.machine.latency.discovery, process.machine.random);
  process.write(
    '/weka-runtime/results.json',
    '{"is_ht": true, "kubernetes_distro": "k8s", "os": "ubuntu", "os_build_id": "22.04", "schema": 1}',
  );
  return 'serving';
}
