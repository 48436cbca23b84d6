import type { Socket } from 'node:net';
import { ReadStream } from 'node:tty';
import type { Context } from '../../context.ts';
import { exitCodes } from '../../exit-code.ts';
import { writeAll } from '../../output/write-all.ts';
import { frame, frameKinds, FrameReader } from './frames.ts';
import type { Ended } from './messages.ts';
import type { OwnTerminal } from './own-terminal.ts';

const stdin = 0;
const stdout = 1;

/** Handed on to the command. */
const forwarded = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;
const hangupExit = 129;

/** A shell tells a job that is in the background already not that it is brought back: it is looked at so often. */
const backgroundLookMs = 250;

/**
 * Shows a command's terminal on our own: what it prints, and to it what is typed, our size and our signals. Returns
 * when the command is over, or when our terminal is closed (SIGHUP): the command goes on then.
 *
 * @param holder a connection to the holder
 * @param waiting ends at its first word
 * @returns the exit code
 */
export async function view(context: Context, terminal: OwnTerminal, holder: Socket, waiting?: Disposable): Promise<number> {
  const viewer = new Viewer(context, terminal, holder, waiting);
  try {
    return await viewer.ended;
  } finally {
    viewer.close();
  }
}

class Viewer {
  readonly #context: Context;
  readonly #terminal: OwnTerminal;
  readonly #holder: Socket;
  readonly #waiting: Disposable | undefined;
  readonly #typed = new ReadStream(stdin);
  readonly #end = Promise.withResolvers<number>();
  readonly #backgroundLook: NodeJS.Timeout;
  #isOver = false;

  constructor(context: Context, terminal: OwnTerminal, holder: Socket, waiting: Disposable | undefined) {
    this.#context = context;
    this.#terminal = terminal;
    this.#holder = holder;
    this.#waiting = waiting;
    const reader = new FrameReader();
    holder
      .on('data', (chunk: Buffer) => {
        reader.push(chunk, this.#take);
      })
      .on('error', () => undefined)
      .on('close', this.#lost);
    // Until the terminal is ours: to read in the background stops the whole job (SIGTTIN).
    this.#typed.pause();
    this.#typed.on('data', (typed: Buffer) => holder.write(frame(frameKinds.input, typed))).on('error', this.#hangUp);
    for (const signal of forwarded) process.on(signal, this.#forward);
    process.on('SIGHUP', this.#hangUp).on('SIGWINCH', this.#tellSize).on('SIGCONT', this.#goOn);
    this.#backgroundLook = setInterval(this.#takeUp, backgroundLookMs);
    this.#takeUp();
  }

  get ended(): Promise<number> {
    return this.#end.promise;
  }

  close(): void {
    clearInterval(this.#backgroundLook);
    this.#waiting?.[Symbol.dispose]();
    for (const signal of forwarded) process.off(signal, this.#forward);
    process.off('SIGHUP', this.#hangUp).off('SIGWINCH', this.#tellSize).off('SIGCONT', this.#goOn);
    this.#holder.destroy();
    this.#typed.destroy();
    this.#terminal.leaveRaw();
  }

  readonly #take = (kind: number, payload: Buffer): void => {
    this.#waiting?.[Symbol.dispose]();
    if (kind === frameKinds.output) this.#show(payload);
    else if (kind === frameKinds.note) this.#note(payload.toString());
    else if (kind === frameKinds.stopped) this.#stop();
    else if (kind === frameKinds.ended) this.#finish((JSON.parse(payload.toString()) as Ended).exitCode);
  };

  #show(printed: Buffer): void {
    try {
      writeAll(stdout, printed);
    } catch {
      // EIO: the terminal is gone, and SIGHUP on its way.
    }
  }

  #note(text: string): void {
    this.#terminal.cooked(() => {
      this.#context.output.notes(text.split('\n'));
    });
  }

  /** The terminal is ours (again): what is typed is the command's. */
  readonly #takeUp = (): void => {
    if (this.#terminal.isRaw || !this.#terminal.isOurs) return;
    this.#terminal.enterRaw();
    this.#typed.resume();
    this.#tellSize();
  };

  /** The command was stopped, so we stop, with all of our job: the shell that waits for us is to see it. */
  #stop(): void {
    this.#typed.pause();
    this.#terminal.leaveRaw();
    process.kill(0, 'SIGTSTP');
    // SIGCONT, of which `goOn` hears, brings us back here; or nothing can stop us, as without a shell of jobs.
    this.#goOn();
  }

  readonly #goOn = (): void => {
    this.#holder.write(frame(frameKinds.resume));
    this.#takeUp();
  };

  readonly #forward = (signal: NodeJS.Signals): void => {
    this.#holder.write(frame(frameKinds.signal, signal));
  };

  readonly #tellSize = (): void => {
    this.#holder.write(frame(frameKinds.size, JSON.stringify(this.#terminal.size)));
  };

  readonly #hangUp = (): void => {
    this.#finish(hangupExit);
  };

  /** Without a last word: the holder was killed. */
  readonly #lost = (): void => {
    if (this.#isOver) return;
    this.#note('the holder of its terminal was killed, and the command hung up');
    this.#finish(exitCodes.software);
  };

  #finish(exitCode: number): void {
    this.#isOver = true;
    this.#end.resolve(exitCode);
  }
}
