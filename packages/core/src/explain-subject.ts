import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import type { OtherHolder } from '#protocol/explanation.ts';
import type { ExplainFacts, LiveProcess } from './explain-facts.ts';

/** Rows are written a little later than what they tell of, and not in its order. */
const disorderNs = 60_000_000_000n;

/** One process that had the pid, with the rows about it, oldest first. */
export interface Holder {
  readonly startTicks: string;
  /** Counts the boots that the rows tell of: start times begin anew with each. */
  readonly boot: number;
  readonly rows: SignalEvent[];
  readonly live: LiveProcess | undefined;
}

/** Which process is meant, and who else had its pid. */
export interface Subject {
  readonly holder: Holder | undefined;
  readonly others: readonly OtherHolder[];
}

/**
 * Tells the processes that had one pid apart, by their start time and boot, and takes the last: a pid's next holder has
 * nothing to do with how the one before died.
 */
export function findSubject(facts: ExplainFacts): Subject {
  const holders = [...groupRows(facts).values()].sort(byStart);
  const meant = facts.startTicks === undefined ? holders : holders.filter(({ startTicks }) => startTicks === facts.startTicks);
  const holder = meant.findLast(({ live }) => live !== undefined) ?? meant.at(-1);
  const others = holders.filter((one) => one !== holder).toReversed();
  return { holder, others: others.slice(0, facts.terms.holdersMax).map(tellHolder) };
}

function groupRows({ rows, live, nowNs }: ExplainFacts): Map<string, Holder> {
  const holders = new Map<string, Holder>();
  let boot = 0;
  let lastNs = 0n;
  for (const row of rows) {
    const ns = BigInt(row.monotonicNs);
    if (ns + disorderNs < lastNs) boot += 1;
    lastNs = ns;
    const startTicks = row.target?.startTicks;
    if (startTicks === undefined) continue;
    // A lease that a reboot ended is told of by the next boot.
    const isOfEarlierBoot = row.source === 'lease' && row.outcome === 'lost';
    const known = isOfEarlierBoot ? [...holders.values()].findLast((one) => one.startTicks === startTicks) : undefined;
    const holder = known ?? holderOf(holders, startTicks, boot);
    holder.rows.push(row);
  }
  if (live === undefined) return holders;
  if (nowNs + disorderNs < lastNs) boot += 1;
  const known = holderOf(holders, live.process.startTicks, boot);
  return holders.set(keyOf(known), { ...known, live });
}

function holderOf(holders: Map<string, Holder>, startTicks: string, boot: number): Holder {
  const fresh: Holder = { startTicks, boot, rows: [], live: undefined };
  const known = holders.get(keyOf(fresh)) ?? fresh;
  holders.set(keyOf(known), known);
  return known;
}

function keyOf({ startTicks, boot }: Holder): string {
  return `${String(boot)} ${startTicks}`;
}

function byStart(a: Holder, b: Holder): number {
  if (a.boot !== b.boot) return a.boot - b.boot;
  const [first, second] = [BigInt(a.startTicks), BigInt(b.startTicks)];
  return first < second ? -1 : Number(first > second);
}

function tellHolder(holder: Holder): OtherHolder {
  const lastAt = holder.rows.at(-1)?.lastAt ?? new Date(0).toISOString();
  return { startTicks: holder.startTicks, comm: describeHolder(holder)?.comm ?? '', lastAt };
}

/** The process in all that rows tell of it: a later row may know less, for it was gone by then. */
export function describeHolder({ rows, live }: Pick<Holder, 'rows' | 'live'>): ProcessRef | undefined {
  const seen = [...rows.map(({ target }) => target), live?.process].filter((one) => one !== null && one !== undefined);
  let known: ProcessRef | undefined;
  for (const one of seen) {
    const { comm, ancestry, ...rest } = one;
    known = {
      ...known,
      ...rest,
      comm: comm === '' ? (known?.comm ?? '') : comm,
      // The first: later it may have been left to init.
      ancestry: known === undefined || known.ancestry.length === 0 ? ancestry : known.ancestry,
    };
  }
  return known;
}
