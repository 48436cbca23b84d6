import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readMemory } from '#linux/memory.ts';
import { cpuSeconds, rssBytes } from '#test/bench/support/process.ts';
import { adopt, runs, type TestProcess } from '#test/support/server/processes.ts';
import { serve, type Served } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

const mebibyte = 2 ** 20;

/** Takes `size` MiB at once and stays so, or after a word on its pipe takes more: `chunk` MiB each `pauseMs`. */
const program = `
  my ($size, $chunk, $pause, $deaf, $most) = @ARGV;
  $SIG{TERM} = 'IGNORE' if $deaf;
  $| = 1;
  my @all = map { 'x' x (1 << 20) } 1 .. $size;
  print "ready\\n";
  open my $go, '<&=', 3; sysread $go, my $word, 1;
  while ($chunk > 0 && @all < $most) {
    push @all, map { 'x' x (1 << 20) } 1 .. $chunk;
    select undef, undef, undef, $pause / 1000 if $pause > 0;
  }
  sysread $go, $word, 1;
`;

/** Wakes every 10 ms (by clock_gettime(2); the guest's perl has no modules), and says on the end of its pipe how late it was at most: what a person at the machine would feel. */
const tickerProgram = `
  my $buffer = "\\0" x 16;
  my $now = sub { syscall(228, 1, $buffer); my ($s, $ns) = unpack 'qq', $buffer; $s * 1e3 + $ns / 1e6 };
  $| = 1; print "ready\\n";
  open my $end, '<&=', 3; my $bits = ''; vec($bits, 3, 1) = 1;
  my ($last, $worst) = ($now->(), 0);
  until (select my $ready = $bits, undef, undef, 0.01) {
    my $time = $now->();
    $worst = $time - $last if $time - $last > $worst;
    $last = $time;
  }
  print "$worst\\n";
`;

export interface HogKind {
  readonly count?: number;
  readonly sizeMiB?: number;
  readonly chunkMiB: number;
  readonly pauseMs: number;
  readonly ignoresTerm?: boolean;
  /** A model server that holds this share of memory, and does nothing. */
  readonly innocentShare?: number;
}

/** The hogs of the issue that need nothing but memory. */
export const hogs = {
  steady: { chunkMiB: 4, pauseMs: 20 },
  sudden: { chunkMiB: 64, pauseMs: 0 },
  stubborn: { chunkMiB: 4, pauseMs: 20, ignoresTerm: true },
  leakBesideInnocent: { chunkMiB: 2, pauseMs: 20, innocentShare: 0.4 },
} as const satisfies Readonly<Record<string, HogKind>>;

/** Who watches: the product, Debian's earlyoom, or nobody but the kernel. */
export type Watcher = 'omnid' | 'earlyoom' | 'nobody';

export interface Contest {
  /** Hogs that had ended when memory was there again, and by which signals. */
  readonly hogsEnded: number;
  readonly signals: readonly (string | null)[];
  /** Innocents that died, by the watcher or by the kernel. */
  readonly bystandersLost: number;
  readonly kernelKills: number;
  /** From 10 % of memory available to the first hog's death; negative: it died before. Null: it never came to that. */
  readonly thresholdToDeathMs: number | null;
  readonly longestStallMs: number;
  readonly watcherCpuSeconds: number;
  readonly watcherRssMiB: number;
}

