import { spawnSync } from 'node:child_process';
import koffi from 'koffi';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { SentinelUnavailable } from '#linux/sentinel/unavailable.ts';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, notRun, type BenchContext, type Row } from '../support/figure.ts';
import { measurePaired, spreadWords } from '../support/paired.ts';
import { Target } from '../support/senders.ts';
import { median } from '../support/statistics.ts';

export const figures: readonly FigureName[] = ['sentinel-kill-handled', 'sentinel-kill-unrecorded', 'sentinel-fork-exec'];

const SIGUSR1 = 10;
const SIGTERM = 15;
const batch = 200;
const batches = 100;
const commands = 300;
const pairs = 25;
const warmup = 3;

/** What the sentinel costs whoever sends a signal or starts a program: the same with and without it, in turn. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  try {
    await Sentinel.open({ guard: false }).close();
  } catch (error) {
    if (!(error instanceof SentinelUnavailable)) throw error;
    return figures.filter(context.wants).map((figure) => notRun(figure, error.message));
  }
  await using target = await Target.start('handles');
  const rows: Row[] = [];
  const take = async (figure: FigureName, measure: () => number): Promise<void> => {
    if (!context.wants(figure)) return;
    const pair = await measurePaired(() => underSentinel(measure), measure, { pairs, warmup });
    context.note(`${figure}: ${spreadWords(pair)}`);
    rows.push(measured(figure, pair));
  };
  await take('sentinel-kill-handled', () => killUs(target.pid, SIGTERM));
  await take('sentinel-kill-unrecorded', () => killUs(target.pid, SIGUSR1));
  await take('sentinel-fork-exec', forkExecUs);
  return rows;
}

async function underSentinel(measure: () => number): Promise<number> {
  await using _sentinel = Sentinel.open({ guard: false });
  return measure();
}

const kill = koffi.load(null).func('int kill(int pid, int signal)') as (pid: number, signal: number) => number;

/**
 * Called as a C program would, but for the tenth of a microsecond that a call from here takes. The median of many
 * batches: one in which this process, or its target, had to wait for a processor is the machine's matter.
 */
function killUs(pid: number, signal: number): number {
  return median(
    Array.from({ length: batches }, () => {
      const startMs = performance.now();
      for (let count = 0; count < batch; count += 1) if (kill(pid, signal) !== 0) throw new Error('kill failed');
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

/** One fork, one exec and one wait for each command, and nothing else; the median of them. */
function forkExecUs(): number {
  const args = ['-e', commandsProgram, '--', String(clockCall), String(commands)];
  const { status, stdout, stderr } = spawnSync('perl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`perl ended with ${String(status)}: ${stderr}`);
  return median(stdout.trim().split('\n').map(Number)) / 1000;
}
