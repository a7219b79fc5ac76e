/** `npm run sandbox`: the modelled fleet on a real Kubernetes API server. Source: design 7. */
import { systemClock } from '../../io/clock.ts';
import { noLog } from '../../io/log.ts';
import { createScreen } from './demo/screen.ts';
import { readLiveOptions } from './live/options.ts';
import { runLive } from './live/run.ts';

const read = readLiveOptions(process.argv.slice(2));
if (read.kind === 'end') {
  (read.code === 0 ? process.stdout : process.stderr).write(read.text);
  process.exit(read.code);
}
process.exit(await runLive(read.options, systemClock, noLog, createScreen(process.stdout, systemClock)));
