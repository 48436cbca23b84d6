import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { until } from '#test/support/server/until.ts';
import type { User } from './omnictl.ts';

/** Why there can be no terminal; undefined where there can. */
export const whyNoTerminal: string | undefined =
  spawnSync('tmux', ['-V']).error === undefined && spawnSync('bash', ['-c', ':']).error === undefined
    ? undefined
    : 'tmux(1) or bash(1) is not installed: no terminal to run it on';

let count = 0;

/** A real terminal with a shell in it, where `omnictl` is the user's; of a tmux server of its own, which ends with it. */
export class Terminal implements AsyncDisposable {
  readonly #socket: string;
  readonly #env: Record<string, string>;

  private constructor(socket: string, env: Record<string, string>) {
    this.#socket = socket;
    this.#env = env;
  }

  static async open(
    user: User,
    size: { readonly columns: number; readonly rows: number } = { columns: 100, rows: 30 },
  ): Promise<Terminal> {
    count += 1;
    const name = `terminal${String(count)}`;
    const terminal = new Terminal(user.folder.file(`${name}.sock`), { ...user.env, TERM: 'xterm' });
    const words = user.command([]).map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const start = [`omnictl() { ${words.join(' ')} "$@"; }`, "PS1='ready> '", 'unset HISTFILE', ''].join('\n');
    await writeFile(user.folder.file(`${name}.rc`), start);
    const shell = ['bash', '--noprofile', '--rcfile', user.folder.file(`${name}.rc`), '-i'];
    const { columns, rows } = size;
    await terminal.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      '-c',
      user.folder.path,
      ...shell,
    );
    await terminal.shows('ready> ');
    return terminal;
  }

  /** What is on the screen, without blanks at the ends of lines. */
  async screen(): Promise<string> {
    // Joined where the terminal wrapped, with what was scrolled away.
    return (await this.#tmux('capture-pane', '-p', '-J', '-S', '-500')).replaceAll(/ +$/gm, '').trimEnd();
  }

  /** Waits until the screen shows it. @returns the screen */
  async shows(wanted: string | RegExp): Promise<string> {
    return await until(async () => {
      const screen = await this.screen();
      return (typeof wanted === 'string' ? screen.includes(wanted.trimEnd()) : wanted.test(screen)) && screen;
    }, 50);
  }

  /** What can be seen of it now, a line each; spaces at the ends are left out. */
  async lines(): Promise<readonly string[]> {
    const text = await this.#tmux('capture-pane', '-p');
    return text
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => line.trimEnd());
  }

  /** Waits until what can be seen of it is this. @returns its lines then */
  async sees(wanted: RegExp): Promise<readonly string[]> {
    return await until(async () => {
      const lines = await this.lines();
      return wanted.test(lines.join('\n')) && lines;
    }, 20);
  }

  /** How many lines were too long for it, and went on in the next. */
  async wrapped(): Promise<number> {
    const count = async (...flags: readonly string[]): Promise<number> =>
      (await this.#tmux('capture-pane', '-p', ...flags)).split('\n').length;
    return (await count()) - (await count('-J'));
  }

  /** What can be seen of it, with its escape sequences: colours. */
  async coloured(): Promise<string> {
    return await this.#tmux('capture-pane', '-p', '-e');
  }

  /** Types text and Enter. */
  async enter(line: string): Promise<void> {
    await this.type(line);
    await this.press('Enter');
  }

  /** Types text, without Enter. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text);
  }

  /** The pid of the shell in it. */
  async shellPid(): Promise<number> {
    return Number(await this.#tmux('display-message', '-p', '#{pane_pid}'));
  }

  /** Presses a key, by tmux's name: `C-c`, `C-z`, `Enter`. */
  async press(key: string): Promise<void> {
    await this.#tmux('send-keys', key);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Closes it, as a person closes a window: whatever runs on it is hung up. */
  async close(): Promise<void> {
    await this.#tmux('kill-server').catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const tmux = spawn('tmux', ['-S', this.#socket, ...args], { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    tmux.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    tmux.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(tmux, 'close')) as [number | null];
    if (code !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}
