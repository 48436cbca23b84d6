import { readFileSync } from 'node:fs';

/** How many descriptors this process may have open (Node raises the soft limit to the hard one at its start). */
export function fdLimit(): number {
  const line = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
  const limit = Number(line?.[1]);
  return Number.isFinite(limit) ? limit : 1024 ** 2;
}
