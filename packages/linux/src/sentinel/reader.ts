import { monotonicMs } from '../clock.ts';
import { watchReadable, type LoopWatch } from '../ffi.ts';
import { Batch, type KeyedSignal } from './batch.ts';
import { BpfMap } from './bpf-map.ts';
import { NO_SLOT } from './decode-signal.ts';
import { TaskDetails } from './details.ts';
import { Drops } from './drops.ts';
import type { SignalSeen } from './events.ts';
import { ExecMemory } from './exec-memory.ts';
import type { Feeds } from './feeds.ts';
import { layouts } from './layout.ts';
import type { KernelSide } from './kernel-side.ts';
import { describeKey } from './resumed.ts';
import { Ring } from './ring.ts';
import { SharedArray } from './shared-array.ts';
import { SLOTS_MAX, Tallies, type Description } from './tallies.ts';

/** How soon a repeat is told: each telling is a write of the server's, with its fsync. */
const FLUSH_MS = 100;
/** Room for a tally key and its slot's number. */
const KEY_BYTES = layouts.tally_key.size;
/** What may stay in a held ring that nobody needs any more. */
const UNRELEASED_BYTES_MAX = 64 * 1024;
/** How soon a loss is told that no event announces. */
const IDLE_MS = 1000;

export interface ReaderOptions {
  /** Size of the ring. */
  readonly ringBytes: number;
  /** What is read stays in the ring until it is released. */
  readonly held: boolean;
  /** The maps were an earlier reader's. */
  readonly adopted: boolean;
}

/**
 * Takes what the programs write, and tells it: first events as soon as they are in the ring, repeats from their counts.
 * The program does not wait for it at its end.
 */
export class EventReader {
  readonly #feeds: Feeds;
  readonly #ring: Ring;
  readonly #slots: SharedArray;
  readonly #tallies: Tallies;
  readonly #drops: Drops;
  readonly #details: TaskDetails;
  readonly #fd: number;
  #loop: LoopWatch | undefined;
  readonly #held: boolean;
  #serial = 0;
  #toldTo = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Infinity;

  /**
   * Reads nothing before `begin`.
   * @throws SystemCallError where a map cannot be mapped
   */
  constructor(object: KernelSide, { ringBytes, held, adopted }: ReaderOptions, feeds: Feeds) {
    const map = (name: string, valueBytes: number, keyBytes = 0): BpfMap =>
      new BpfMap(object.mapFd(name), valueBytes, keyBytes);
    this.#feeds = feeds;
    this.#held = held;
    this.#ring = new Ring(object.mapFd('events'), ringBytes, held);
    this.#slots = new SharedArray(object.mapFd('slots'), SLOTS_MAX * layouts.slot.size);
    this.#tallies = new Tallies({ tallies: map('tallies', 4, KEY_BYTES), slots: this.#slots, freeSlots: map('free_slots', 4) });
    this.#drops = new Drops(object.mapFd('drops'));
    this.#details = new TaskDetails(new ExecMemory(map('execs', layouts.exec_seen.size)));
    if (adopted) this.#resume();
    else this.#tallies.begin();
    this.#fd = object.mapFd('events');
  }

  /** Begins to read; nothing is told from within this call. Idempotent. */
  begin(): void {
    if (this.#loop !== undefined) return;
    this.#loop = watchReadable(this.#fd, () => this.#collect());
    this.#wakeIn(IDLE_MS);
  }

  #resume(): void {
    const describe = (key: Uint8Array, slot: number): Description => {
      this.#serial += 1;
      return describeKey(
        key,
        this.#serial,
        this.#slots.longs[(slot * layouts.slot.size + layouts.slot.members.last_ns) / 8] ?? 0n,
      );
    };
    const lost = this.#tallies.resume(describe, monotonicMs());
    if (lost === 0) return;
    const nowNs = process.hrtime.bigint();
    setImmediate(() => {
      this.#feeds.dropped.tell({ where: 'signals', count: lost, firstNs: nowNs, lastNs: nowNs });
    });
  }

  /** What was read up to here need not be read again by another. */
  release(position: number): void {
    this.#ring.release(position);
  }

  /** Reads no more by itself; for before the programs are detached. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timerMs = 0;
    this.#loop?.close();
  }

  /** Tells all that is left, with the final counts, and lets go; for when no program runs any more. */
  finish(): void {
    while (this.#collect());
    this.#feeds.signals.tell(this.#tallies.finishAll());
    this.#ring.close();
    this.#slots.close();
    this.#drops.close();
  }

  /** Reads the ring. @returns whether there is more */
  #collect(): boolean {
    const batch = new Batch();
    const more = this.#ring.drain((view, at) => batch.add(view, at));
    const nowMs = monotonicMs();
    const signals = batch.signals.map((signal) => this.#admit(signal, nowMs));
    // A process joins before it is signalled, and is signalled before it exits.
    this.#feeds.joins.tell(batch.joins);
    this.#feeds.execs.tell(batch.execs);
    this.#feeds.signals.tell(signals);
    this.#feeds.oomKills.tell(batch.oomKills);
    this.#feeds.exits.tell(batch.exits);
    this.#tellDropped();
    if (this.#held) this.#tellRead(batch.isWorthKeeping);
    if (this.#tallies.size > 0) this.#wakeIn(FLUSH_MS);
    return more;
  }

  /** To release costs its listener a write: execs alone are not worth one, until there are many. */
  #tellRead(isWorthKeeping: boolean): void {
    const { position } = this.#ring;
    if (!isWorthKeeping && position - this.#toldTo < UNRELEASED_BYTES_MAX) return;
    this.#toldTo = position;
    this.#feeds.read.tell(position);
  }

  #admit({ record, key }: KeyedSignal, nowMs: number): SignalSeen {
    this.#serial += 1;
    const { slot, ...seen } = record;
    const sender = this.#details.complete(seen.sender, nowMs);
    const target = this.#details.complete(seen.target, nowMs);
    const description = { ...seen, serial: this.#serial, sender, target };
    if (slot !== NO_SLOT) return this.#tallies.admit(slot, key, description, nowMs);
    return { ...description, count: 1, added: 1, final: true, lastNs: seen.firstNs };
  }

  /** Repeats make nothing readable: while any may come, the counts are looked at. */
  #flush(): void {
    this.#timerMs = Infinity;
    this.#feeds.signals.tell(this.#tallies.flush(monotonicMs()));
    this.#tellDropped();
    this.#wakeIn(this.#tallies.size > 0 ? FLUSH_MS : IDLE_MS);
  }

  #tellDropped(): void {
    for (const dropped of this.#drops.take()) this.#feeds.dropped.tell(dropped);
  }

  #wakeIn(ms: number): void {
    if (this.#timerMs <= ms) return;
    clearTimeout(this.#timer);
    this.#timerMs = ms;
    this.#timer = setTimeout(() => this.#flush(), ms).unref();
  }
}
