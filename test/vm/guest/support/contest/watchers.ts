import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { adopt } from '#test/support/server/processes.ts';
import { serve, type Served } from '#test/support/server/served.ts';
import { mortal } from './cast.ts';
import type { WatcherName } from './kinds.ts';

/** The name of the job that is not to die. */
export const jobName = 'pytest';
/** Where Debian's daemons lie in the machine: test/vm/host/memory-daemons.ts. */
const peers = '/omnimind/peers';

export interface RunningWatcher extends AsyncDisposable {
  readonly pid: number | undefined;
  /** What it did and why, in its own words, the oldest first. */
  story(): Promise<readonly string[]>;
}

const silent = (): Promise<readonly string[]> => Promise.resolve([]);

/** Debian's service gives it no other arguments; `--avoid` is what its manual offers to spare a process. */
const earlyoom = [`${peers}/usr/bin/earlyoom`, '-r', '3600'];
const commands = {
  earlyoom,
  earlyoomAvoid: [...earlyoom, '--avoid', `(^|/)(${jobName})$`],
  // Without -W Python tells of a module that is out of date.
  nohang: [
    '/usr/bin/python3',
    '-W',
    'ignore',
    `${peers}/usr/sbin/nohang`,
    '--monitor',
    '--config',
    `${peers}/etc/nohang/nohang.conf`,
  ],
} as const satisfies Partial<Record<WatcherName, readonly string[]>>;
const lastWords = { earlyoom: 'SIGKILL when', earlyoomAvoid: 'SIGKILL when', nohang: 'Monitoring has started!' } as const;

/** Starts one who watches; the job is protected by a lease where that is the product. */
export async function startWatcher(name: WatcherName, jobPid: number): Promise<RunningWatcher> {
  if (name === 'nobody') return { pid: undefined, story: silent, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (name === 'omnid') {
    const served = await serveProtector();
    await served.wire.call('lease.register', { pid: jobPid, label: jobName });
    return {
      pid: served.omnid.pid,
      story: () => storyOf(served),
      [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
    };
  }
  const [command, ...rest] = mortal();
  // Both streams are one: earlyoom tells what it does on either.
  const args = [...rest, '/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', ...commands[name]];
  const child = adopt(spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true }));
  while (!(await child.line()).includes(lastWords[name])) continue;
  return { ...child, story: silent };
}

/**
 * A system server whose protector acts on the whole machine by the limits of mode test: for a virtual machine alone.
 *
 * @param settings more of [protector]
 */
export function serveProtector(settings = '', { sentinel = false } = {}): Promise<Served> {
  return serve({
    scope: 'system',
    config: `[protector]\nmode = "test"\nact = true\n${settings}[sentinel]\nenabled = ${String(sentinel)}\n`,
    env: { OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT: '' },
    prefix: mortal(),
  });
}

/** What the protector told and did, by its history: when, what, how often on end, why. */
export async function storyOf({ wire }: Served): Promise<readonly string[]> {
  const { events } = await wire.call('history.query', { source: 'protector', limit: 1000 });
  const lines: { at: number; words: string; times: number }[] = [];
  const first = Date.parse(events.at(-1)?.firstAt ?? '');
  for (const { firstAt, signal, outcome, target, reason } of events.toReversed()) {
    const words = [signal ?? '', outcome, target?.comm ?? '', reason].join(' ').trim();
    const last = lines.at(-1);
    if (last?.words === words) last.times += 1;
    else lines.push({ at: Date.parse(firstAt) - first, words, times: 1 });
  }
  return lines.map(({ at, words, times }) => `${String(at)} ms: ${words}${times === 1 ? '' : ` (${String(times)} times)`}`);
}

/** OOM kills of this boot. */
export function oomKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1] ?? 0);
}
