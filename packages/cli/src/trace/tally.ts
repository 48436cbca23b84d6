import type { EventContext, ProcessRef, SignalEvent } from '#protocol/history.ts';

const sigkill = 9;

/** Rows that may still change, at most: a row changes soon after it was made, or not at all. */
const openRowsMax = 10_000;

/** A process that sent signals, or that they were sent to. */
export interface PartyCount {
  /** null: the kernel, or nobody knows. */
  readonly process: ProcessRef | null;
  /** How many, by signal number. */
  readonly bySignal: ReadonlyMap<number, number>;
  readonly count: number;
  /** Of these: how many did not reach their target, for it was refused. */
  readonly refused: number;
}

/** One signal's share of a trace. */
export interface SignalCount {
  readonly signal: number;
  readonly count: number;
  readonly refused: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

interface Party {
  process: ProcessRef | null;
  readonly bySignal: Map<number, number>;
  refused: number;
}

interface Count {
  count: number;
  refused: number;
  firstAt: string;
  lastAt: string;
}

/** What is counted of a row: the row may be told again, with more. */
interface Share {
  readonly signal: number;
  readonly count: number;
  readonly refused: number;
  readonly sender: string;
  readonly target: string;
}

/** Counts signals: how many, from whom, to whom. A row that is told again counts with what it is then. */
export class Tally {
  readonly #signals = new Map<number, Count>();
  readonly #senders = new Map<string, Party>();
  readonly #targets = new Map<string, Party>();
  readonly #open = new Map<number, Share>();
  #lastKill: SignalEvent | undefined;
  #dropped = 0;

  /** Counts a row; those that are no signals (leases, exits) are passed over, but for the server's word of what it lost. */
  add(event: SignalEvent): void {
    if (event.source === 'server' && event.outcome === 'dropped') this.#dropped += event.count;
    if (!isSignal(event)) return;
    const before = this.#open.get(event.id);
    const share = shareOf(event);
    if (before !== undefined) this.#count(before, -1, event);
    this.#count(share, 1, event);
    this.#remember(event.id, share);
    if (event.signal === sigkill && share.refused === 0) this.#lastKill = event;
  }

  /** How many signals there were, tries that were refused among them. */
  get total(): number {
    return this.signals.reduce((sum, { count }) => sum + count, 0);
  }

  /** The most frequent first. */
  get signals(): readonly SignalCount[] {
    const all = [...this.#signals].map(([signal, count]) => ({ signal, ...count }));
    return all.filter(({ count }) => count > 0).toSorted((one, other) => other.count - one.count);
  }

  get senders(): readonly PartyCount[] {
    return partiesOf(this.#senders);
  }

  get targets(): readonly PartyCount[] {
    return partiesOf(this.#targets);
  }

  /** The machine at the last SIGKILL that was not refused. */
  get contextOfLastKill(): EventContext | undefined {
    return this.#lastKill?.context;
  }

  /** Events that the server lost meanwhile. */
  get dropped(): number {
    return this.#dropped;
  }

  #count(share: Share, sign: 1 | -1, event: SignalEvent): void {
    const { signal, count, refused } = share;
    const { firstAt, lastAt } = event;
    const sum = this.#signals.get(signal) ?? { count: 0, refused: 0, firstAt, lastAt };
    sum.count += sign * count;
    sum.refused += sign * refused;
    if (lastAt > sum.lastAt) sum.lastAt = lastAt;
    this.#signals.set(signal, sum);
    countParty(this.#senders, share.sender, senderOf(event), share, sign);
    countParty(this.#targets, share.target, event.target, share, sign);
  }

  #remember(id: number, share: Share): void {
    this.#open.set(id, share);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= openRowsMax) return;
      this.#open.delete(oldest);
    }
  }
}

/** Whoever asked for a kill, rather than the server that sent it. */
export function senderOf({ requester, sender }: SignalEvent): ProcessRef | null {
  return requester ?? sender;
}

/** Is the row a signal that was sent, or tried? */
export function isSignal(event: SignalEvent): event is SignalEvent & { readonly signal: number } {
  return event.signal !== null && event.outcome !== 'intended' && (event.source === 'sentinel' || event.source === 'mediated');
}

/** Did it not reach its target? */
export function isRefused({ outcome }: SignalEvent): boolean {
  return outcome === 'denied' || outcome === 'failed';
}

function shareOf(event: SignalEvent & { readonly signal: number }): Share {
  const { signal, count, target } = event;
  const refused = isRefused(event) ? count : 0;
  return { signal, count, refused, sender: keyOf(senderOf(event)), target: keyOf(target) };
}

function keyOf(process: ProcessRef | null): string {
  return process === null ? '' : `${String(process.pid)}:${process.startTicks ?? ''}`;
}

function countParty(
  parties: Map<string, Party>,
  key: string,
  process: ProcessRef | null,
  { signal, count, refused }: Share,
  sign: 1 | -1,
): void {
  const party = parties.get(key) ?? { process, bySignal: new Map<number, number>(), refused: 0 };
  // The newest sight of it: a shell has become another program.
  party.process = process;
  party.bySignal.set(signal, (party.bySignal.get(signal) ?? 0) + sign * count);
  party.refused += sign * refused;
  parties.set(key, party);
}

function partiesOf(parties: ReadonlyMap<string, Party>): readonly PartyCount[] {
  const all = [...parties.values()].map((party) => ({
    ...party,
    count: [...party.bySignal.values()].reduce((sum, count) => sum + count, 0),
  }));
  return all.filter(({ count }) => count > 0).toSorted((one, other) => other.count - one.count);
}
