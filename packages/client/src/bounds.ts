/** Every bound of the client, in one place; those of the wire stand in the protocol's own. Units are the last word of a name. */
export const clientBounds = {
  /** From the first try until the server has said who it is; also how long a call waits for a connection that was lost. */
  connectTimeoutMsDefault: 5_000,
  requestTimeoutMsDefault: 30_000,
  /** Longest delay that a timer of Node takes; what is longer means no limit. */
  timerMsMax: 2 ** 31 - 1,

  /** First delay before a new connection is tried; it doubles with each failure. */
  reconnectDelayMsMin: 50,
  /** Below connectTimeoutMsDefault, so that a call that waits sees at least one more try. */
  reconnectDelayMsMax: 2_000,
  /** A server whose backlog is full answers EAGAIN: this long until the next try. */
  backlogRetryMs: 10,

  /** Requests without an answer, on one connection. */
  pendingRequestsMax: 10_000,
  /** Notices that came before the answer which names their subscription. */
  earlyNoticesMax: 1_024,
  /** Items that an iterator holds for a slow reader; what is more becomes one item that says how much is missing. */
  watchItemsMax: 1_024,

  /** A heartbeat lease is renewed this many times in its ttl: two may fail before it ends. */
  renewalsPerTtl: 3,
  /** After a renewal that failed: this many tries in a ttl. */
  renewalRetriesPerTtl: 10,
  /** A lease without a ttl needs no renewal; it is looked at, to report its loss. */
  processLeaseCheckMs: 30_000,
} as const;
