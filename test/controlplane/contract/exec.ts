/** Commands in pods, through the controller's own client. What a command does is modelled on both sides (`echo`, `cat`, `fail`). */
import * as assert from 'uvu/assert';
import type { ExecRequest } from '../../../io/outside.ts';
import { behaviour, type Place, runningPod } from './server.ts';

const run = ({ exec, namespace }: Place, argv: readonly string[], more: Partial<ExecRequest> = {}) =>
  exec.run({ target: { namespace, pod: 'p', container: 'main' }, argv, timeoutMs: 20_000, ...more });

export const EXECS = [
  behaviour('a command: its output', async (place) => {
    await runningPod(place, 'p');
    assert.equal(await run(place, ['echo', 'a b', '$c']), { kind: 'ok', stdout: 'a b $c\n', stderr: '' });
  }),
  behaviour('a command: its exit code, and both outputs apart', async (place) => {
    await runningPod(place, 'p');
    assert.equal(await run(place, ['fail']), { kind: 'exit', code: 7, stdout: 'some\n', stderr: 'bad\n' });
  }),
  behaviour('a command: its input to the end, and more than one frame', async (place) => {
    await runningPod(place, 'p');
    const stdin = 'line\n'.repeat(20_000);
    assert.equal(await run(place, ['cat'], { stdin }), { kind: 'ok', stdout: stdin, stderr: 'read\n' });
    assert.equal(await run(place, ['cat'], { stdin: '' }), { kind: 'ok', stdout: '', stderr: 'read\n' });
  }),
  behaviour('a command in a pod or a container that is not there', async (place) => {
    const { namespace } = place;
    const absent = await run(place, ['echo']);
    assert.is(absent.kind, 'podGone', JSON.stringify(absent));
    await runningPod(place, 'p');
    const other = await run(place, ['echo'], { target: { namespace, pod: 'p', container: 'none' } });
    assert.is(other.kind, 'podGone', JSON.stringify(other));
    assert.match('cause' in other ? other.cause : '', 'container none is not valid for pod p');
  }),
];
