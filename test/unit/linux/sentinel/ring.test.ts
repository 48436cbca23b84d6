import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pageSizeBytes } from '#linux/clock.ts';
import { Ring } from '#linux/sentinel/ring.ts';

const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const BYTES = 65_536;

/** A file in the shape of the kernel's ring: what is written to its data stands at both places where it is mapped. */
class RingFile {
  readonly fd: number;
  #written = 0;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'omnimind-ring-'));
    this.fd = openSync(join(folder, 'ring'), 'w+');
    ftruncateSync(this.fd, 2 * pageSizeBytes + 2 * BYTES);
    onTestFinished(() => {
      closeSync(this.fd);
      rmSync(folder, { recursive: true });
    });
  }

  get consumed(): number {
    const position = Buffer.alloc(8);
    readSync(this.fd, position, 0, 8, 0);
    return Number(position.readBigUInt64LE());
  }

  /** Writes a record; returns where its header stands. */
  write(text: string, flags = 0): number {
    const at = this.#written;
    const record = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8);
    record.writeUInt32LE((text.length | flags) >>> 0, 0);
    record.write(text, 8, 'latin1');
    this.#put(at, record);
    this.#written += record.length;
    const position = Buffer.alloc(8);
    position.writeBigUInt64LE(BigInt(this.#written));
    writeSync(this.fd, position, 0, 8, pageSizeBytes);
    return at;
  }

  /** Sets the header of a record that is complete now. */
  commit(at: number, length: number): void {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(length);
    this.#put(at, header);
  }

  #put(at: number, bytes: Buffer): void {
    const start = at % BYTES;
    const toEnd = bytes.subarray(0, BYTES - start);
    const fromStart = bytes.subarray(toEnd.length);
    for (const data of [2 * pageSizeBytes, 2 * pageSizeBytes + BYTES]) {
      writeSync(this.fd, toEnd, 0, toEnd.length, data + start);
      writeSync(this.fd, fromStart, 0, fromStart.length, data);
    }
  }
}

function open(file: RingFile): { ring: Ring; read: () => string[] } {
  const ring = new Ring(file.fd, BYTES);
  onTestFinished(() => ring.close());
  const read = (): string[] => {
    const records: string[] = [];
    ring.drain((view, at, bytes) => records.push(Buffer.from(view.buffer, view.byteOffset + at, bytes).toString('latin1')));
    return records;
  };
  return { ring, read };
}

describe('the ring', () => {
  test('gives records in their order, and their room back', () => {
    const file = new RingFile();
    const { read } = open(file);
    expect(read()).toEqual([]);
    file.write('one');
    file.write('another one');
    expect(read()).toEqual(['one', 'another one']);
    expect(file.consumed).toBe(16 + 24);
    expect(read()).toEqual([]);
    file.write('more');
    expect(read()).toEqual(['more']);
  });

  test('waits for a record that is still being written, and for all behind it', () => {
    const file = new RingFile();
    const { read } = open(file);
    const at = file.write('slow', BUSY);
    file.write('fast');
    expect(read()).toEqual([]);
    expect(file.consumed).toBe(0);
    file.commit(at, 4);
    expect(read()).toEqual(['slow', 'fast']);
  });

  test('passes over what was discarded', () => {
    const file = new RingFile();
    const { read } = open(file);
    file.write('no', DISCARDED);
    file.write('yes');
    expect(read()).toEqual(['yes']);
  });

  test('reads a record over the end in one piece', () => {
    const file = new RingFile();
    const { read } = open(file);
    file.write('x'.repeat(BYTES - 32));
    read();
    const text = 'over the end of the ring and on at its start';
    file.write(text);
    expect(read()).toEqual([text]);
  });

  test('goes on where another reader has stopped', () => {
    const file = new RingFile();
    const first = open(file);
    file.write('one');
    first.read();
    file.write('two');
    expect(open(file).read()).toEqual(['two']);
  });

  test('stops after some thousand records, and says so', () => {
    const file = new RingFile();
    const { ring } = open(file);
    for (let count = 0; count < 4100; count += 1) file.write('');
    expect(ring.drain(() => undefined)).toBe(true);
    expect(ring.drain(() => undefined)).toBe(false);
    expect(file.consumed).toBe(4100 * 8);
  });

  test('does not give a record twice where a reader throws', () => {
    const file = new RingFile();
    const { ring, read } = open(file);
    file.write('bad');
    file.write('good');
    expect(() =>
      ring.drain(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(read()).toEqual(['good']);
  });

  test('gives nothing when it is closed', () => {
    const file = new RingFile();
    const { ring, read } = open(file);
    file.write('late');
    ring.close();
    ring.close();
    expect(read()).toEqual([]);
  });
});
