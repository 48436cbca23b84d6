import { getPriority, setPriority } from 'node:os';

/** What `run` gives a command unless told otherwise: the editor stays responsive. */
const niceDefault = 10;

/**
 * Lowers (or, with the right, raises) a process's priority.
 *
 * @param nice -20 to 19; undefined: 10, and never above what the caller has already
 * @returns what failed, in the system's words; undefined where all is well
 */
export function setNice(pid: number, nice: number | undefined): string | undefined {
  try {
    setPriority(pid, nice ?? Math.max(niceDefault, getPriority(pid)));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
