import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from '#protocol/identity.ts';

/** Linux tells CPU times in hundredths of a second on every architecture that is served (USER_HZ). */
const ticksPerSecond = 100;

/** What one process uses. */
export interface ProcessUsage {
  /** Of one core, averaged over the process's life, as ps(1) shows it. */
  readonly cpuPercent: number;
  /** Resident memory. */
  readonly memoryBytes: number;
}

/** Seconds since the boot, on the clock that start times are told in. */
export function uptimeSeconds(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

/**
 * Reads what a process uses.
 *
 * @param uptime of the machine, seconds
 * @returns undefined where the process is gone, or its pid belongs to another one
 */
export function readProcessUsage(identity: ProcessIdentity, uptime: number): ProcessUsage | undefined {
  const folder = `/proc/${String(identity.pid)}`;
  try {
    const stat = parseStat(readFileSync(`${folder}/stat`, 'utf8'));
    if (stat === undefined || stat.startTicks !== identity.startTicks) return undefined;
    const memoryBytes = parseResident(readFileSync(`${folder}/status`, 'utf8'));
    const lifeSeconds = Math.max(1 / ticksPerSecond, uptime - Number(stat.startTicks) / ticksPerSecond);
    return { cpuPercent: (100 * stat.cpuTicks) / ticksPerSecond / lifeSeconds, memoryBytes };
  } catch {
    return undefined;
  }
}

interface Stat {
  readonly startTicks: string;
  readonly cpuTicks: number;
}

/**
 * Takes user time, system time and start time from /proc/PID/stat.
 *
 * @param text the file; the name in it may hold spaces, parentheses and newlines, so fields count from the last `)`
 */
export function parseStat(text: string): Stat | undefined {
  // The third field of stat(5) is the first here.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks, startTicks] = [fields[11], fields[12], fields[19]];
  if (userTicks === undefined || systemTicks === undefined || startTicks === undefined) return undefined;
  return { startTicks, cpuTicks: Number(userTicks) + Number(systemTicks) };
}

/** Takes the resident memory from /proc/PID/status, which tells it in kilobytes whatever the size of a page. */
export function parseResident(text: string): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}
