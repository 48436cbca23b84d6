import type { ProcessEntry, ProcessTable } from './ports.ts';

/** A process as it was seen on the way up. */
export interface Seen {
  readonly pid: number;
  readonly entry: ProcessEntry;
}

/** How often a step is taken again: a child that changes parents more often is being played with. */
const attemptsMax = 8;

/**
 * Steps towards init. Many who are asked about in one turn of the loop have the same ancestors, so a step that was taken
 * is known until the turn ends, for a child that still shows the same start and parent.
 */
export class Steps {
  readonly #table: ProcessTable;
  readonly #taken = new Map<number, { readonly entry: ProcessEntry; readonly parent: Seen }>();

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  /** As `parentOf`. */
  parentOf(child: Seen): Seen | undefined {
    const taken = this.#taken.get(child.pid);
    if (taken?.entry.startTicks === child.entry.startTicks && taken.entry.ppid === child.entry.ppid) return taken.parent;
    const parent = parentOf(this.#table, child);
    // What the child showed before counts only where the step was not taken again with another parent.
    if (parent?.pid === child.entry.ppid) this.#keep(child, parent);
    return parent;
  }

  #keep({ pid, entry }: Seen, parent: Seen): void {
    if (this.#table.atTurnEnd === undefined) return;
    if (this.#taken.size === 0) {
      this.#table.atTurnEnd(() => {
        this.#taken.clear();
      });
    }
    this.#taken.set(pid, { entry, parent });
  }
}

/**
 * One step towards init. A parent must have started no later than its child, and the child's ppid is read again after
 * the parent: if the parent died in between, the child has another one now and the step is taken again.
 *
 * @returns undefined at the top, and where the child is gone
 */
function parentOf(table: ProcessTable, child: Seen): Seen | undefined {
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
