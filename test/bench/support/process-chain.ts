import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
import { readParent } from '#linux/proc-stat.ts';

const generationsMax = 64;

/**
 * Each generation starts the next and waits for it; the last tells its pid and waits for the end of descriptor 3. Whoever
 * holds the other end of that pipe ends them all by closing it, and by dying.
 */
const script = `
if [ "$1" -gt 0 ]; then
  sh -c "$0" "$0" $(($1 - 1)) 3<&3 &
  wait
else
  echo $$
  read -r line <&3
fi
`;

/** The first generation's parent ends at once, so that init (or a subreaper) takes it: a chain of known length. */
const orphaning = 'sh -c "$1" "$1" "$2" 3<&3 &';

/** A root, and processes below it, each the child of the one before. */
export class ProcessChain implements AsyncDisposable {
  /** The last of the chain, then its parent, and so on up to what init started. */
  readonly pids: readonly number[];
  readonly #lifeline: Writable;
  readonly #output: Readable;

  private constructor(last: number, lifeline: Writable, output: Readable) {
    this.#lifeline = lifeline;
    this.#output = output;
    this.pids = ancestorsOf(last);
  }

  /** @param generations how many below the root */
  static async start(generations: number): Promise<ProcessChain> {
    const child = spawn('sh', ['-c', orphaning, 'sh', script, String(generations)], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    const lifeline = child.stdio[3];
    const { stdout } = child;
    if (!(lifeline instanceof Writable) || stdout === null) throw new Error('no pipe to the chain');
    const lines = createInterface({ input: stdout });
    const orphaned = once(child, 'exit');
    const [line] = (await once(lines, 'line')) as [string];
    await orphaned;
    return new ProcessChain(Number(line), lifeline, stdout);
  }

  get last(): number {
    return this.pids[0] ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#output.resume(), 'close');
    this.#lifeline.destroy();
    await closed;
  }
}

/** A process and all above it, init left out. */
function ancestorsOf(pid: number): number[] {
  const pids: number[] = [];
  for (let at = pid; at > 1 && pids.length < generationsMax; at = readParent(at)?.ppid ?? 0) pids.push(at);
  return pids;
}
