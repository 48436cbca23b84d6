import type { ExitSeen, JoinSeen } from '#linux/sentinel/events.ts';

/** Most of what a script forks is gone before this: it is protected all the while, and need not be kept in mind. */
const patienceMs = 50;
/** More than this at once are looked at without waiting. */
const waitingMax = 10_000;

/**
 * Processes that the kernel marked because their parent is. They are protected from their first instruction; here they
 * become members, so that `list` shows them and their lease does not end before them.
 */
export class Joins {
  readonly #waiting = new Map<number, JoinSeen>();
  readonly #admit: (join: JoinSeen) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param admit makes it a member, if it is there still */
  constructor(admit: (join: JoinSeen) => void) {
    this.#admit = admit;
  }

  seen(batch: readonly JoinSeen[]): void {
    for (const join of batch) this.#waiting.set(join.pid, join);
    if (this.#waiting.size > waitingMax) this.settle();
    this.#timer ??= setTimeout(() => {
      this.settle();
    }, patienceMs).unref();
  }

  gone(batch: readonly ExitSeen[]): void {
    for (const { pid, startTicks } of batch) {
      if (this.#waiting.get(pid)?.startTicks === startTicks) this.#waiting.delete(pid);
    }
  }

  /** Takes in whoever waits, now. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const joins = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const join of joins) this.#admit(join);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }
}
