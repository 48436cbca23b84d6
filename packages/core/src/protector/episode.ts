import { isAtLeast, type NeedLevel } from './need.ts';
import { tuning } from './tuning.ts';

/** What is to be done with the victim, or to find one. */
export type EpisodeStep = 'wait' | 'pick' | 'kill' | 'ended' | 'spared' | 'stuck';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asked'; readonly sinceMs: number }
  | { readonly kind: 'killed'; readonly sinceMs: number }
  | { readonly kind: 'settling'; readonly untilMs: number };

/**
 * One victim from SIGTERM to its exit, and none beside it: asked; after the grace looked at again, by time and by memory;
 * killed where the machine still needs it; waited for. The clock is passed in, and what it returns is done by others.
 */
export class Episode {
  readonly #graceMs: number;
  #state: State = { kind: 'idle' };

  /** @param graceMs from SIGTERM to SIGKILL where memory allows it */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Is somebody asked, killed, or just gone? */
  get isActive(): boolean {
    return this.#state.kind !== 'idle';
  }

  /**
   * What now?
   *
   * @param nowMs CLOCK_MONOTONIC
   * @param level what the machine needs by the newest reading
   * @param isAlive the victim is; without a victim it does not matter
   */
  next(nowMs: number, level: NeedLevel, isAlive: boolean): EpisodeStep {
    const state = this.#state;
    switch (state.kind) {
      case 'idle':
        return isAtLeast(level, 'end') ? 'pick' : 'wait';
      case 'settling':
        if (nowMs < state.untilMs) return 'wait';
        this.#state = { kind: 'idle' };
        return isAtLeast(level, 'end') ? 'pick' : 'wait';
      case 'asked':
        if (!isAlive) return this.#over(nowMs, 'ended');
        if (level === 'kill') return 'kill';
        if (nowMs - state.sinceMs < this.#graceMs) return 'wait';
        // Its grace is over. Where the machine has recovered meanwhile nobody has to die; where it is not sure yet, it can wait.
        if (isAtLeast(level, 'end')) return 'kill';
        return isAtLeast(level, 'throttle') ? 'wait' : this.#over(nowMs, 'spared');
      case 'killed':
        if (!isAlive) return this.#over(nowMs, 'ended');
        return nowMs - state.sinceMs < tuning.killWaitMs ? 'wait' : this.#over(nowMs, 'stuck');
    }
  }

  /** SIGTERM was sent. */
  asked(nowMs: number): void {
    this.#state = { kind: 'asked', sinceMs: nowMs };
  }

  /** SIGKILL was sent. */
  killed(nowMs: number): void {
    this.#state = { kind: 'killed', sinceMs: nowMs };
  }

  /** The signal could not be sent, or must not be any more: another is picked after a moment. */
  dropped(nowMs: number): void {
    this.#over(nowMs, 'ended');
  }

  #over(nowMs: number, step: 'ended' | 'spared' | 'stuck'): EpisodeStep {
    this.#state = { kind: 'settling', untilMs: nowMs + tuning.settleMs };
    return step;
  }
}
