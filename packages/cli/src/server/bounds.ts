/** Every bound of starting and stopping a server, in one place. */
export const serverBounds = {
  /** From the start until the server answers: it recovers its leases before it listens. */
  startMsMax: 10_000,
  /** After the server that we started has ended: as long for the one that was faster, which holds the lock. */
  startByOtherMsMax: 2_000,
  startPollMs: 20,
  /** A server that stops answers what is in flight first. */
  stopMsMax: 15_000,
} as const;
