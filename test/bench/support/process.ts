import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

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
  return sizeBytes(pid, 'Rss') ?? sizeBytes(pid, 'VmRSS') ?? gone(pid);
}

/** The same, with what is shared counted in parts: a page that two processes have is half a page for each. */
export function pssBytes(pid: number): number {
  return sizeBytes(pid, 'Pss') ?? gone(pid);
}

/** The most that was resident since the start, or since `resetPeak`. */
export function peakRssBytes(pid: number): number {
  return sizeBytes(pid, 'VmHWM') ?? gone(pid);
}

/** The peak is what is resident now (proc_pid_clear_refs(5)). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
}

/** @returns undefined where the process is gone, or this kernel does not tell */
function sizeBytes(pid: number, name: 'Rss' | 'Pss' | 'VmRSS' | 'VmHWM'): number | undefined {
  const file = name.startsWith('Vm') ? 'status' : 'smaps_rollup';
  try {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${String(pid)}/${file}`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

function gone(pid: number): never {
  throw new Error(`/proc/${String(pid)} does not tell: is the process gone?`);
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
