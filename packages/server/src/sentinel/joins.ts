import type { ExitSeen, JoinSeen } from '#linux/sentinel/events.ts';
import { SharedRun } from '../shared-run.ts';
import { inSlices } from '../slices.ts';

/** Most of what a script forks is gone before this: it is protected all the while, and need not be kept in mind. */
const patienceMs = 50;
/** More than this at once are looked at without waiting. */
const waitingMax = 10_000;

/**
 * Processes that the kernel marked because their parent is. They are protected from their first instruction; here they
 * become members, so that `list` shows them and their lease does not end before them. A tree may fork thousands at once:
 * they are taken in a few at a time, and whoever asks the server something is answered meanwhile.
 */
export class Joins {
  readonly #waiting = new Map<number, JoinSeen>();
  readonly #admit: (join: JoinSeen) => void;
  readonly #onError: (error: unknown) => void;
  readonly #runs = new SharedRun(() => this.#takeIn());
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param admit makes it a member, if it is there still
   * @param onError told why some could not be looked at
   */
  constructor(admit: (join: JoinSeen) => void, onError: (error: unknown) => void) {
    this.#admit = admit;
    this.#onError = onError;
  }

  seen(batch: readonly JoinSeen[]): void {
    for (const join of batch) {
      // Whoever has the pid now comes last.
      this.#waiting.delete(join.pid);
      this.#waiting.set(join.pid, join);
    }
    if (this.#waiting.size > waitingMax) void this.settle();
    this.#timer ??= setTimeout(() => {
      void this.settle();
    }, patienceMs).unref();
  }

  gone(batch: readonly ExitSeen[]): void {
    for (const { pid, startTicks } of batch) {
      if (this.#waiting.get(pid)?.startTicks === startTicks) this.#waiting.delete(pid);
    }
  }

  /** Takes in whoever waits. @returns resolves when all are taken in that waited at the call */
  settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#runs.run();
  }

  /** So many as wait now: a tree that forks for ever must not make this endless. */
  async #takeIn(): Promise<void> {
    let error: unknown;
    await inSlices(this.#firstOnes(this.#waiting.size), (join) => {
      try {
        this.#admit(join);
      } catch (cause) {
        error = cause;
      }
    });
    // Out of descriptors, say. One word for all of them.
    if (error !== undefined) this.#onError(error);
  }

  *#firstOnes(count: number): Generator<JoinSeen> {
    let left = count;
    for (const [pid, join] of this.#waiting) {
      if (left === 0) return;
      left -= 1;
      this.#waiting.delete(pid);
      yield join;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }
}
