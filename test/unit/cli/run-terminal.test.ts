import { closeSync, openSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { frame, frameKinds, FrameReader } from '#cli/run/terminal/frames.ts';
import { TerminalLog } from '#cli/run/terminal/terminal-log.ts';
import { makeFolder } from '#test/support/server/folder.ts';

const messages: readonly (readonly [kind: number, text: string])[] = [
  [frameKinds.start, '{"words":["é"]}'],
  [frameKinds.resume, ''],
  [frameKinds.output, 'a\r\nb'],
  [frameKinds.output, 'x'.repeat(3000)],
];

test.each([1, 3, 7, 1000, 100_000])('messages that come in pieces of %i bytes are put together', (bytes) => {
  const all = Buffer.concat(messages.map(([kind, text]) => frame(kind as 1, text)));
  const reader = new FrameReader();
  const got: [number, string][] = [];
  for (let at = 0; at < all.length; at += bytes) {
    reader.push(all.subarray(at, at + bytes), (kind, payload) => got.push([kind, payload.toString()]));
  }
  expect(got).toEqual(messages);
});

test('who does not speak this is refused before anything is set aside for it', () => {
  expect(() => {
    new FrameReader().push(Buffer.from('GET / HTTP/1.1\r\n'), () => undefined);
  }).toThrow(RangeError);
});

/** What is in the log once these were printed, piece by piece. */
async function logged(pieces: readonly string[]): Promise<string> {
  await using folder = await makeFolder();
  const fd = openSync(folder.file('log'), 'a');
  const log = new TerminalLog(fd, () => undefined);
  for (const piece of pieces) log.write(Buffer.from(piece));
  log.finish();
  closeSync(fd);
  return readFileSync(folder.file('log'), 'utf8');
}

test.each([
  [['a\r\nb\r\n'], 'a\nb\n'],
  [['a\r', '\nb'], 'a\nb'],
  [['10%\r20%\r', '30%\r\n'], '10%\r20%\r30%\n'],
  // A program that ends its lines with both: the terminal has put one more before.
  [['a\r\r\n'], 'a\r\n'],
  [['a\r', '\r', '\nb\r'], 'a\r\nb\r'],
  [['no end'], 'no end'],
])('of %o the log has %o', async (pieces, expected) => {
  expect(await logged(pieces)).toBe(expected);
});

test('a log that cannot be written is told of once', () => {
  const failures: unknown[] = [];
  const fd = openSync('/dev/full', 'w');
  const log = new TerminalLog(fd, (error) => failures.push(error));
  log.write(Buffer.from('one\n'));
  log.write(Buffer.from('two\n'));
  closeSync(fd);
  expect(failures).toMatchObject([{ code: 'ENOSPC' }]);
});
