import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchContext } from './figure.ts';

const startMsMax = 20_000;
const startPollMs = 10;

export interface OmnidOptions {
  /** A database that is there already; default: a new one. */
  readonly database?: string;
  /** omnid.toml; default: none. */
  readonly config?: string;
}

/** The published omnid, started as its users start it, in a folder of its own. Gone at the end of the block. */
export class Omnid implements AsyncDisposable {
  readonly folder: string;
  readonly socket: string;
  /** What omnictl needs to find this server, and to leave the user's own files alone. */
  readonly env: NodeJS.ProcessEnv;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(folder: string, command: string, { database = join(folder, 'state/omnid.db'), config }: OmnidOptions) {
    this.folder = folder;
    this.socket = join(folder, 'run/omnid.sock');
    this.env = { ...process.env, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, OMNIMIND_SOCKET: this.socket };
    const log = openSync(this.#logFile, 'w');
    try {
      const args = ['--socket', this.socket, '--database', database, '--scope', 'user'];
      if (config !== undefined) args.push('--config', config);
      this.#child = spawn(command, args, { stdio: ['ignore', 'ignore', log], env: this.env });
    } finally {
      closeSync(log);
    }
    this.#exited = once(this.#child, 'exit');
  }

  /** Starts one, and waits until it listens. */
  static async start({ root, folder }: BenchContext, options: OmnidOptions = {}): Promise<Omnid> {
    const own = await mkdtemp(join(folder, 'omnid-'));
    const omnid = new Omnid(own, join(root, 'node_modules/.bin/omnid'), options);
    try {
      await omnid.#listening();
      return omnid;
    } catch (error) {
      await omnid[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The launcher becomes Node (exec), so this is the server itself. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('omnid did not start');
    return this.#child.pid;
  }

  get #logFile(): string {
    return join(this.folder, 'omnid.log');
  }

  async #listening(): Promise<void> {
    for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += startPollMs) {
      const log = readFileSync(this.#logFile, 'utf8');
      if (log.includes('"msg":"listening"')) return;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`omnid did not start: ${log}`);
      await wait(startPollMs);
    }
    throw new Error(`omnid did not listen within ${String(startMsMax)} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
      await this.#exited;
      clearTimeout(late);
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
