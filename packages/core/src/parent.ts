import type { HeldProcess, ProcessEntry, ProcessTable } from './ports.ts';

/** A process as it was seen on the way up. */
export interface Seen {
  readonly pid: number;
  readonly entry: ProcessEntry;
}

/** How often a step is taken again: a child that changes parents more often is being played with. */
const attemptsMax = 8;

/** Parents that are held in one turn, at most: each is a descriptor. */
const parentsMax = 64;

/**
 * Steps towards init. Many who are asked about in one turn of the loop have the same ancestors: what was read for one of
 * them serves the others, until the turn ends.
 */
export class Steps {
  readonly #table: ProcessTable;
  /** Steps that were taken, for a child that still shows the same start and parent. */
  readonly #taken = new Map<number, { readonly entry: ProcessEntry; readonly parent: Seen }>();
  /** Parents that more than one child has: held. Those that one child has so far: undefined. */
  readonly #parents = new Map<number, { readonly held: HeldProcess; readonly entry: ProcessEntry } | undefined>();

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  /**
   * One step.
   *
   * @param isFresh the child's line was read in this call of the rules, and so after all that is kept here
   * @returns undefined at the top, and where the child is gone
   */
  parentOf(child: Seen, isFresh: boolean): Seen | undefined {
    const taken = this.#taken.get(child.pid);
    if (taken?.entry.startTicks === child.entry.startTicks && taken.entry.ppid === child.entry.ppid) return taken.parent;
    const held = isFresh ? this.#heldParentOf(child) : undefined;
    if (held !== undefined) return held;
    const parent = parentOf(this.#table, child);
    // What the child showed before counts only where the step was not taken again with another parent.
    if (parent?.pid === child.entry.ppid) this.#keep(child, parent);
    return parent;
  }

  /**
   * A parent that lives still, and was held before the child's line was read, had its pid all the while: neither line
   * has to be read again.
   */
  #heldParentOf({ entry: child }: Seen): Seen | undefined {
    const parent = this.#parents.get(child.ppid);
    if (parent === undefined || startedAfter(parent.entry, child) || !parent.held.alive()) return undefined;
    return { pid: child.ppid, entry: parent.entry };
  }

  #keep({ pid, entry }: Seen, parent: Seen): void {
    if (this.#table.atTurnEnd === undefined) return;
    if (this.#taken.size === 0) {
      this.#table.atTurnEnd(() => {
        this.#forget();
      });
    }
    this.#taken.set(pid, { entry, parent });
    if (!this.#parents.has(parent.pid)) this.#parents.set(parent.pid, undefined);
    else if (this.#parents.get(parent.pid) === undefined) this.#hold(parent);
  }

  /** Where there are no more descriptors, lines are read again. */
  #hold({ pid }: Seen): void {
    if (this.#parents.size > parentsMax) return;
    try {
      const held = this.#table.hold(pid);
      const entry = held?.entry();
      if (held === undefined || entry === undefined) held?.close();
      else this.#parents.set(pid, { held, entry });
    } catch {
      return;
    }
  }

  #forget(): void {
    this.#taken.clear();
    for (const parent of this.#parents.values()) parent?.held.close();
    this.#parents.clear();
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
