import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from '#protocol/identity.ts';
import { pageBytes } from './page-size.ts';

/** USER_HZ: CPU times are told in hundredths of a second on every architecture that is served. */
const ticksPerSecond = 100;

/** What one process does at a moment. */
export interface ProcessSample {
  readonly pid: number;
  readonly comm: string;
  /** As ps(1) shows it: R, S, D, T, Z. */
  readonly state: string;
  /** Of one core, since the last sample; at the first one since the process was started. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

interface Before {
  readonly cpuTicks: number;
  readonly atSeconds: number;
}

type Who = Pick<ProcessIdentity, 'pid' | 'startTicks'>;

/**
 * Reads what processes use, one file for each, again and again. `top` does so with a thousand of them: the second file that
 * `list` reads (status) would double what it costs.
 */
export class UsageSampler {
  readonly #pageBytes = pageBytes();
  #before = new Map<string, Before>();

  /**
   * Samples.
   *
   * @param processes the live ones of these are in the result, by `keyOf`
   * @param uptimeSeconds of the machine, on the clock that start times are told in
   */
  sample(processes: Iterable<Who>, uptimeSeconds: number): ReadonlyMap<string, ProcessSample> {
    const samples = new Map<string, ProcessSample>();
    const now = new Map<string, Before>();
    for (const who of processes) {
      const key = keyOf(who);
      const stat = readStat(who);
      if (stat === undefined) continue;
      now.set(key, { cpuTicks: stat.cpuTicks, atSeconds: uptimeSeconds });
      const since = this.#before.get(key) ?? { cpuTicks: 0, atSeconds: Number(who.startTicks) / ticksPerSecond };
      const seconds = Math.max(1 / ticksPerSecond, uptimeSeconds - since.atSeconds);
      samples.set(key, {
        pid: who.pid,
        comm: stat.comm,
        state: stat.state,
        cpuPercent: (100 * Math.max(0, stat.cpuTicks - since.cpuTicks)) / ticksPerSecond / seconds,
        memoryBytes: stat.residentPages * this.#pageBytes,
      });
    }
    this.#before = now;
    return samples;
  }
}

/** Tells processes apart, though one has the pid that another had. */
export function keyOf({ pid, startTicks }: Who): string {
  return `${String(pid)}:${startTicks}`;
}

interface Stat {
  readonly comm: string;
  readonly state: string;
  readonly cpuTicks: number;
  readonly residentPages: number;
}

/** @returns undefined where the process is gone, or its pid belongs to another one */
function readStat({ pid, startTicks }: Who): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const end = text.lastIndexOf(')');
  // The third field of stat(5) is the first here.
  const fields = text.slice(end + 2).split(' ', 22);
  if (fields[19] !== startTicks) return undefined;
  return {
    comm: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '?',
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    residentPages: Math.max(0, Number(fields[21])),
  };
}
