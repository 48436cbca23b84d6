import type { Fork, HeldProcess, ProcessEntry, ProcessTable } from './ports.ts';
import type { RuleCover } from './rules/cover.ts';

interface Parent {
  readonly entry: ProcessEntry;
  /** What rules cover it by. */
  readonly cover: RuleCover | undefined;
}

/** Thousands are forked by one parent: it is looked at once for all of them that come in one turn of the loop. */
export class ForkingParents {
  readonly #table: Pick<ProcessTable, 'entry' | 'atTurnEnd'>;
  readonly #coverOf: (pid: number, entry: ProcessEntry) => RuleCover | undefined;
  readonly #looked = new Map<number, Parent | undefined>();

  /** @param coverOf what rules cover the process by, given its line, which was just read */
  constructor(
    table: Pick<ProcessTable, 'entry' | 'atTurnEnd'>,
    coverOf: (pid: number, entry: ProcessEntry) => RuleCover | undefined,
  ) {
    this.#table = table;
    this.#coverOf = coverOf;
  }

  /**
   * The parent of a process that runs its parent's program still, with the same arguments and environment.
   *
   * @param held the process that was forked
   * @returns undefined where one of them has called exec since, the parent is gone, or it cannot be told
   */
  ofSameProgram({ parentPid }: Fork, { taken: { image, startTicks } }: HeldProcess): Parent | undefined {
    // 0: it must not be seen.
    if (image === undefined || image === 0) return undefined;
    const parent = this.#of(parentPid);
    const isOlder = Number(parent?.entry.startTicks) <= Number(startTicks);
    return parent?.entry.image === image && isOlder ? parent : undefined;
  }

  #of(pid: number): Parent | undefined {
    if (this.#looked.has(pid)) return this.#looked.get(pid);
    const entry = this.#table.entry(pid);
    const parent = entry === undefined ? undefined : { entry, cover: this.#coverOf(pid, entry) };
    const { atTurnEnd } = this.#table;
    if (atTurnEnd === undefined) return parent;
    if (this.#looked.size === 0) {
      atTurnEnd(() => {
        this.#looked.clear();
      });
    }
    this.#looked.set(pid, parent);
    return parent;
  }
}
