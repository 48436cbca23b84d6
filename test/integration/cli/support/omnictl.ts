import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { environmentOf, Omnid, type OmnidOptions } from '#test/support/server/omnid.ts';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { endServersOf } from './end-servers.ts';

/** The command as it runs unbuilt. */
export const omnictlProgram = fileURLToPath(new URL('../../../../packages/cli/src/main.ts', import.meta.url));

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  /** A command that becomes, by exec, what stands behind it: `setpriv …`, `unshare …`. */
  readonly prefix?: readonly string[];
}

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running omnictl. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
}

/** A user with a home of his own, who types omnictl; what he started ends with the test. */
export class User implements AsyncDisposable {
  readonly folder: TestFolder;
  readonly #running = new Set<Running>();

  private constructor(folder: TestFolder) {
    this.folder = folder;
  }

  static async create(): Promise<User> {
    const folder = await makeFolder();
    await mkdir(folder.file('runtime'), { mode: 0o700 });
    return new User(folder);
  }

  /** Where the server listens that omnictl starts for him. */
  get socket(): string {
    return this.folder.file('runtime/omnimind/omnid.sock');
  }

  get env(): Record<string, string> {
    return environmentOf(this.folder);
  }

  /** Runs omnictl. */
  async omnictl(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    return await this.start(args, options).result;
  }

  /** Runs omnictl, and reads the JSON document that it prints. */
  async json(args: readonly string[], options: RunOptions = {}): Promise<unknown> {
    const { stdout } = await this.omnictl([...args, '--json'], options);
    return JSON.parse(stdout);
  }

  /** The words of a command line of omnictl, for a shell or a terminal to run. */
  command(args: readonly string[]): readonly string[] {
    return [process.execPath, omnictlProgram, ...args];
  }

  /** Starts omnictl, and waits for nothing. */
  start(args: readonly string[], options: RunOptions = {}): Running {
    return this.startProgram(this.command(args), options);
  }

  /** Starts a program in the user's surroundings. */
  startProgram(
    words: readonly string[],
    { env, cwd, stdio = ['ignore', 'pipe', 'pipe'], prefix = [] }: RunOptions = {},
  ): Running {
    const [command = '', ...rest] = [...prefix, ...words];
    const child = spawn(command, rest, { cwd: cwd ?? this.folder.path, env: { ...this.env, ...env }, stdio });
    const running = follow(child);
    this.#running.add(running);
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running[Symbol.asyncDispose]();
    await endServersOf(this.folder);
    await this.folder[Symbol.asyncDispose]();
  }
}

function follow(child: ChildProcess): Running {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const result = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  return {
    child,
    result,
    stdout: () => stdout,
    stderr: () => stderr,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      child.stdout?.destroy();
      child.stderr?.destroy();
      await result;
    },
  };
}

/**
 * A user with a server that the test holds, on the socket that omnictl looks for.
 *
 * @param options its configuration, or a command that becomes the server, by exec
 */
export async function withServer(user: User, options: Pick<OmnidOptions, 'config' | 'prefix'> = {}): Promise<Omnid> {
  await mkdir(user.folder.file('runtime/omnimind'), { recursive: true, mode: 0o700 });
  const { folder } = user;
  return await Omnid.start({ folder, ownPaths: true, ...options });
}
