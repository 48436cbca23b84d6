import type { ProcessEntry, ProcessTable } from './ports.ts';

/** A process as it was seen on the way up. */
export interface Seen {
  readonly pid: number;
  readonly entry: ProcessEntry;
}

/** How often a step is taken again: a child that changes parents more often is being played with. */
const attemptsMax = 8;

/**
 * One step towards init. A parent must have started no later than its child, and the child's ppid is read again after
 * the parent: if the parent died in between, the child has another one now and the step is taken again.
 *
 * @returns undefined at the top, and where the child is gone
 */
export function parentOf(table: ProcessTable, child: Seen): Seen | undefined {
  let { ppid } = child.entry;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (ppid <= 1) return undefined;
    const entry = table.entry(ppid);
    const again = table.entry(child.pid);
    if (again === undefined || again.startTicks !== child.entry.startTicks) return undefined;
    if (again.ppid === ppid) {
      if (entry === undefined || startedAfter(entry, child.entry)) return undefined;
      return { pid: ppid, entry };
    }
    ({ ppid } = again);
  }
  return undefined;
}

function startedAfter(parent: ProcessEntry, child: ProcessEntry): boolean {
  return Number(parent.startTicks) > Number(child.startTicks);
}
