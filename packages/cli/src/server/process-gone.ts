import { readFileSync } from 'node:fs';

/** Has the process ended? One that is not reaped yet has: it holds no lock and no socket any more. */
export function processIsGone(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name may hold anything, parentheses too: the state follows the last one.
    return 'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}
