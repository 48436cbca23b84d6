import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { until } from '#test/support/server/until.ts';

const run = promisify(execFile);
const hasTmux = spawnSync('tmux', ['-V']).error === undefined;
const setpriv = '/usr/bin/setpriv';
/** A test that is timed out disposes of nothing: its terminal ends with the process that ran it. */
const untilWeEnd: readonly string[] = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'SIGKILL'] : [];

/** Tells a test of screens as not tested where there is no terminal to be had. */
export function skipWithoutTmux({ skip }: Pick<TestContext, 'skip'>): void {
  if (!hasTmux) skip('tmux is not installed here: screens were not tested in a terminal');
}

/** A real terminal with a shell in it, that can be typed into and looked at. Its server is the test's own. */
export class Terminal implements AsyncDisposable {
  readonly #folder: TestFolder;
  readonly #server: ChildProcess;

  readonly #env: Readonly<Record<string, string>>;

  private constructor(folder: TestFolder, server: ChildProcess, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#env = env;
    this.#server = server;
  }

  /** Opens one. @param env of what runs in it @param cwd where its shell is */
  static async open(columns: number, rows: number, env: Readonly<Record<string, string>>, cwd = '/'): Promise<Terminal> {
    const folder = await makeFolder();
    // -D: in the foreground, so that it is a child of the test.
    const words = ['tmux', '-D', '-f', '/dev/null', '-S', folder.file('tmux')];
    const [command, ...args] = [...untilWeEnd, ...words] as [string, ...string[]];
    const server = spawn(command, args, { env: { TERM: 'xterm-256color', ...env }, stdio: 'ignore' });
    const terminal = new Terminal(folder, server, env);
    await until(() => existsSync(folder.file('tmux')));
    await writeFile(folder.file('rc'), "PS1='$ '\n");
    const size = ['-x', String(columns), '-y', String(rows)];
    await terminal.#tmux('new-session', '-d', ...size, '-c', cwd, `exec bash --rcfile '${folder.file('rc')}' -i`);
    await terminal.shows(/^\$ $/m);
    return terminal;
  }

  /** What is on it, a line each; spaces at the ends are left out. */
  async lines(): Promise<readonly string[]> {
    const text = await this.#tmux('capture-pane', '-p');
    return text
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => line.trimEnd());
  }

  /** Lines that were too long for it, and went on in the next: none, where a screen fits. */
  async wrapped(): Promise<number> {
    const count = async (...flags: readonly string[]): Promise<number> =>
      (await this.#tmux('capture-pane', '-p', ...flags)).split('\n').length;
    return (await count()) - (await count('-J'));
  }

  /** The same with its escape sequences: colours. */
  async coloured(): Promise<string> {
    return await this.#tmux('capture-pane', '-p', '-e');
  }

  /** Waits until it shows this. @returns its lines then */
  async shows(pattern: RegExp): Promise<readonly string[]> {
    return await until(async () => {
      const lines = await this.lines();
      return pattern.test(`${lines.map((line) => (line === '$' ? '$ ' : line)).join('\n')}`) && lines;
    }, 20);
  }

  /** Types a line into the shell. */
  async type(line: string): Promise<void> {
    await this.#tmux('send-keys', '-l', line);
    await this.keys('Enter');
  }

  /** Presses keys, by tmux's names: `Enter`, `Up`, `C-c`, `q`. */
  async keys(...names: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...names);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    // What it starts finds programs by its client's PATH, not by its own.
    return (await run('tmux', ['-S', this.#folder.file('tmux'), ...args], { env: this.#env })).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#server, 'exit');
    if (this.#server.exitCode === null && this.#server.signalCode === null) {
      this.#server.kill('SIGKILL');
      await ended;
    }
    await this.#folder[Symbol.asyncDispose]();
  }
}
