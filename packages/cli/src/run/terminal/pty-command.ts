import { closeSync } from 'node:fs';
import { childChange, spawnGroup, type GroupChild } from '#linux/child.ts';
import type { Pty } from '#linux/pty.ts';
import { setForegroundGroup, writeModes, type TerminalModes } from '#linux/terminal.ts';
import { gateScript } from '../gate-script.ts';
import type { Ending, HeldCommand } from '../held-command.ts';

const gateFd = 9;

/** A command on a terminal of its own: a job in the session of its holder, as a shell's jobs are in the shell's. */
export class PtyCommand implements HeldCommand {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #child: GroupChild;
  readonly #onStop: () => void;
  readonly #end = Promise.withResolvers<Ending>();
  #hasEnded = false;
  #isStopped = false;

  private constructor(child: GroupChild, onStop: () => void) {
    this.pid = child.pid;
    this.#child = child;
    this.#onStop = onStop;
    this.ended = this.#end.promise;
    process.on('SIGCHLD', this.#look);
    // What happened before we listened.
    this.#look();
  }

  /**
   * Makes the process, in the foreground of the terminal, where it waits at its gate.
   *
   * @param modes of the terminal when it starts; undefined: as they are
   * @param onStop is called when it is stopped, by Ctrl-Z for one
   * @throws SystemCallError where there can be no process
   */
  static start(
    pty: Pty,
    command: {
      readonly words: readonly string[];
      readonly env: NodeJS.ProcessEnv;
      readonly ignored: readonly string[];
      readonly prefix: readonly string[];
    },
    modes: TerminalModes | undefined,
    onStop: () => void,
  ): PtyCommand {
    const terminal = pty.openTerminal();
    try {
      if (modes !== undefined) writeModes(terminal, modes);
      const argv = [...command.prefix, '/bin/sh', '-c', gateScript(command.ignored, gateFd), 'sh', ...command.words];
      const child = spawnGroup({ path: argv[0] ?? '', argv, env: command.env, terminal, gateFd });
      setForegroundGroup(terminal, child.pid);
      pty.resume();
      return new PtyCommand(child, onStop);
    } finally {
      // Once the last program has closed it, the holder is to see that.
      closeSync(terminal);
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  go(marker: string | undefined): void {
    this.#child.gate.say(marker ?? '');
  }

  cancel(): void {
    this.#child.gate.close();
  }

  /** To the command alone; it is a child that was not waited for, so the pid is its own. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) process.kill(this.pid, signal);
  }

  /** Its whole group goes on, as by `fg`. */
  resume(): void {
    if (!this.#hasEnded) process.kill(-this.pid, 'SIGCONT');
  }

  readonly #look = (): void => {
    while (!this.#hasEnded) {
      const change = childChange(this.pid);
      if (change === undefined) return;
      this.#take(change);
    }
  };

  #take(change: NonNullable<ReturnType<typeof childChange>>): void {
    if (change.kind === 'stopped') {
      this.#isStopped = true;
      this.#onStop();
    } else if (change.kind === 'continued') {
      this.#isStopped = false;
    } else {
      this.#hasEnded = true;
      process.off('SIGCHLD', this.#look);
      this.#child.gate.close();
      this.#end.resolve(change.kind === 'killed' ? { code: null, signal: change.signal } : { code: change.code, signal: null });
    }
  }
}
