import { spawnSync } from 'node:child_process';
import koffi from 'koffi';
import { median, percentile } from './statistics.ts';

const batch = 200;

const kill = koffi.load(null).func('int kill(int pid, int signal)') as (pid: number, signal: number) => number;

/**
 * One kill(2), as a C program would call it, but for the tenth of a microsecond that a call from here takes. The median of
 * many batches: one in which this process, or its target, had to wait for a processor is the machine's matter.
 *
 * @param result what each must return: 0, or -1 where it is to be refused
 * @returns microseconds
 */
export function killUs(pid: number, signal: number, { batches = 100, result = 0 } = {}): number {
  return median(
    Array.from({ length: batches }, () => {
      const startMs = performance.now();
      for (let count = 0; count < batch; count += 1) {
        if (kill(pid, signal) !== result) throw new Error(`kill did not return ${String(result)}`);
      }
      return ((performance.now() - startMs) / batch) * 1000;
    }),
  );
}

/** clock_gettime(2): perl-base has no clock that is finer than a second. */
const clockCall = process.arch === 'arm64' ? 113 : 228;
const commandsProgram = `
  my ($call, $count) = map { $_ + 0 } @ARGV;
  my $now = "\\0" x 16;
  my $ns = sub { syscall($call, 1, $now); my ($s, $n) = unpack 'qq', $now; $s * 1e9 + $n };
  for (1 .. $count) {
    my $start = $ns->();
    my $child = fork() // die $!;
    if ($child == 0) { exec '/bin/true'; die $! }
    waitpid $child, 0;
    printf "%d\\n", $ns->() - $start;
  }
`;

/** Of many commands, those in which nothing else of the machine got in the way. */
const undisturbed = 25;

/**
 * One fork, one exec and one wait for each of so many commands, and nothing else.
 * @returns microseconds, the lower quartile of them
 */
export function forkExecUs(commands: number): number {
  const args = ['-e', commandsProgram, '--', String(clockCall), String(commands)];
  const { status, stdout, stderr } = spawnSync('perl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`perl ended with ${String(status)}: ${stderr}`);
  return percentile(stdout.trim().split('\n').map(Number), undisturbed) / 1000;
}
