import type { Member } from './lease.ts';

/** What happened to one process of the protected set. */
export type ProtectionChange =
  | { readonly kind: 'added'; readonly member: Member }
  | { readonly kind: 'removed'; readonly member: Member };

/**
 * The protected set's generation: it grows at each change, and never goes back, so that a killer can tell whether
 * the set that it took is still the one that holds.
 */
export class ProtectedSet {
  #generation: number;
  readonly #listeners = new Set<(change: ProtectionChange, generation: number) => void>();

  /** @param generation larger than any that an earlier server gave */
  constructor(generation: number) {
    this.#generation = generation;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Hears of every change, at once. @returns what ends that */
  listen(listener: (change: ProtectionChange, generation: number) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  added(member: Member): void {
    this.#tell({ kind: 'added', member });
  }

  /** Another lease is its innermost now, or a rule covers it: told as an addition, which replaces what was known. */
  changed(member: Member): void {
    this.#tell({ kind: 'added', member });
  }

  removed(member: Member): void {
    this.#tell({ kind: 'removed', member });
  }

  #tell(change: ProtectionChange): void {
    this.#generation += 1;
    for (const listener of this.#listeners) listener(change, this.#generation);
  }
}
