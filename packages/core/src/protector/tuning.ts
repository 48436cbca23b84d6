/**
 * The numbers of the protector that no mode changes, in one place. Times are milliseconds, shares 0 to 1, the unit is the
 * last word of a name.
 */
export const tuning = {
  /** The windows of a trend: seconds and minutes, and for the machine two below. */
  burstWindowMs: 150,
  recentWindowMs: 700,
  secondsWindowMs: 3_000,
  minutesWindowMs: 60_000,

  /** The machine is looked at so often at the least, and at the most. */
  machineIntervalMsMax: 1_000,
  machineIntervalMsMin: 20,
  /**
   * Who only tells looks at the machine and through its processes so often, while memory is plenty and did not move by more
   * than this share of all since the look before.
   */
  observeIntervalMs: 5_000,
  observeProcessIntervalMs: 60_000,
  stillShare: 0.005,
  /** The fastest that memory and swap are thought to fill where nothing was measured yet (earlyoom's numbers), a second. */
  memoryFillBytes: 6_000_000_000,
  swapFillBytes: 800_000_000,
  /** Looks through the process table take at most this share of a core: while half of memory is free, else, while a need is foreseen, where somebody has to be ended. */
  plentyProcessShare: 0.0005,
  calmProcessShare: 0.0015,
  toldProcessShare: 0.02,
  needProcessShare: 0.25,
  processIntervalMsMin: 50,
  toldProcessIntervalMsMin: 200,
  calmProcessIntervalMsMin: 2_000,
  processIntervalMsMax: 30_000,

  /** A used-up machine is foreseen, told, slowed, ended so far ahead; the last while it is over the mode's memory limit. */
  tellForecastMs: 120_000,
  throttleForecastMs: 30_000,
  /** Slowed is from this share of the mode's memory limit on. */
  throttleLimitShare: 0.8,
  endForecastMs: 6_000,
  /** SIGKILL without waiting for the grace. */
  killForecastMs: 1_500,
  /**
   * So little available memory, and free swap, is low: tasks that wait for memory then cost somebody. Half of it with memory
   * that still goes does too; a quarter, or half with tasks that wait, is answered by SIGKILL.
   */
  lowShare: 0.1,
  /** The share of time in which some, or all, tasks waited for memory: told, and acted on. */
  tellMemoryStallShare: 0.1,
  endMemoryStallShare: 0.25,
  stallWindowMs: 1_000,

  /** What counts as growth: of one process a second (by the window of minutes: less), and of the machine's use a second. */
  growthBytes: 1_000_000,
  slowGrowthBytes: 50_000,
  machineGrowthBytes: 2_000_000,
  /** So much of the up and down must be the trend. */
  growthExplainedShare: 0.5,
  /** What a process held while the machine was well follows what it holds by this window. */
  baselineWindowMs: 30_000,
  /** Smaller processes are no victims: their end would change nothing. */
  victimBytesMin: 2_000_000,

  /** CPU over the limit so long, with others waiting so much, is worth slowing somebody. */
  cpuOverMs: 10_000,
  cpuWaitShare: 0.2,
  /** A process slowed so long that still holds others up may be ended, where that is configured. */
  cpuKillAfterMs: 30_000,
  /** A core so full, so long, without input, output or child: probably a loop. */
  loopCpuShareMin: 0.95,
  loopCpuShareMax: 1.05,
  loopMs: 300_000,
  /** From then on its input and output are looked at. */
  loopSuspectMs: 10_000,

  /** From SIGTERM to SIGKILL, where memory does not ask for less. */
  graceMs: 5_000,
  /** A killed process that is still there (uninterruptible) is waited for so long before another is picked. */
  killWaitMs: 5_000,
  /** After a victim's exit the machine is given so long to show it: its memory is free before its exit is seen. */
  settleMs: 20,
  /** So long after a protected one was held nobody is ended: the trends still tell of its growth. */
  heldMs: 2_000,
  /** What was slowed is let go after so long without need. */
  restoreAfterMs: 10_000,

  /** The protected set's share of memory that is told of. */
  budgetShare: 0.8,
  /** The same thing is told again after so long at the soonest. */
  tellAgainMs: 60_000,
  diskIntervalMs: 30_000,
  /** A tick that comes so late is told of. */
  lateTickMs: 500,
  passedOverMax: 10,
  /** A protected process that caused so many times what the victim did is to blame. */
  blameFactor: 4,
  /**
   * So many small ones are ended at once at most. Where little is left, one that holds this share of memory is alone, if this
   * share of all growth is its own.
   */
  victimsMax: 32,
  reliefShare: 0.025,
  reliefGrowthShare: 0.5,
  /** Candidates of one kind whose real memory (PSS) is compared, and up to which size that is cheap. */
  weighedMax: 3,
  weighedBytesMax: 256 * 2 ** 20,
} as const;
