import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface Sleeper extends AsyncDisposable {
  readonly pid: number;
}

/** A process that does nothing, until the end of the block. */
export async function sleeper(): Promise<Sleeper> {
  const child = spawn('sleep', ['infinity'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(end);
  return { pid: child.pid ?? 0, [Symbol.asyncDispose]: end };
}
