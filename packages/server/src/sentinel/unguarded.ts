import type { Logger } from 'pino';
import type { Lease, Member } from '#core/lease.ts';
import type { RuleCover } from '#core/rules/cover.ts';
import { clock, monotonicNs, type Held } from '../machine.ts';
import { momentContext } from '../moment.ts';
import type { NewEvent } from '../store/event-rows.ts';
import type { Store } from '../store/store.ts';

/** A tree that forks past the bound is told of in one row for so long. */
const rowMs = 60_000;
/** How soon the row's count says how many there are by now: each telling is a write. */
const countMs = 1000;

/** A process that is not guarded, for its owner has as many guarded as it may. */
export interface Unguarded {
  readonly member: Member;
  /** The owner. */
  readonly uid: number;
  /** What would have it guarded. */
  readonly by: Lease | RuleCover;
}

interface Row {
  readonly startedMs: number;
  /** Undefined while it is not written. */
  id: number | undefined;
  count: number;
  /** What the row says. */
  told: number;
}

/**
 * Records which trees have more processes than may be guarded: a row of history for each and minute, whose count grows, and
 * a line of the log. These processes are members like others, and a kill that asks nobody goes through.
 */
export class UnguardedRecorder {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #processesPerUidMax: number;
  readonly #rows = new Map<string, Row>();
  readonly #noted = new WeakSet<Member>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, log: Logger, processesPerUidMax: number) {
    this.#store = store;
    this.#log = log;
    this.#processesPerUidMax = processesPerUidMax;
  }

  /** Notes a process, once however often it is told. */
  note(one: Unguarded): void {
    if (this.#noted.has(one.member)) return;
    this.#noted.add(one.member);
    const key = keyOf(one.by);
    const known = this.#rows.get(key);
    if (known !== undefined && clock.monotonicMs() - known.startedMs < rowMs) {
      known.count += 1;
      this.#countLater();
      return;
    }
    const row: Row = { startedMs: clock.monotonicMs(), id: undefined, count: 1, told: 1 };
    this.#rows.set(key, row);
    this.#begin(row, one);
  }

  #begin(row: Row, one: Unguarded): void {
    const { member, uid } = one;
    const processesPerUidMax = this.#processesPerUidMax;
    const event = eventOf(one, processesPerUidMax);
    this.#store.writeLater(() => {
      row.id = this.#store.insertEvent(event);
      this.#store.tellWhenCommitted(row.id);
    });
    const fields = { uid, pid: member.pid, leaseId: event.leaseId, processesPerUidMax };
    this.#log.warn(fields, 'not guarded: the uid has as many processes guarded as it may');
  }

  #countLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#count();
    }, countMs).unref();
  }

  /** Writes how many there are by now. */
  #count(): void {
    const nowMs = clock.monotonicMs();
    for (const [key, row] of this.#rows) {
      if (row.count > row.told) this.#recount(row);
      if (nowMs - row.startedMs >= rowMs) this.#rows.delete(key);
    }
  }

  #recount(row: Row): void {
    const { count } = row;
    const lastWallMs = clock.wallMs();
    row.told = count;
    this.#store.writeLater(() => {
      if (row.id === undefined) return;
      this.#store.recount(row.id, count, lastWallMs);
      this.#store.tellWhenCommitted(row.id);
    });
  }

  /** Writes the last counts. */
  close(): void {
    clearTimeout(this.#timer);
    this.#count();
  }
}

function eventOf({ member, uid, by }: Unguarded, processesPerUidMax: number): NewEvent {
  const { pid, startTicks } = member;
  const held = member.held as Held;
  const target = { pid, startTicks, uid: held.uids()?.effective ?? uid, comm: held.comm, ancestry: [] };
  const bound = `uid ${String(uid)} has ${String(processesPerUidMax)} processes guarded, the most that it may`;
  const whose = 'rule' in by ? `, and of those of rule ${by.rule.name} further ones` : ': further ones';
  return {
    firstWallMs: clock.wallMs(),
    monotonicNs: monotonicNs(),
    source: 'lease',
    signal: null,
    code: null,
    outcome: 'unguarded',
    sender: null,
    target,
    leaseId: 'rule' in by ? undefined : by.id,
    reason: `${bound} ([guard] processesPerUidMax)${whose} are protected, and not guarded`,
    context: momentContext(),
  };
}

function keyOf(by: Lease | RuleCover): string {
  return 'rule' in by ? `${by.rule.name} ${String(by.rootPid)} ${by.rootStartTicks}` : by.id;
}
