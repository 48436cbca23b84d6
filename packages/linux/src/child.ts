import { closeSync, writeSync } from 'node:fs';
import { constants as os } from 'node:os';
import { SystemCallError } from './errno.ts';
import { createPipe, ignoreSignal, spawnInOwnGroup, waitForChild } from './ffi.ts';

const WNOHANG = 1;
const WUNTRACED = 2;
const WCONTINUED = 8;
const O_CLOEXEC = 0o2000000;
const WCORE_AND_SIGNAL = 0x7f;
const STOPPED = 0x7f;
const CONTINUED = 0xffff;

/** What became of a child (wait(2)). */
export type ChildChange =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'continued' };

/** How a child is started. */
export interface ChildOptions {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** What it has as standard input, output and error. */
  readonly terminal: number;
  /** The number under which it finds the pipe that it waits on. */
  readonly gateFd: number;
}

/** A child in a process group of its own in our session, as a shell starts a job: Node starts it in ours, or in another session. */
export interface GroupChild {
  readonly pid: number;
  /** Our side of the pipe that it waits on. */
  readonly gate: Gate;
}

/** A line that is said once, or never. */
export class Gate {
  #fd: number | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Says it, and closes. A child that was killed while it waited has no ears: that is its end's to tell. */
  say(line: string): void {
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, `${line}\n`);
    } catch {
      // EPIPE.
    }
    this.close();
  }

  /** Idempotent. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/**
 * Starts a child that leads a process group of its own.
 *
 * @throws SystemCallError where it cannot be started
 */
export function spawnGroup({ path, argv, env, terminal, gateFd }: ChildOptions): GroupChild {
  const ends = new Int32Array(2);
  const piped = createPipe(new Uint8Array(ends.buffer), O_CLOEXEC);
  if (piped < 0) throw new SystemCallError('pipe2', -piped);
  const [reading = -1, writing = -1] = ends;
  const environment = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const descriptors = [...[0, 1, 2].map((as) => [terminal, as] as const), [reading, gateFd] as const];
  const pid = spawnInOwnGroup({ path, argv, environment, descriptors });
  closeSync(reading);
  if (pid > 0) return { pid, gate: new Gate(writing) };
  closeSync(writing);
  throw new SystemCallError('posix_spawn', -pid, path);
}

/**
 * What happened to a child since it was last asked; it does not wait. After `exited` and `killed` its pid is free.
 *
 * @returns undefined where nothing did
 */
export function childChange(pid: number): ChildChange | undefined {
  const word = new Int32Array(1);
  const outcome = waitForChild(pid, new Uint8Array(word.buffer), WNOHANG | WUNTRACED | WCONTINUED);
  if (outcome < 0) throw new SystemCallError('waitpid', -outcome, pid);
  return outcome === 0 ? undefined : readStatus(word[0] ?? 0);
}

/** As the macros of wait(2) read it. */
export function readStatus(status: number): ChildChange {
  if (status === CONTINUED) return { kind: 'continued' };
  if ((status & 0xff) === STOPPED) return { kind: 'stopped' };
  const signal = status & WCORE_AND_SIGNAL;
  if (signal === 0) return { kind: 'exited', code: (status >> 8) & 0xff };
  return { kind: 'killed', signal: signalNamed(signal) };
}

function signalNamed(number: number): NodeJS.Signals {
  const name = Object.entries(os.signals).find(([, value]) => value === number)?.[0];
  return (name ?? `SIG${String(number)}`) as NodeJS.Signals;
}

/** Lets this process, which leads a session, hand its terminal to another group while it is in the background itself. */
export function ignoreBackgroundStops(): void {
  ignoreSignal(os.signals.SIGTTOU);
}
