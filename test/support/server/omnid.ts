import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { TestFolder } from './folder.ts';
import { argumentsOf, databaseOf, environmentOf, socketOf, type OmnidOptions } from './omnid-options.ts';
import { omnidProgram } from './omnid-program.ts';
import { Wire } from './wire.ts';

export { databaseOf, environmentOf, socketOf, type OmnidOptions };

const setpriv = '/usr/bin/setpriv';
/** A test that is timed out disposes of nothing: its server ends with the process that ran it. */
const untilWeEnd: readonly string[] = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'SIGKILL'] : [];

/** One line of pino's log. */
export type LogRecord = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly stdout: string;
}

/** A real omnid, in a fresh home, ended with the test. */
export class Omnid implements AsyncDisposable {
  readonly folder: TestFolder;
  readonly socket: string;
  readonly database: string;
  readonly child: ChildProcess;
  /** Resolves when it is over and all that it said was read. */
  readonly ended: Promise<Ended>;
  readonly log: LogRecord[] = [];
  #stdout = '';
  #stderr = '';
  #rest = '';
  #listeners = new Set<() => void>();

  private constructor(options: OmnidOptions, child: ChildProcess) {
    this.folder = options.folder;
    this.socket = socketOf(options.folder);
    this.database = databaseOf(options.folder);
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  /** Starts one, and waits until it listens. @throws Error with what it said where it ends instead */
  static async start(options: OmnidOptions): Promise<Omnid> {
    const omnid = await Omnid.spawn(options);
    const ready = options.stderrFd === undefined ? omnid.logged('listening') : omnid.#answers();
    const ended = omnid.ended.then((end) => Promise.reject(new Error(`omnid ended: ${JSON.stringify(end)}`)));
    await Promise.race([ready, ended]);
    return omnid;
  }

  /** Starts one that is to end by itself: a refusal, a usage error. */
  static async run(options: OmnidOptions): Promise<Ended> {
    await using omnid = await Omnid.spawn(options);
    return await omnid.ended;
  }

  /** Starts one, and waits for nothing. */
  static async spawn(options: OmnidOptions): Promise<Omnid> {
    const isLoose = options.env?.['OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT'] !== undefined;
    if (isLoose && process.env['VITEST'] !== undefined)
      throw new Error('the protector of a test acts on its own children alone');
    const { folder, prefix = [], uid, stderrFd } = options;
    const args = [omnidProgram, ...(await argumentsOf(options))];
    const [command = '', ...rest] = [...untilWeEnd, ...prefix, process.execPath, ...args];
    await mkdir(folder.file('runtime'), { recursive: true, mode: 0o700 });
    const child = spawn(command, rest, {
      cwd: '/',
      env: { ...environmentOf(folder), ...options.env },
      stdio: ['ignore', 'pipe', stderrFd ?? 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    return new Omnid(options, child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  #read(text: string): void {
    this.#stderr += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) this.log.push(JSON.parse(line) as LogRecord);
    for (const listener of this.#listeners) listener();
  }

  /** Resolves with the first line of this message (and, of these, the first that `fits`), said or to come. */
  async logged(message: string, fits: (record: LogRecord) => boolean = () => true): Promise<LogRecord> {
    const { promise, resolve } = Promise.withResolvers<LogRecord>();
    const look = (): void => {
      const found = this.log.find((record) => record.msg === message && fits(record));
      if (found !== undefined) resolve(found);
    };
    this.#listeners.add(look);
    look();
    try {
      return await promise;
    } finally {
      this.#listeners.delete(look);
    }
  }

  async #answers(): Promise<void> {
    for (;;) {
      const wire = await this.connect().catch(() => undefined);
      await using _wire = wire;
      if (wire !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** @param stays leaves its own end open when the server has closed */
  connect(stays = false): Promise<Wire> {
    return Wire.connect(this.socket, stays);
  }

  /** Sends a signal, while it is there. Node knows whether it is: it reaps it. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** SIGTERM, as an init system would. */
  async stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return await this.ended;
  }

  /** SIGKILL: the crash. */
  async kill(): Promise<Ended> {
    this.signal('SIGKILL');
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A stopped process is killed all the same.
    await this.kill();
  }
}
