import type { Logger } from 'pino';
import type { Member } from '#core/lease.ts';
import { clock } from '../machine.ts';

/** A tree that forks past the bound is told of once in so long. */
const quietMs = 60_000;

/** Says which uid has more processes than it may have guarded: once a minute, however many they are. */
export class NoRoomLog {
  readonly #log: Logger;
  readonly #processesPerUidMax: number;
  readonly #toldAtMs = new Map<number, number>();

  constructor(log: Logger, processesPerUidMax: number) {
    this.#log = log;
    this.#processesPerUidMax = processesPerUidMax;
  }

  note({ pid }: Member, uid: number): void {
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#toldAtMs.get(uid) ?? -Infinity) < quietMs) return;
    this.#toldAtMs.set(uid, nowMs);
    this.#log.warn(
      { uid, pid, processesPerUidMax: this.#processesPerUidMax },
      'not guarded: the uid has as many processes guarded as it may',
    );
  }
}
