import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** USER_HZ: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** User and system time that a live process has used, with that of its ended and awaited children left out. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The name may hold spaces and parentheses: the fields start after its last ')', at field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory. `smaps_rollup` counts exactly; VmRSS lags behind by up to 64 pages a thread. */
export function rssBytes(pid: number): number {
  const folder = `/proc/${String(pid)}`;
  let text: string;
  try {
    text = readFileSync(`${folder}/smaps_rollup`, 'utf8');
  } catch {
    text = readFileSync(`${folder}/status`, 'utf8');
  }
  const kib = /^(?:Rss|VmRSS):\s+(\d+) kB$/m.exec(text)?.[1];
  if (kib === undefined) throw new Error(`no resident memory in ${folder}: is the process gone?`);
  return Number(kib) * 1024;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The exit status that counts as done. */
  readonly status?: number;
}

/** Milliseconds from before the fork to after the wait. @throws where the command did not end as it should */
export function wallMs(command: string, args: readonly string[], options: CommandOptions = {}): number {
  const start = process.hrtime.bigint();
  const { status, signal, error, stderr } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: options.env,
    cwd: options.cwd,
  });
  const end = process.hrtime.bigint();
  if (error !== undefined) throw error;
  if (status !== (options.status ?? 0)) {
    throw new Error(`${command} ${args.join(' ')} ended with ${String(signal ?? status)}: ${stderr.toString()}`);
  }
  return Number(end - start) / 1e6;
}
