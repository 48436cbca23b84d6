import type { Member } from '#core/lease.ts';

/**
 * Counts the processes that each uid has guarded. One that nobody can kill is power: past a bound, further processes of
 * a tree are members like others, but not guarded. Root may have any number.
 */
export class GuardRoom {
  readonly #processesPerUidMax: number;
  readonly #counts = new Map<number, number>();
  readonly #owners = new Map<Member, number>();

  /** @param processesPerUidMax how many a uid other than root's may have guarded */
  constructor(processesPerUidMax: number) {
    this.#processesPerUidMax = processesPerUidMax;
  }

  /** May this uid have a further process guarded? */
  hasRoom(uid: number): boolean {
    return uid === 0 || this.count(uid) < this.#processesPerUidMax;
  }

  /** How many processes a uid has guarded. */
  count(uid: number): number {
    return this.#counts.get(uid) ?? 0;
  }

  /** How many processes are guarded. */
  get size(): number {
    return this.#owners.size;
  }

  /**
   * Counts a process among those of a uid, and of no other.
   * @returns false where there is no room: then it is counted nowhere
   */
  take(member: Member, uid: number): boolean {
    if (this.#owners.get(member) === uid) return true;
    this.give(member);
    if (!this.hasRoom(uid)) return false;
    this.#owners.set(member, uid);
    this.#counts.set(uid, this.count(uid) + 1);
    return true;
  }

  /** Counts a process no more, where it was. */
  give(member: Member): void {
    const uid = this.#owners.get(member);
    if (uid === undefined) return;
    this.#owners.delete(member);
    const left = this.count(uid) - 1;
    if (left === 0) this.#counts.delete(uid);
    else this.#counts.set(uid, left);
  }
}
