import type { BpfMap } from './bpf-map.ts';
import type { SignalSeen } from './events.ts';
import { layouts } from './layout.ts';
import type { SharedArray } from './shared-array.ts';

/** SLOTS_MAX, bpf/events.h. */
export const SLOTS_MAX = 4096;
/** An event with no repeat for so long is over; its slot rests as long again before another takes it. */
const QUIET_MS = 1000;

const { size, members } = layouts.slot;
const LONGS = size / 8;
const WORDS = size / 4;

/** Each costs a call of some microseconds: the end of a thousand events is spread over many looks. */
const LEAVING_PER_FLUSH = 512;
/** A program that has taken a slot has published its key within microseconds. */
const SETTLE_MS = 2;

/** What stays the same in all tellings of an event. */
export type Description = Omit<SignalSeen, 'count' | 'added' | 'final' | 'lastNs'>;

interface Tally {
  readonly slot: number;
  readonly key: Uint8Array;
  readonly description: Description;
  told: bigint;
  lastNs: bigint;
  /** Monotonic milliseconds: since when nothing has changed. */
  quietSinceMs: number;
  /** The kernel finds this slot no more; a program that had found it before may still count. */
  leaving: boolean;
}

export interface TallyMaps {
  readonly tallies: BpfMap;
  readonly slots: SharedArray;
  readonly freeSlots: BpfMap;
}

/** The counts that the kernel keeps of repeated signals (bpf/tally.h), from the first to the last of each kind. */
export class Tallies {
  readonly #maps: TallyMaps;
  readonly #open = new Map<number, Tally>();

  constructor(maps: TallyMaps) {
    this.#maps = maps;
  }

  /** Gives the kernel its free slots; for maps that are new. @throws SystemCallError where the map cannot be written */
  begin(): void {
    for (let slot = 0; slot < SLOTS_MAX; slot += 1) this.#free(slot);
  }

  /**
   * Takes over what an earlier reader counted; for maps that were its.
   *
   * @param describe what the key says of an event (struct tally_key)
   * @returns how many signals it had not told of, whose key it had taken away already
   */
  resume(describe: (key: Uint8Array, slot: number) => Description, nowMs: number): number {
    // Meanwhile the kernel finds no slot, and tells each signal by itself.
    while (this.#maps.freeSlots.take() !== undefined);
    // What a program took before that has its key by then.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
    for (const key of this.#maps.tallies.keys()) {
      const value = this.#maps.tallies.lookup(key);
      if (value === undefined) continue;
      const slot = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
      const description = describe(key, slot);
      const told = this.#read(slot, members.told);
      this.#open.set(slot, { slot, key, description, told, lastNs: description.firstNs, quietSinceMs: nowMs, leaving: false });
    }
    let lost = 0;
    for (let slot = 0; slot < SLOTS_MAX; slot += 1) {
      if (this.#open.has(slot)) continue;
      lost += Number(this.#read(slot, members.count) - this.#read(slot, members.told));
      this.#free(slot);
    }
    return lost;
  }

  /** How many kinds are being counted. */
  get size(): number {
    return this.#open.size;
  }

  #read(slot: number, member: number): bigint {
    return this.#maps.slots.longs[slot * LONGS + member / 8] ?? 0n;
  }

  /** The first telling of an event, or its first in full. @param key struct tally_key */
  admit(slot: number, key: Uint8Array, description: Description, nowMs: number): SignalSeen {
    const tally = { slot, key, description, told: 0n, lastNs: description.firstNs, quietSinceMs: nowMs, leaving: false };
    this.#open.set(slot, tally);
    return this.#tell(tally, false);
  }

  /** What has changed since the last call, and what is over. */
  flush(nowMs: number): SignalSeen[] {
    const found: SignalSeen[] = [];
    let calls = 0;
    for (const tally of this.#open.values()) {
      if (this.#hasChanged(tally)) {
        tally.quietSinceMs = nowMs;
        found.push(this.#tell(tally, false));
      } else if (nowMs - tally.quietSinceMs >= QUIET_MS && calls < LEAVING_PER_FLUSH) {
        calls += 1;
        if (tally.leaving) found.push(this.#finish(tally));
        else this.#leave(tally, nowMs);
      }
    }
    return found;
  }

  /** The last telling of everything; for when no program runs any more. */
  finishAll(): SignalSeen[] {
    return [...this.#open.values()].map((tally) => this.#finish(tally));
  }

  #hasChanged({ slot, told }: Tally): boolean {
    // The low half alone: a count cannot grow by 2^32 between two looks.
    return this.#maps.slots.words[slot * WORDS + members.count / 4] !== Number(told & 0xffff_ffffn);
  }

  #tell(tally: Tally, final: boolean): SignalSeen {
    const { longs } = this.#maps.slots;
    const at = tally.slot * LONGS;
    const count = longs[at + members.count / 8] ?? 0n;
    const lastNs = longs[at + members.last_ns / 8] ?? 0n;
    const added = Number(count - tally.told);
    // An event is written before its last time: two CPUs may leave the earlier of their times.
    if (lastNs > tally.lastNs) tally.lastNs = lastNs;
    tally.told = count;
    longs[at + members.told / 8] = count;
    return { ...tally.description, count: Number(count), added, final, lastNs: tally.lastNs };
  }

  #leave(tally: Tally, nowMs: number): void {
    this.#maps.tallies.delete(tally.key);
    tally.leaving = true;
    tally.quietSinceMs = nowMs;
  }

  #finish(tally: Tally): SignalSeen {
    this.#open.delete(tally.slot);
    const last = this.#tell(tally, true);
    this.#free(tally.slot);
    return last;
  }

  #free(slot: number): void {
    this.#maps.freeSlots.update(null, new Uint8Array(new Uint32Array([slot]).buffer));
  }
}
