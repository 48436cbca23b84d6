import type { DropCause, DroppedSeen } from './events.ts';
import { layouts } from './layout.ts';
import { SharedArray } from './shared-array.ts';

/** In the order of enum drop_cause, bpf/events.h. */
export const dropCauses: readonly DropCause[] = ['signals', 'exits', 'oomKills', 'joins', 'marks', 'denials'];

const { size, members } = layouts.drop;
const LONGS = size / 8;

/** What the kernel side could not tell: exact counts by cause, with the time from the first to the last. */
export class Drops {
  readonly #array: SharedArray;

  /** @throws SystemCallError where the map cannot be mapped */
  constructor(fd: number) {
    this.#array = new SharedArray(fd, size * dropCauses.length);
    for (const index of dropCauses.keys()) this.#newSpan(index);
  }

  /** What was lost since the last call. */
  take(): DroppedSeen[] {
    const found: DroppedSeen[] = [];
    for (const [index, where] of dropCauses.entries()) {
      const count = this.#read(index, members.count);
      const told = this.#read(index, members.told);
      if (count === told) continue;
      this.#array.longs[index * LONGS + members.told / 8] = count;
      const firstNs = this.#read(index, members.first_ns);
      found.push({ where, count: Number(count - told), firstNs, lastNs: this.#read(index, members.last_ns) });
      this.#newSpan(index);
    }
    return found;
  }

  /** Idempotent; `take` must not be called after it. */
  close(): void {
    this.#array.close();
  }

  #read(index: number, member: number): bigint {
    return this.#array.longs[index * LONGS + member / 8] ?? 0n;
  }

  /** Has the next loss note its time as the first. */
  #newSpan(index: number): void {
    const at = (index * size + members.epoch) / 4;
    this.#array.words[at] = ((this.#array.words[at] ?? 0) + 1) >>> 0;
  }
}
