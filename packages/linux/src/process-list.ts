import { readdirSync } from 'node:fs';

/**
 * The pids of all processes that /proc shows, ascending; threads are not among them. A process that starts or ends
 * meanwhile may be missing or gone.
 * @throws the error of open(2) where /proc is not mounted
 */
export function listPids(): number[] {
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first >= 0x31 && first <= 0x39) pids.push(Number(name));
  }
  // libuv hands the names out in their order as texts.
  return pids.toSorted((a, b) => a - b);
}
