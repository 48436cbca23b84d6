import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineDecoder } from '#protocol/framing.ts';

/** What comes out of these chunks. */
function decode(chunks: readonly Buffer[], maxBytes?: number): string[] {
  const decoder = new LineDecoder(maxBytes);
  const lines: string[] = [];
  for (const chunk of chunks) decoder.push(chunk, (line) => lines.push(line));
  return lines;
}

/** Cuts bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

const text = fc.string({ unit: 'binary', maxLength: 40 }).map((some) => some.replaceAll('\n', ' '));

test('any split of the bytes gives the same lines, whatever characters it cuts through', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 12 }), fc.array(fc.nat(2000), { maxLength: 30 }), text, (lines, places, rest) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join('') + rest);
      expect(decode(cut(bytes, places))).toEqual(lines.map((line) => Buffer.from(line).toString()));
    }),
  );
});

test('byte by byte', () => {
  const bytes = Buffer.from('{"label":"größe 🐢"}\n\n[1]\nrest');
  expect(decode([...bytes].map((byte) => Buffer.of(byte)))).toEqual(['{"label":"größe 🐢"}', '', '[1]']);
});

test('the chunk may be used again once it is pushed', () => {
  const decoder = new LineDecoder();
  const lines: string[] = [];
  const chunk = Buffer.from('abc');
  decoder.push(chunk, (line) => lines.push(line));
  chunk.fill('x');
  decoder.push(Buffer.from('\n'), (line) => lines.push(line));
  expect(lines).toEqual(['abc']);
});

describe('a line over the bound', () => {
  const tooLong = expect.objectContaining({ kind: 'invalidRequest', message: 'a frame is at most 8 bytes, newline included' });

  test.each<[string, string[]]>([
    ['in one chunk, with its newline', ['12345678\n']],
    ['in one chunk, without', ['12345678']],
    ['in two chunks', ['1234', '5678']],
    ['in two chunks, by its newline', ['1234567', '8\n']],
    ['behind a good one', ['1\n12345678\n']],
  ])('is refused: %s', (_, chunks) => {
    expect(() =>
      decode(
        chunks.map((chunk) => Buffer.from(chunk)),
        8,
      ),
    ).toThrow(tooLong);
  });

  test.each<[string, string[], string[]]>([
    ['with its newline', ['1234567\n'], ['1234567']],
    ['waiting for its newline', ['1234567', '\n'], ['1234567']],
    ['each of many', ['1234567\n1234567\n'], ['1234567', '1234567']],
  ])('is one byte longer than the longest: %s', (_, chunks, lines) => {
    expect(
      decode(
        chunks.map((chunk) => Buffer.from(chunk)),
        8,
      ),
    ).toEqual(lines);
  });

  test('counts bytes, not characters', () => {
    expect(() => decode([Buffer.from('🐢🐢\n')], 8)).toThrow(tooLong);
    expect(decode([Buffer.from('🐢🐢\n')], 9)).toEqual(['🐢🐢']);
  });

  test('is told after the lines before it', () => {
    const lines: string[] = [];
    expect(() => new LineDecoder(8).push(Buffer.from('a\nb\n12345678\n'), (line) => lines.push(line))).toThrow(tooLong);
    expect(lines).toEqual(['a', 'b']);
  });

  test('by default is one over 1 MiB', () => {
    const most = Buffer.alloc(1024 * 1024, 'x');
    expect(() => decode([most])).toThrow(expect.objectContaining({ kind: 'invalidRequest' }));
    most[most.length - 1] = 0x0a;
    expect(decode([most])[0]).toHaveLength(1024 * 1024 - 1);
  });
});

test('a peer that sends a frame byte by byte costs about its length', async () => {
  const decoder = new LineDecoder();
  const nobody = (): void => undefined;
  const before = await memoryBytes();
  for (let sent = 0; sent < 300_000; sent += 1) decoder.push(Buffer.alloc(1, 'x'), nobody);
  expect((await memoryBytes()) - before).toBeLessThan(5_000_000);
  decoder.push(Buffer.from('\n'), (line) => {
    expect(line).toHaveLength(300_000);
  });
});

test('a long frame that has come leaves nothing behind', async () => {
  const half = Buffer.alloc(500_000, 'x');
  const before = await memoryBytes();
  const decoders = Array.from({ length: 20 }, () => new LineDecoder());
  for (const decoder of decoders) for (const chunk of [half, half, Buffer.from('\n')]) decoder.push(chunk, () => undefined);
  expect((await memoryBytes()) - before).toBeLessThan(5_000_000);
  expect(decoders).toHaveLength(20);
});

/** What is in use once the garbage is gone: buffers go a few turns of the loop after their objects. */
async function memoryBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  let least = Infinity;
  for (let round = 0; round < 10; round += 1) {
    runInNewContext('gc()');
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return least;
}
