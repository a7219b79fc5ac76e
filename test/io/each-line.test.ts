/** Lines come out as they went in, wherever the stream is cut. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eachLine } from '../../io/each-line.ts';

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}
function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}
const linesOf = async (chunks: readonly Buffer[], lineBytesMax = 10_000): Promise<string[]> => {
  const lines: string[] = [];
  await eachLine(stream(chunks), lineBytesMax, (line) => lines.push(line));
  return lines;
};

test('any cutting of the bytes gives the same lines; what follows the last newline is none', async () => {
  const LINE = fc.string({ unit: 'binary' }).map((line) => line.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(LINE), LINE, fc.array(fc.nat()), async (lines, rest, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join('') + rest);
      assert.equal(await linesOf(cutAt(bytes, cuts)), lines);
    }),
  );
});

test('a line over the bound is refused before it is complete', async () => {
  const endless = Array.from({ length: 100 }, () => Buffer.from('x'.repeat(100)));
  const result = await linesOf(endless, 500).catch(String);
  assert.is(result, 'Error: line longer than 500 bytes');
  const short = Array.from({ length: 100 }, () => Buffer.from(`${'x'.repeat(100)}\n`));
  assert.is((await linesOf(short, 500)).length, 100);
});

test('a throw in take ends the reading', async () => {
  let taken = 0;
  const lines = eachLine(stream([Buffer.from('a\nb\n'), Buffer.from('c\n')]), 10, () => {
    taken++;
    throw new Error('enough');
  });
  assert.is(await lines.catch(String), 'Error: enough');
  assert.is(taken, 1);
});

test.run();
