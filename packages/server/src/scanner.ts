import type { LeaseTable } from '#core/lease-table.ts';
import type { ProcessEntry, ProcessTable } from '#core/ports.ts';
import type { RuleCoverage } from '#core/rules/coverage.ts';
import { listPids } from '#linux/process-list.ts';
import { SharedRun } from './shared-run.ts';
import { inSlices } from './slices.ts';

/** Looks that nobody asked for take at most this share of a core. */
const shareOfCore = 1 / 3000;
/** The entries were read one after another: with reused pids they can even make a ring. */
const levelsMax = 4096;
const intervalMsMin = 1000;
const intervalMsMax = 60_000;

/**
 * Looks through the process table for members, and for those whom rules cover, that nobody has asked about yet, so that they are known (and stay
 * known) before their parents exit. Without the sentinel this is what finds a child between two questions.
 */
export class Scanner {
  readonly #leases: LeaseTable;
  readonly #rules: RuleCoverage;
  readonly #table: ProcessTable;
  readonly #onError: (error: unknown) => void;
  readonly #looks = new SharedRun(() => this.#look());
  #timer: NodeJS.Timeout | undefined;
  #soon = false;
  #closed = false;
  #costMs = 0;

  /** @param onError told why a look failed that nobody waits for */
  constructor(leases: LeaseTable, rules: RuleCoverage, table: ProcessTable, onError: (error: unknown) => void) {
    this.#leases = leases;
    this.#rules = rules;
    this.#table = table;
    this.#onError = onError;
  }

  /** Looks. Those who ask while a look is under way share the next one. */
  scan(): Promise<void> {
    return this.#looks.run();
  }

  async #look(): Promise<void> {
    if ((this.#leases.size === 0 && this.#rules.rules.length === 0) || this.#closed) return;
    const { members, membership } = this.#leases;
    const { version } = membership;
    const found = members.foundCount;
    const entries = new Map<number, ProcessEntry>();
    const pids = listPids();
    let costMs = await inSlices(pids, (pid) => {
      const known = members.known(pid);
      // A lease may have been granted between it and the tree that it is known in.
      if (known !== undefined && known.resolvedAt !== membership.version) membership.coverage(pid);
      if (known !== undefined) return;
      const entry = this.#table.entry(pid);
      if (entry !== undefined && !entry.kernelThread) entries.set(pid, entry);
    });
    // Who matches a rule comes first: what it started is then found by descent.
    costMs += await inSlices([...entries], ([pid, entry]) => {
      if (this.#rules.matches(pid, entry)) this.#rules.of(pid);
    });
    costMs += await inSlices([...entries.keys()], (pid) => {
      if (!this.#mayBeMember(pid, entries)) return;
      membership.coverage(pid);
      this.#rules.of(pid);
    });
    this.#rules.keepOnly(new Set(pids));
    this.#costMs = costMs;
    if (this.#table.markedLease !== undefined && members.foundCount === found) membership.allMarked(version);
  }

  /** A first guess from what was just read; the membership rule then decides, and reads everything again. */
  #mayBeMember(pid: number, entries: ReadonlyMap<number, ProcessEntry>): boolean {
    let entry = entries.get(pid);
    for (let level = 0; entry !== undefined && entry.ppid > 1 && level < levelsMax; level += 1) {
      if (this.#leases.members.known(entry.ppid) !== undefined) return true;
      entry = entries.get(entry.ppid);
    }
    if (this.#table.markedLease?.(pid) !== undefined) return true;
    return this.#leases.hasMarkers && this.#table.markerDigest(pid) !== undefined;
  }

  /** Out of descriptors, say: the next look may succeed, and nobody waits for this one. */
  async #tryScan(): Promise<void> {
    try {
      await this.scan();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Looks by itself from now on. What the first looks cost, that have everything to read, says nothing of the later ones. */
  start(): void {
    this.#lookIn(intervalMsMin);
  }

  /** The more seldom the more a look costs. */
  #lookAgain(): void {
    this.#lookIn(Math.min(Math.max(this.#costMs / shareOfCore, intervalMsMin), intervalMsMax));
  }

  #lookIn(waitMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#tryScan().then(() => {
        this.#lookAgain();
      });
    }, waitMs);
    this.#timer.unref();
  }

  /** Looks in this turn's wake, once however often it is asked. */
  soon(): void {
    if (this.#soon || this.#closed) return;
    this.#soon = true;
    setTimeout(
      () => {
        this.#soon = false;
        void this.#tryScan();
      },
      Math.max(10, this.#costMs * 20),
    ).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looks.running?.catch(() => undefined);
  }
}
