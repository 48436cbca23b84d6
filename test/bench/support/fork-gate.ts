import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Waits for a byte, forks, says so; children and parent end when the pipe does. */
const program = `
  my $count = shift; $| = 1; print "ready\\n";
  sysread STDIN, my $go, 1;
  for (1 .. $count) { my $pid = fork // die "fork: $!"; next if $pid; sysread STDIN, my $end, 1; exit }
  print "forked\\n"; sysread STDIN, my $end, 1; 1 while wait > 0;
`;

/** A process that forks so many children at a word; they end with the pipe to this program, also where it is killed. */
export class ForkGate implements AsyncDisposable {
  readonly #parent: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(parent: ChildProcess) {
    this.#parent = parent;
    this.#ended = once(parent, 'exit').then(() => Promise.reject(new Error('the processes could not be forked')));
    this.#ended.catch(() => undefined);
  }

  /** @throws Error where there is no perl */
  static async start(count: number): Promise<ForkGate> {
    const gate = new ForkGate(spawn('perl', ['-e', program, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] }));
    await gate.#said();
    return gate;
  }

  get pid(): number {
    return this.#parent.pid ?? 0;
  }

  /** Has it fork. @returns milliseconds until all are there @throws Error where there is no room for so many */
  async open(): Promise<number> {
    const startMs = performance.now();
    this.#parent.stdin?.write('x');
    await this.#said();
    return performance.now() - startMs;
  }

  async #said(): Promise<void> {
    if (this.#parent.stdout === null) throw new Error('perl has no output');
    await Promise.race([once(this.#parent.stdout, 'data'), this.#ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#parent, 'exit');
    this.#parent.stdin?.end();
    await exited;
  }
}
