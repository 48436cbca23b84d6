import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isInForeground } from '../run/forward-signals.ts';

const notFound = 127;
const notExecutable = 126;
const signalExitBase = 128;
const passedOn = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const;
/** From a keyboard these reach the command too: it is in the same process group. */
const fromKeyboard = ['SIGINT', 'SIGQUIT'] as const;

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command under trace: as it would run without, but for its parent. */
export interface TracedCommand extends Disposable {
  readonly pid: number;
  readonly name: string;
  readonly ended: Promise<CommandEnd>;
}

/** The command could not be started. */
export class NotStarted extends Error {
  /** As env(1) and shells have it: 127 where there is no such command, 126 where it cannot be executed. */
  readonly exitCode: number;

  /** @param cause the system's error */
  constructor(name: string, cause: NodeJS.ErrnoException) {
    const isMissing = cause.code === 'ENOENT';
    super(`${name}: ${isMissing ? 'no such command' : `cannot be executed (${cause.code ?? cause.message})`}`, { cause });
    this.exitCode = isMissing ? notFound : notExecutable;
  }
}

/**
 * Starts a command, and passes signals on to it.
 *
 * @param words program and arguments
 * @param stdoutFd where its standard output goes
 * @throws NotStarted
 */
export async function startTraced(words: readonly string[], stdoutFd: number): Promise<TracedCommand> {
  const [name = '', ...args] = words;
  // Before it runs: a signal that comes at its first word would end the trace, and leave it behind.
  const passing = passSignals();
  const child = spawn(name, args, { stdio: ['inherit', stdoutFd, 'inherit'] });
  passing.to(child);
  const ended = endOf(child);
  try {
    await once(child, 'spawn');
  } catch (error) {
    passing.end();
    throw new NotStarted(name, error as NodeJS.ErrnoException);
  }
  return {
    pid: child.pid ?? 0,
    name,
    ended,
    [Symbol.dispose]: () => {
      passing.end();
    },
  };
}

/** What the trace ends with: the command's own code, or 128 + the signal that ended it. */
export function exitCodeOf({ code, signal }: CommandEnd): number {
  return signal === null ? (code ?? signalExitBase) : signalExitBase + constants.signals[signal];
}

function endOf(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
}

interface Passing {
  /** Who they are passed on to. Call in the turn in which it was started: handlers run in a later one. */
  to(child: ChildProcess): void;
  end(): void;
}

function passSignals(): Passing {
  let to: ChildProcess | undefined;
  const pass = (signal: NodeJS.Signals): void => {
    to?.kill(signal);
  };
  const passUnlessTyped = (signal: NodeJS.Signals): void => {
    if (!isInForeground(readFileSync('/proc/self/stat', 'utf8'))) to?.kill(signal);
  };
  for (const signal of passedOn) process.on(signal, pass);
  for (const signal of fromKeyboard) process.on(signal, passUnlessTyped);
  return {
    to: (child) => {
      to = child;
    },
    end: () => {
      for (const signal of passedOn) process.off(signal, pass);
      for (const signal of fromKeyboard) process.off(signal, passUnlessTyped);
    },
  };
}
