import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Connection, type ConnectionEvents } from '#protocol/connection.ts';

/** A stream whose other end is the test: it says what comes in, sees what goes out, and takes that when it likes. */
class Wire extends Duplex {
  readonly written: string[] = [];
  isSlow = false;
  #taken: (() => void)[] = [];

  constructor() {
    super({ writableHighWaterMark: 1000, decodeStrings: false });
  }

  override _read(): void {
    // What comes in is pushed by the test.
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk);
    if (this.isSlow) this.#taken.push(done);
    else done();
  }

  /** Takes what was written, and from now on everything at once. */
  takeAll(): void {
    this.isSlow = false;
    for (const done of this.#taken.splice(0)) done();
  }
}

interface Ends {
  readonly wire: Wire;
  readonly connection: Connection;
  readonly heard: unknown[];
}

function connect(events: Partial<ConnectionEvents> = {}, frameBytesMax?: number): Ends {
  const wire = new Wire();
  const heard: unknown[] = [];
  const connection = new Connection(
    wire,
    {
      onMessage: (message) => heard.push(message),
      onUnparsable: () => heard.push('unparsable'),
      onOversized: (error) => heard.push(error.message),
      onClose: (cause) => heard.push(['closed', cause?.message]),
      ...events,
    },
    frameBytesMax,
  );
  return { wire, connection, heard };
}

async function say(wire: Wire, text: string): Promise<void> {
  wire.push(Buffer.from(text));
  await new Promise((resolve) => setImmediate(resolve));
}

/** Its error is not this promise's. */
function closeOf(wire: Wire): Promise<void> {
  return new Promise((resolve) => {
    wire.on('close', resolve);
  });
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('what comes in', () => {
  test('is a message a line; empty lines are nothing, and what is no JSON does not end it', async () => {
    const { wire, heard } = connect();
    await say(wire, '{"a":1}\n\n[2]\n{oops\n"th');
    await say(wire, 'ree"\r\n');
    expect(heard).toEqual([{ a: 1 }, [2], 'unparsable', 'three']);
  });

  test('over the bound is told once, and nothing after it is heard', async () => {
    const { wire, connection, heard } = connect({}, 10);
    await say(wire, '1\n0123456789\n2\n');
    await say(wire, '3\n');
    connection.resume();
    await say(wire, '4\n');
    expect(heard).toEqual([1, 'a frame is at most 10 bytes, newline included']);
  });

  test('and makes its taker fail ends the connection with that cause, and is no frame that was too long', async () => {
    const heard: unknown[] = [];
    const { wire } = connect({
      onMessage: (message) => {
        heard.push(message);
        throw new Error('a fault');
      },
      onClose: (cause) => heard.push(cause?.message),
      onOversized: () => heard.push('too long'),
    });
    await say(wire, '1\n2\n');
    expect(heard).toEqual([1, 'a fault']);
    expect(wire.written).toEqual([]);
  });

  test('ends with the stream, and with its error', async () => {
    const first = connect();
    first.connection.destroy();
    await closeOf(first.wire);
    expect(first.heard).toEqual([['closed', undefined]]);
    const second = connect();
    second.wire.destroy(new Error('reset'));
    await closeOf(second.wire);
    expect(second.heard).toEqual([['closed', 'reset']]);
  });

  test('waits while paused', async () => {
    const { wire, connection, heard } = connect();
    connection.pause();
    await say(wire, '1\n');
    expect(heard).toEqual([]);
    connection.resume();
    await say(wire, '2\n');
    expect(heard).toEqual([1, 2]);
  });
});

describe('what goes out', () => {
  test('is a line a message', () => {
    const { wire, connection } = connect();
    expect(connection.send({ a: 'ü' })).toBe(true);
    connection.sendText('[1]');
    expect(wire.written).toEqual(['{"a":"ü"}\n', '[1]\n']);
  });

  test('goes in one write for all that one chunk asked, and at the end of that even where its taker fails', async () => {
    const { wire, connection } = connect({
      onMessage: (message) => {
        connection.send(message);
        expect(connection.writableBytes).toBeGreaterThan(0);
      },
      onOversized: () => {
        throw new Error('a fault');
      },
    });
    await say(wire, '1\n2\n3\n');
    expect(wire.written).toEqual(['1\n2\n3\n']);
    connection.send(4);
    expect(wire.written.at(-1)).toBe('4\n');
  });

  test('is counted until it is taken', () => {
    const { wire, connection } = connect();
    wire.isSlow = true;
    expect(connection.send('x'.repeat(2000))).toBe(false);
    expect(connection.writableBytes).toBeGreaterThan(2000);
    wire.takeAll();
    expect(connection.writableBytes).toBe(0);
  });

  test('after the end is nothing', async () => {
    const { wire, connection } = connect();
    connection.send(1);
    connection.end();
    connection.end();
    expect(connection.send(2)).toBe(false);
    await once(wire, 'finish');
    expect(wire.written).toEqual(['1\n']);
  });
});

describe('drained', () => {
  test.each([
    ['much', 2000],
    ['little', 5],
  ])('waits until everything is taken, be it %s', async (_, length) => {
    const { wire, connection } = connect();
    wire.isSlow = true;
    connection.send('x'.repeat(length));
    const drained = connection.drained();
    expect(await isSettled(drained)).toBe(false);
    wire.takeAll();
    expect(await isSettled(drained)).toBe(true);
  });

  test('waits for what is sent while a chunk is taken', async () => {
    let drained: Promise<void> | undefined;
    const { wire, connection } = connect({
      onMessage: (message) => {
        connection.send(message);
        drained ??= connection.drained();
      },
    });
    wire.isSlow = true;
    await say(wire, '1\n');
    expect(await isSettled(drained!)).toBe(false);
    wire.takeAll();
    expect(await isSettled(drained!)).toBe(true);
  });

  test('is at once where nothing waits', async () => {
    expect(await isSettled(connect().connection.drained())).toBe(true);
  });

  test('is over when the stream is, and when it ends', async () => {
    const closing = connect();
    closing.wire.isSlow = true;
    closing.connection.send(1);
    const closed = closing.connection.drained();
    closing.connection.destroy();
    await closed;
    await closing.connection.drained();
    const ending = connect();
    ending.wire.isSlow = true;
    ending.connection.send(1);
    ending.connection.end();
    const ended = ending.connection.drained();
    expect(await isSettled(ended)).toBe(false);
    ending.wire.takeAll();
    expect(await isSettled(ended)).toBe(true);
  });

  test('leaves no listener behind', async () => {
    const { wire, connection } = connect();
    for (let round = 0; round < 20; round += 1) {
      wire.isSlow = true;
      connection.send(round);
      const drained = connection.drained();
      wire.takeAll();
      await drained;
    }
    expect(wire.listenerCount('finish') + wire.listenerCount('drain')).toBe(0);
    expect(wire.listenerCount('close')).toBe(1);
  });
});
