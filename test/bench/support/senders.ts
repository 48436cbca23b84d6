import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Perl is on every Debian, and sends a million signals in a second. */
const perl = 'perl';

/** A process of the bench's own with a disposition for SIGTERM and SIGUSR1; ended at the end of the block. */
export class Target implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    this.pid = child.pid ?? 0;
  }

  /** @param how `handles`: by a function of its own; `ignores`: the kernel throws them away */
  static async start(how: 'handles' | 'ignores'): Promise<Target> {
    const action = how === 'handles' ? 'sub {}' : "'IGNORE'";
    // Should this program die, it ends with the pipe.
    const program = `$SIG{TERM} = $SIG{USR1} = ${action}; $| = 1; print "ready\\n"; <STDIN>`;
    // Perl's own queue of signals is short, and its overflow fatal: the function is called at once, as in C.
    const env = { ...process.env, PERL_SIGNALS: 'unsafe' };
    const child = spawn(perl, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'], env });
    await once(child.stdout, 'data');
    return new Target(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

/**
 * Runs a Perl program that sends signals.
 *
 * @param args its arguments, numbers
 * @returns its pid, and how long it took, milliseconds
 * @throws Error where it does not end with 0
 */
export async function runSender(program: string, args: readonly number[]): Promise<{ pid: number; ms: number }> {
  const startMs = performance.now();
  const child = spawn(perl, ['-e', program, '--', ...args.map(String)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (status !== 0) throw new Error(`the sender ended with ${String(signal ?? status)}`);
  return { pid: child.pid ?? 0, ms: performance.now() - startMs };
}
