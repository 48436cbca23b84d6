const checkMs = 10_000;

/** Ends a per-user server that has had nothing to do for a while: no lease, no connection, no acting protector. */
export class IdleEnd {
  readonly #timer: NodeJS.Timeout;
  #idleSinceMs: number;

  /**
   * @param idleEndMs how long; 0 never ends it
   * @param isBusy has it any of these?
   * @param nowMs CLOCK_MONOTONIC
   * @param end called once
   */
  constructor(idleEndMs: number, isBusy: () => boolean, nowMs: () => number, end: () => void) {
    this.#idleSinceMs = nowMs();
    this.#timer = setInterval(
      () => {
        if (isBusy()) this.#idleSinceMs = nowMs();
        else if (nowMs() - this.#idleSinceMs >= idleEndMs) {
          this.close();
          end();
        }
      },
      Math.min(checkMs, Math.max(idleEndMs / 4, 10)),
    );
    this.#timer.unref();
    if (idleEndMs === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
