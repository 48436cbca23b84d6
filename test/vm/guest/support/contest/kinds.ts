/** What a process of the contest does with memory; sizes in MiB. */
export interface Taker {
  /** How many do it, each in a process of its own. */
  readonly count: number;
  /** Taken at once, before the start. */
  readonly sizeMiB: number;
  /** Taken at each step, and the pause after it. */
  readonly chunkMiB: number;
  readonly pauseMs: number;
  /** Then it holds what it has. */
  readonly mostMiB: number;
  readonly ignoresTerm: boolean;
  /** Once it has its fill it starts two of its like, which start two each, so many generations deep. */
  readonly generations: number;
}

/** One kind of hog, and what is special about the machine beside it. */
export interface HogKind extends Partial<Taker> {
  readonly chunkMiB: number;
  readonly pauseMs: number;
  /** A model server that holds this share of memory, and does nothing. */
  readonly innocentShare?: number;
  /** What the protected job comes to hold, a share of memory, at the speed of `jobChunkMiB` each 50 ms. */
  readonly jobShare?: number;
  readonly withSwap?: boolean;
  /** In a cgroup of its own, as a service is; else in one with the job and the bystanders, as in a session. */
  readonly isService?: boolean;
  /** The limit of that cgroup. */
  readonly limitMiB?: number;
}

/** The hogs of every comparison. Each is bounded: it ends, or has its fill, also where nobody does anything. */
export const hogs = {
  steady: { chunkMiB: 8, pauseMs: 20 },
  sudden: { chunkMiB: 64, pauseMs: 0 },
  stubborn: { chunkMiB: 8, pauseMs: 20, ignoresTerm: true },
  forkBomb: { sizeMiB: 0, chunkMiB: 2, pauseMs: 20, mostMiB: 12, generations: 7 },
  small: { count: 200, sizeMiB: 0, chunkMiB: 1, pauseMs: 300, mostMiB: 10 },
  besideProtected: { chunkMiB: 8, pauseMs: 20, jobShare: 0.4 },
  leakBesideInnocent: { chunkMiB: 2, pauseMs: 20, innocentShare: 0.5 },
  service: { chunkMiB: 8, pauseMs: 20, isService: true },
  limitedService: { chunkMiB: 8, pauseMs: 20, isService: true, limitMiB: 200 },
  steadyWithSwap: { chunkMiB: 8, pauseMs: 20, withSwap: true },
  suddenWithSwap: { chunkMiB: 64, pauseMs: 0, withSwap: true },
} as const satisfies Readonly<Record<string, HogKind>>;

export type HogName = keyof typeof hogs;
export const hogNames = Object.keys(hogs) as readonly HogName[];

/** Who watches: the product, earlyoom as its manual spares a process, Debian's daemons as they come, nobody but the kernel (who
 * may take the machine along, and so is the last). */
export const watcherNames = ['omnid', 'earlyoomAvoid', 'earlyoom', 'nohang', 'nobody'] as const;
export type WatcherName = (typeof watcherNames)[number];

/** How one of them did with one kind of hog. */
export interface Contest {
  readonly watcher: WatcherName;
  /** Processes that took memory and had ended when all was settled, and how many there had been. */
  readonly hogsEnded: number;
  readonly hogsSeen: number;
  /** Those that are held where they are: neither ended nor full, and memory goes no further. */
  readonly hogsHeld: number;
  /** Those that must not die and did, by name: the protected job, and who stood by. */
  readonly lost: readonly string[];
  readonly kernelKills: number;
  /** From the threshold (10 % of memory available, and of swap free) to the first hog's end; negative: before. Null: one of the two never came. */
  readonly deathMs: number | null;
  /** From the threshold to the last time that memory was below it. */
  readonly reliefMs: number | null;
  /** Of a ticker that wakes every 10 ms; null where it is among the lost. */
  readonly longestStallMs: number | null;
  readonly watcherCpuSeconds: number;
  readonly watcherRssMiB: number;
  /** All hogs had ended, had their fill or were held within the time that a contest has. */
  readonly settled: boolean;
  readonly tookMs: number;
  /** What the product told and did. */
  readonly story: readonly string[];
}
