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
  const child = spawn(name, args, { stdio: ['inherit', stdoutFd, 'inherit'] });
  const ended = endOf(child);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new NotStarted(name, error as NodeJS.ErrnoException);
  }
  return { pid: child.pid ?? 0, name, ended, [Symbol.dispose]: passSignalsOn(child) };
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

function passSignalsOn(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  const passUnlessTyped = (signal: NodeJS.Signals): void => {
    if (!isInForeground(readFileSync('/proc/self/stat', 'utf8'))) child.kill(signal);
  };
  for (const signal of passedOn) process.on(signal, pass);
  for (const signal of fromKeyboard) process.on(signal, passUnlessTyped);
  return () => {
    for (const signal of passedOn) process.off(signal, pass);
    for (const signal of fromKeyboard) process.off(signal, passUnlessTyped);
  };
}
