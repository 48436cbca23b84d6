import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { omnidProgram } from '#test/support/server/omnid-program.ts';

/** A real omnid in a folder of its own, that can be ended and started again; gone at the end of the block. */
export class Omnid implements AsyncDisposable {
  readonly folder: string;
  readonly socket: string;
  #process: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.folder = folder;
    this.socket = join(folder, 'run', 'omnid.sock');
  }

  /** Starts one, and waits until it listens. */
  static async start(): Promise<Omnid> {
    const omnid = new Omnid(await mkdtemp(join(tmpdir(), 'omnimind-client-')));
    // Also where the test hangs, and never comes to the end of its block.
    onTestFinished(() => omnid[Symbol.asyncDispose]());
    await omnid.start();
    return omnid;
  }

  /** Starts it on the same socket and database as before. */
  async start(): Promise<void> {
    const args = [
      omnidProgram,
      '--socket',
      this.socket,
      '--database',
      join(this.folder, 'state', 'omnid.db'),
      '--scope',
      'user',
    ];
    const env = { ...process.env, XDG_CONFIG_HOME: this.folder };
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    this.#process = child;
    this.#exited = once(child, 'exit');
    const log: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      log.push(line);
      if (line.includes('"msg":"listening"')) break;
    }
    // What comes later is of no interest here, and has to be taken, or the server would wait.
    child.stderr.resume();
    if (log.at(-1)?.includes('"msg":"listening"') !== true) throw new Error(`omnid did not start:\n${log.join('\n')}`);
  }

  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Ends it, and waits until it is gone. */
  async end(name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.signal(name);
    await this.#exited;
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
