import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { takeIdentity } from '#linux/identity.ts';
import type { Pidfd } from '#linux/pidfd.ts';

const SIGKILL = 9;

/** A process of the demo's, and the exit status that a shell sees. */
export class Player {
  readonly child: ChildProcess;
  readonly exit: Promise<number>;
  readonly #facts = new Map<string, string>();
  readonly #arrived: Promise<unknown>;
  #held: Pidfd | undefined;

  /**
   * @param command its words
   * @param environment what it gets beside the demo's own
   * @param asksFor a word that it will say on descriptor 3, when it is ready
   */
  constructor(command: readonly string[], environment: Readonly<Record<string, string>>, asksFor?: string) {
    const [file = '', ...args] = command;
    this.child = spawn(file, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    this.exit = once(this.child, 'exit').then(([code]) => (code as number | null) ?? -1);
    this.#arrived = asksFor === undefined ? Promise.resolve() : this.#listen(asksFor);
  }

  async #listen(asksFor: string): Promise<void> {
    for await (const line of createInterface({ input: this.child.stdio[3] as Readable })) {
      const [word = '', value = ''] = line.split(' ');
      this.#facts.set(word, value);
      if (word === asksFor) return;
    }
  }

  /** What it said on descriptor 3. @throws Error where it ended before it said so */
  async fact(word: string): Promise<string> {
    await Promise.race([this.#arrived, this.exit]);
    const value = this.#facts.get(word);
    if (value === undefined) throw new Error(`${this.child.spawnargs.join(' ')} ended before it told its ${word}`);
    return value;
  }

  /** Its pid and start time, for the backend's list; it is held from here on. */
  async name(): Promise<string> {
    const pid = await this.fact('pid');
    const taken = takeIdentity(Number(pid));
    if (taken === undefined) throw new Error(`pid ${pid} is gone`);
    this.#held = taken.pidfd;
    return `${pid}:${taken.identity.startTicks}`;
  }

  /** Ends the script by its pidfd, and the shell that waits for it, where they have not ended by themselves. */
  async end(): Promise<void> {
    if (this.#held?.alive() === true) this.#held.sendSignal(SIGKILL);
    this.#held?.close();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.exit;
  }
}