/** Lets hogs loose beside bystanders, with one who watches, until somebody has made room. */
export async function contest(watcher: Watcher, kind: HogKind): Promise<Contest> {
  await using stack = new AsyncDisposableStack();
  const start = async (...args: readonly number[]): Promise<TestProcess> => stack.use(await startHog(...args));
  const totalMiB = readMemory().memTotalBytes / mebibyte;
  const bystanders = [await start(20, 0, 0, 0, 0), await start(5, 0, 0, 0, 0)];
  if (kind.innocentShare !== undefined) bystanders.push(await start(Math.round(totalMiB * kind.innocentShare), 0, 0, 0, 0));
  const watch = stack.use(await startWatcher(watcher));
  const ticker = stack.use(await perl(tickerProgram, []));
  const running: TestProcess[] = [];
  for (let index = 0; index < (kind.count ?? 1); index += 1) {
    running.push(await start(kind.sizeMiB ?? 10, kind.chunkMiB, kind.pauseMs, kind.ignoresTerm === true ? 1 : 0, totalMiB));
  }
  const kernelKills = oomKills();
  const cpu = watch.pid === undefined ? 0 : cpuSeconds(watch.pid);
  const threshold = watchThreshold();
  for (const hog of running) hog.say('x');
  await Promise.race(running.map(({ ended }) => ended));
  const diedMs = performance.now();
  await settled(running);
  const result = {
    hogsEnded: running.filter(({ pid }) => !runs(pid)).length,
    signals: [...new Set(running.filter(({ pid }) => !runs(pid)).map(({ child }) => child.signalCode))],
    bystandersLost: bystanders.filter(({ pid }) => !runs(pid)).length,
    kernelKills: oomKills() - kernelKills,
    thresholdToDeathMs: threshold.stop(diedMs),
    watcherCpuSeconds: watch.pid === undefined ? 0 : cpuSeconds(watch.pid) - cpu,
    watcherRssMiB: watch.pid === undefined ? 0 : rssBytes(watch.pid) / mebibyte,
  };
  ticker.say('x');
  return { ...result, longestStallMs: Number(await ticker.line()) };
}

/** Every hog has ended, or memory is there and stays: those that are left have their fill. */
async function settled(running: readonly TestProcess[]): Promise<void> {
  let roomSinceMs = Infinity;
  await until(() => {
    if (running.every(({ pid }) => !runs(pid))) return true;
    const { memAvailableBytes, memTotalBytes } = readMemory();
    roomSinceMs = memAvailableBytes / memTotalBytes < 0.3 ? Infinity : Math.min(roomSinceMs, performance.now());
    return performance.now() - roomSinceMs > 3000;
  }, 50);
}

/** A process that takes memory: MiB at once, MiB a step, pause in ms, deaf to SIGTERM (1), MiB at most. */
export async function startHog(...args: readonly number[]): Promise<TestProcess> {
  return perl(program, args);
}

async function perl(text: string, args: readonly number[]): Promise<TestProcess> {
  const child = adopt(
    spawn('/usr/bin/perl', ['-e', text, ...args.map((each) => String(Math.round(each)))], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    }),
  );
  await child.line();
  return child;
}

/** When memory came to the threshold of the usual daemons, looked for every 5 ms. */
function watchThreshold(): { stop(diedMs: number): number | null } {
  let reachedMs: number | null = null;
  const timer = setInterval(() => {
    const { memAvailableBytes, memTotalBytes } = readMemory();
    if (memAvailableBytes / memTotalBytes <= 0.1) reachedMs ??= performance.now();
  }, 5);
  return {
    stop: (diedMs) => {
      clearInterval(timer);
      return reachedMs === null ? null : diedMs - reachedMs;
    },
  };
}

interface RunningWatcher extends AsyncDisposable {
  readonly pid: number | undefined;
}

async function startWatcher(watcher: Watcher): Promise<RunningWatcher> {
  if (watcher === 'nobody') return { pid: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (watcher === 'omnid') {
    const served = await serveProtector();
    return { pid: served.omnid.pid, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
  }
  const child = adopt(spawn('/usr/bin/earlyoom', ['-r', '0'], { stdio: ['pipe', 'pipe', 'inherit'] }));
  await child.line();
  return child;
}

/** A system server whose protector acts on the whole machine: for a virtual machine alone. */
export function serveProtector(): Promise<Served> {
  return serve({
    scope: 'system',
    config: '[protector]\nmode = "dev"\nact = true\n[sentinel]\nenabled = false\n',
    env: { OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT: '' },
  });
}

/** OOM kills of this boot. */
export function oomKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1] ?? 0);
}
