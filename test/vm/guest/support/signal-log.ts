import type { SignalSeen } from '#linux/sentinel/events.ts';
import type { Sentinel } from '#linux/sentinel/sentinel.ts';
import { until } from '#test/support/server/until.ts';

/** All that a sentinel tells of signals, each event once, as it was told last. */
export class SignalLog {
  readonly #events = new Map<number, SignalSeen>();

  constructor(sentinel: Sentinel) {
    sentinel.onSignals((batch) => {
      for (const event of batch) this.#events.set(event.serial, event);
    });
  }

  /** What was told so far and fits, oldest first. */
  all(fits: (event: SignalSeen) => boolean = () => true): SignalSeen[] {
    return [...this.#events.values()].filter(fits);
  }

  /** Waits for the first that fits. */
  first(fits: (event: SignalSeen) => boolean): Promise<SignalSeen> {
    return until(() => this.all(fits)[0]);
  }

  /** How many signals the events that fit are. */
  count(fits: (event: SignalSeen) => boolean = () => true): number {
    return this.all(fits).reduce((sum, { count }) => sum + count, 0);
  }
}
