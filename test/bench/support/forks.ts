import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Forks and nothing else: a tenth of the time that as many commands take. Each ends when the pipe does. */
const program = `
  my $count = shift;
  for (1 .. $count) { my $pid = fork // die "fork: $!"; next if $pid; sysread STDIN, my $end, 1; exit }
  $| = 1; print "ready\\n"; sysread STDIN, my $end, 1; 1 while wait > 0;
`;

/** Thousands of processes that do nothing; they end with the pipe to this program, also where it is killed. */
export class Forks implements AsyncDisposable {
  readonly #parent: ChildProcess;

  private constructor(parent: ChildProcess) {
    this.#parent = parent;
  }

  /** @throws Error where there is no perl, or no room for so many */
  static async start(count: number): Promise<Forks> {
    const parent = spawn('perl', ['-e', program, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(parent, 'exit').then(() => Promise.reject(new Error(`${String(count)} processes could not be forked`)));
    await Promise.race([once(parent.stdout, 'data'), ended]);
    ended.catch(() => undefined);
    return new Forks(parent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#parent, 'exit');
    this.#parent.stdin?.end();
    await exited;
  }
}
