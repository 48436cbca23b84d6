/**
 * Every bound of the protocol, in one place. A bound that is hit is always a clear error that names it.
 * Units are the last word of a name.
 */
export const bounds = {
  /** One message on the wire, newline included. A longer one: error -32600, and the connection closes. */
  frameBytesMax: 1024 * 1024,
  /** A response page stops before this many bytes, so that it always fits a frame. */
  pageBytesMax: 768 * 1024,
  batchRequestsMax: 256,
  pageRowsMax: 1000,
  pageRowsDefault: 100,
  checkTargetsMax: 1024,
  /** Trees that are told of each protection rule. */
  ruleTreesMax: 20,

  labelCharsMax: 128,
  reasonCharsMax: 1024,
  commandLineBytesMax: 4096,
  ancestryLevelsMax: 8,

  explainedSignalsMax: 20,
  explainedHoldersMax: 8,

  pidMax: 2 ** 31 - 1,
  signalMax: 64,

  ttlMsMin: 100,
  ttlMsMax: 24 * 60 * 60 * 1000,
  ttlMsDefault: 30_000,
  maxMsMin: 100,
  maxMsMax: 366 * 24 * 60 * 60 * 1000,
  priorityMin: -100,
  priorityMax: 100,
  leaseDepthMax: 4,

  graceMsDefault: 10_000,
  graceMsMax: 60 * 60 * 1000,
  /** How long a SIGKILL may take to end a process before the answer is `survived` (uninterruptible sleep). */
  killWaitMs: 5_000,
} as const;

/** What a lease's id looks like. */
export const leaseIdPattern = '^ls-[a-z2-7]{16,32}$';
