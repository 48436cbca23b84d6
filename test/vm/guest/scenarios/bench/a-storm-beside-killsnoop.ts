import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuSeconds, rssBytes } from '#test/bench/support/process.ts';
import { startStubborn } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { strangersPerl } from '../../support/strangers.ts';
import { output } from '../../support/system.ts';

const storm = 100_000;
/** Prints its pid, and how long the storm took by its own clock (clock_gettime(2)), nanoseconds. */
const stormProgram = `
  my ($pid, $times) = map { $_ + 0 } @ARGV;
  my $now = "\\0" x 16;
  my $ns = sub { syscall(228, 1, $now); my ($s, $n) = unpack 'qq', $now; $s * 1e9 + $n };
  my $start = $ns->();
  for (1 .. $times) { kill 15, $pid }
  print "$$ ", $ns->() - $start;
`;

/** How a watcher did on the storm. */
interface Watched {
  readonly recorded: number;
  readonly cpuSeconds: number;
  readonly rssMiB: number;
  readonly killUs: number;
}

/** One storm each: watched by nobody, by the server, and by others' tools. Prints JSON. */
export async function run(): Promise<void> {
  await output('mount', '-t', 'debugfs', 'debugfs', '/sys/kernel/debug');
  await using target = await startStubborn();
  // The first run of anything is slow on an emulated machine, which translates it then.
  await send(target.pid);
  const bare = await send(target.pid);
  const omnid = await byOmnid(target.pid);
  const libbpf = await byTool(target.pid, '/usr/sbin/killsnoop', []);
  const bpftrace = await byTool(target.pid, '/usr/bin/bpftrace', ['/usr/sbin/killsnoop.bt']);
  console.log(JSON.stringify({ storm, bareKillUs: bare.killUs, omnid, libbpf, bpftrace }));
}

async function send(target: number): Promise<{ pid: number; killUs: number }> {
  const { stdout, stderr } = await strangersPerl(stormProgram, target, storm);
  const [pid = 0, ns = Number.NaN] = stdout.split(' ').map(Number);
  if (!(ns > 0)) throw new Error(stderr);
  return { pid, killUs: ns / 1000 / storm };
}

async function byOmnid(target: number): Promise<Watched> {
  await using served = await serve({ scope: 'system' });
  const { wire, omnid } = served;
  const before = cpuSeconds(omnid.pid);
  const { pid, killUs } = await send(target);
  const recorded = await settled(async () => {
    const { events } = await wire.call('history.query', { sender: pid, source: 'sentinel' });
    return events.reduce((sum, { count }) => sum + count, 0);
  });
  return { recorded, killUs, cpuSeconds: cpuSeconds(omnid.pid) - before, rssMiB: rssBytes(omnid.pid) / 2 ** 20 };
}

async function byTool(target: number, command: string, args: readonly string[]): Promise<Watched> {
  const file = `/tmp/${command.replaceAll('/', '-')}.txt`;
  const tool = spawn(command, args, { stdio: ['ignore', openSync(file, 'w'), 'inherit'] });
  const exited = once(tool, 'exit');
  try {
    await seesSignals(tool, target, file);
    const before = cpuSeconds(tool.pid ?? 0);
    const { pid, killUs } = await send(target);
    await settled(() => Promise.resolve(statSync(file).size));
    const used = { cpuSeconds: cpuSeconds(tool.pid ?? 0) - before, rssMiB: rssBytes(tool.pid ?? 0) / 2 ** 20 };
    // It writes what it has kept back.
    tool.kill('SIGINT');
    await exited;
    const ofSender = new RegExp(`\\b${String(pid)}\\s+perl\\b`, 'g');
    const recorded = readFileSync(file, 'latin1').match(ofSender)?.length ?? 0;
    return { recorded, killUs, ...used };
  } finally {
    tool.kill('SIGKILL');
  }
}

/** It tells of nothing until it is at work, and then of some of it only when it has a page full. */
async function seesSignals(tool: ChildProcess, target: number, file: string): Promise<void> {
  const before = statSync(file).size;
  while (statSync(file).size < before + 4096) {
    if (tool.exitCode !== null) throw new Error(`${tool.spawnfile} ended with ${String(tool.exitCode)}`);
    process.kill(target, 'SIGTERM');
    await wait(5);
  }
}

/** The value that stays the same for two seconds. */
async function settled(look: () => Promise<number>): Promise<number> {
  let last = await look();
  for (let same = 0; same < 4;) {
    await wait(500);
    const next = await look();
    same = next === last ? same + 1 : 0;
    last = next;
  }
  return last;
}
