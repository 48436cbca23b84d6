import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext } from './figure.ts';

/** Processes of which these files of /proc are read for each question, in this order. */
export interface ProcReads {
  readonly stats: readonly number[];
  readonly statuses: readonly number[];
}

export interface EchoOptions {
  readonly socket: string;
  /** What every answer holds: the product's own answer, so that both have equal bytes. */
  readonly result: unknown;
  readonly reads?: ProcReads;
  /** One write for all answers of a chunk. */
  readonly gather?: boolean;
}

/** The bare echo of echo-server.ts in a process of its own. */
export class Echo implements AsyncDisposable {
  readonly socket: string;
  readonly #child: ChildProcess;

  private constructor(socket: string, child: ChildProcess) {
    this.socket = socket;
    this.#child = child;
  }

  static async start({ node, folder }: BenchContext, options: Omit<EchoOptions, 'socket'>): Promise<Echo> {
    const socket = join(await mkdtemp(join(folder, 'echo-')), 'echo.sock');
    const program = join(import.meta.dirname, 'echo-server.ts');
    const child = spawn(node, [program, JSON.stringify({ socket, ...options } satisfies EchoOptions)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const echo = new Echo(socket, child);
    const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (Buffer.isBuffer(first[0])) return echo;
    throw new Error('the echo server did not start');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
