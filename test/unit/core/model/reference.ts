import type { LeaseEnd, LeaseTerms } from '#core/lease.ts';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import type { FakeProcesses } from '#test/support/core/fake-processes.ts';
import type { TurnedClock } from '#test/support/core/turned-clock.ts';

export interface ModelLease {
  readonly id: string;
  readonly uid: number;
  readonly root: FakeProcess;
  readonly depth: number;
  readonly grantedTicks: number;
  terms: LeaseTerms;
  deadlineMs: number;
  maxDeadlineMs: number;
  warned: boolean;
}

/** A process that was seen as a member, and of whose exit nobody has heard. */
export interface ModelMember {
  readonly process: FakeProcess;
  readonly proven: Set<ModelLease>;
  /** By the marker alone. */
  readonly marked: Set<ModelLease>;
}

/**
 * The rules said the plain way: no walk that stops early, no version, no queue, no cache. Every question looks at
 * every ancestor and every lease.
 */
export class Reference {
  readonly processes: FakeProcesses;
  readonly clock: TurnedClock;
  readonly leases = new Map<string, ModelLease>();
  readonly onFile = new Map<number, ModelMember>();
  /** Leases with a marker that wait for a last look. */
  readonly emptied = new Set<ModelLease>();
  /** What ended since the last step. */
  ended: [string, LeaseEnd][] = [];
  expiring: string[] = [];

  constructor(processes: FakeProcesses, clock: TurnedClock) {
    this.processes = processes;
    this.clock = clock;
  }

  membersOf(lease: ModelLease): ModelMember[] {
    return [...this.onFile.values()].filter(({ proven, marked }) => proven.has(lease) || marked.has(lease));
  }

  /** Who lives under this pid now, and what covers it; what is found is known from then on. */
  ask(pid: number): ModelMember | undefined {
    const before = this.onFile.get(pid);
    if (before !== undefined && !before.process.lives) this.notice(before);
    const process = this.processes.at(pid);
    if (process === undefined) return undefined;
    const member = this.onFile.get(pid) ?? { process, proven: new Set(), marked: new Set() };
    const above = process.ancestors().flatMap((one) => this.#living(one));
    const carried = this.#carried(process);
    for (const one of above) for (const lease of one.proven) if (isTree(lease)) member.proven.add(lease);
    for (const one of above) for (const lease of one.marked) if (isTree(lease)) member.marked.add(lease);
    if (carried !== undefined) member.marked.add(carried);
    for (const lease of member.proven) member.marked.delete(lease);
    if (member.proven.size + member.marked.size > 0) this.onFile.set(pid, member);
    return member;
  }

  #living(process: FakeProcess): ModelMember[] {
    const member = this.onFile.get(process.pid);
    return member?.process === process && process.lives ? [member] : [];
  }

  #carried(process: FakeProcess): ModelLease | undefined {
    const lease = process.marker === null ? undefined : this.holderOf(process.marker);
    if (lease === undefined || !isTree(lease) || lease.uid !== process.uid) return undefined;
    return Number(process.startTicks) >= lease.grantedTicks ? lease : undefined;
  }

  holderOf(marker: string | null): ModelLease | undefined {
    return marker === null ? undefined : [...this.leases.values()].find((lease) => lease.terms.markerDigest === marker);
  }

  /** Of these leases, those that may stand first: the ones whose roots started last; by descent before by marker. */
  innermostOf(member: ModelMember, among: (lease: ModelLease) => boolean = () => true): ModelLease[] {
    const proven = [...member.proven].filter(among);
    if (proven.length === 0) return [...member.marked].filter(among);
    const last = Math.max(...proven.map(({ root }) => Number(root.startTicks)));
    return proven.filter(({ root }) => Number(root.startTicks) === last);
  }

  /** Somebody has heard of its exit. */
  notice(member: ModelMember): void {
    this.onFile.delete(member.process.pid);
    for (const lease of [...member.proven, ...member.marked]) {
      if (this.membersOf(lease).length > 0) continue;
      if (lease.terms.markerDigest !== null && isTree(lease)) this.emptied.add(lease);
      else this.end(lease, 'exited');
    }
  }

  endIfEmpty(lease: ModelLease): void {
    if (this.leases.has(lease.id) && this.membersOf(lease).length === 0) this.end(lease, 'exited');
  }

  /** @param isTold whether the table tells of it, or was told to */
  end(lease: ModelLease, end: LeaseEnd, isTold = true): void {
    this.leases.delete(lease.id);
    this.emptied.delete(lease);
    for (const member of this.membersOf(lease)) this.letGo(member, lease);
    if (isTold) this.ended.push([lease.id, end]);
  }

  letGo(member: ModelMember, lease: ModelLease): void {
    member.proven.delete(lease);
    member.marked.delete(lease);
    if (member.proven.size + member.marked.size === 0) this.onFile.delete(member.process.pid);
  }

  setTerms(lease: ModelLease, terms: LeaseTerms): void {
    lease.terms = terms;
    lease.maxDeadlineMs = terms.maxMs === null ? Infinity : this.clock.monotonicMs() + terms.maxMs;
    lease.warned = false;
    this.beat(lease);
    if (isTree(lease)) return;
    for (const member of this.membersOf(lease)) if (member.process !== lease.root) this.letGo(member, lease);
  }

  beat(lease: ModelLease): void {
    const { ttlMs } = lease.terms;
    lease.deadlineMs = ttlMs === null ? Infinity : this.clock.monotonicMs() + ttlMs;
  }

  /** The clock was turned, and the table looks at it. */
  tick(): void {
    const nowMs = this.clock.monotonicMs();
    for (const lease of this.leases.values()) {
      if (Math.min(lease.deadlineMs, lease.maxDeadlineMs) <= nowMs) this.end(lease, 'expired');
      else if (!lease.warned && warningMs(lease) <= nowMs) {
        lease.warned = true;
        this.expiring.push(lease.id);
      }
    }
  }
}

export function isTree(lease: ModelLease): boolean {
  return lease.terms.scope === 'tree';
}

export function warningMs(lease: ModelLease): number {
  return lease.terms.maxMs === null ? Infinity : lease.maxDeadlineMs - lease.terms.maxMs / 10;
}
