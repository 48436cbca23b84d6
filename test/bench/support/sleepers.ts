import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Should this program die before it ends them, they end by themselves. */
const sleepSeconds = 1800;

/** Real processes that do nothing, until the end of the block. */
export class Sleepers implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  /** @param env what they carry besides this program's environment */
  static async start(count: number, env: NodeJS.ProcessEnv = {}): Promise<Sleepers> {
    const sleepers = new Sleepers();
    try {
      for (let index = 0; index < count; index += 1) await sleepers.#startOne({ ...process.env, ...env });
      return sleepers;
    } catch (error) {
      await sleepers[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #startOne(env: NodeJS.ProcessEnv): Promise<void> {
    const child = spawn('sleep', [String(sleepSeconds)], { stdio: 'ignore', env });
    this.#children.push(child);
    await once(child, 'spawn');
  }

  get pids(): readonly number[] {
    return this.#children.map(({ pid }) => pid ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#children.filter(
      ({ pid, exitCode, signalCode }) => pid !== undefined && exitCode === null && signalCode === null,
    );
    const exits = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(exits);
  }
}
