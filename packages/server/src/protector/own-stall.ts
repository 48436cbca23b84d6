import { cgroupMemoryStall, type MemoryStall } from '#linux/protector/cgroup-limits.ts';

/**
 * What waiting for memory is of the protector's own making: a cgroup that it holds at `memory.high` waits all the time, and the
 * machine's pressure counts that. Without this the throttle itself would look like the need that it is to prevent.
 */
export class OwnStall {
  /** Held groups, by path: what their totals were at first, or the last time that they were read. */
  readonly #held = new Map<string, MemoryStall>();
  #someUs = 0;
  #fullUs = 0;

  hold(path: string): void {
    const stall = cgroupMemoryStall(path);
    if (stall !== undefined) this.#held.set(path, stall);
  }

  letGo(path: string): void {
    this.#add(path);
    this.#held.delete(path);
  }

  /** In all, since the start: it never goes back. */
  get total(): MemoryStall {
    for (const path of this.#held.keys()) this.#add(path);
    return { someUs: this.#someUs, fullUs: this.#fullUs };
  }

  #add(path: string): void {
    const before = this.#held.get(path);
    const now = before === undefined ? undefined : cgroupMemoryStall(path);
    if (before === undefined || now === undefined) return;
    this.#someUs += now.someUs - before.someUs;
    this.#fullUs += now.fullUs - before.fullUs;
    this.#held.set(path, now);
  }
}
