import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { peakRssBytes } from './process.ts';

const lookMs = 20;

/** How a command went. */
export interface Watched {
  readonly ms: number;
  /** The last that was seen of its peak; the kernel forgets it with the process. */
  readonly peakBytes: number;
}

/** Runs a command to its end. @throws where it did not end with 0 */
export async function runWatched(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Watched> {
  const startMs = performance.now();
  const child = spawn(command, args, { stdio: 'ignore', env });
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child));
  }, lookMs);
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(signal ?? status)}`);
    return { ms: performance.now() - startMs, peakBytes };
  } finally {
    clearInterval(timer);
  }
}

/** What a command takes that waits, so long after its start; it is ended then. */
export async function waitingBytes(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  afterMs: number,
): Promise<number> {
  const child = spawn(command, args, { stdio: 'ignore', env });
  const exited = once(child, 'exit');
  try {
    await wait(afterMs);
    return peakOf(child);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

function peakOf({ pid }: ChildProcess): number {
  try {
    return pid === undefined ? 0 : peakRssBytes(pid);
  } catch {
    return 0;
  }
}
