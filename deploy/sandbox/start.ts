/** `npm start`: the modelled fleet, the controller against it, a demo cluster. Source: design 7. */
import { systemClock } from '../../io/clock.ts';
import { readOptions } from './demo/options.ts';
import { runDemo } from './demo/run.ts';
import { createScreen } from './demo/screen.ts';

const read = readOptions(process.argv.slice(2));
if (read.kind === 'end') {
  (read.code === 0 ? process.stdout : process.stderr).write(read.text);
  process.exit(read.code);
}
// Whoever reads is gone (`npm start | head`): nobody is left to show anything to. The exit cleans up.
process.stdout.on('error', () => process.exit(1));
process.exit(await runDemo(read.options, systemClock, createScreen(process.stdout, systemClock)));
