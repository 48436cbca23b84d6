import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchContext } from './figure.ts';
import type { Frames } from './frames.ts';
import { Peer } from './peer.ts';

const startMsMax = 10_000;
const startPollMs = 20;

/** Where redis-server is; undefined where it is not installed. */
export function findRedis(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'redis-server')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A redis of the bench's own, that syncs every write, on a Unix socket alone. Gone at the end of the block. */
export class Redis implements AsyncDisposable {
  readonly socket: string;
  readonly #child: ChildProcess;

  private constructor(socket: string, child: ChildProcess) {
    this.socket = socket;
    this.#child = child;
  }

  static async start(program: string, { folder }: BenchContext): Promise<Redis> {
    const own = await mkdtemp(join(folder, 'redis-'));
    const socket = join(own, 'redis.sock');
    const settings = {
      port: '0',
      unixsocket: socket,
      dir: own,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      daemonize: 'no',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const redis = new Redis(socket, spawn(program, args, { stdio: 'ignore' }));
    try {
      await redis.#listening();
      return redis;
    } catch (error) {
      await redis[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #listening(): Promise<void> {
    for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += startPollMs) {
      try {
        using _peer = await Peer.connect(this.socket);
        return;
      } catch {
        await wait(startPollMs);
      }
    }
    throw new Error('redis-server does not listen');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** `SET` of each key, as RESP; its answer (`+OK`) is one line, as NDJSON's is. */
export function setFrames(keys: readonly string[], value: string): Frames {
  return keys.map((key) => Buffer.from(`*3\r\n$3\r\nSET\r\n${bulk(key)}${bulk(value)}`));
}

function bulk(text: string): string {
  return `$${String(Buffer.byteLength(text))}\r\n${text}\r\n`;
}
