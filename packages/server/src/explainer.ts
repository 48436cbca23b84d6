import { explain, isDeath } from '#core/explain.ts';
import { signalExitBase } from '#core/explain-child.ts';
import type { ExplainFacts, Watch } from '#core/explain-facts.ts';
import type { Caller } from '#core/rights.ts';
import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { ExplainParams, Explanation } from '#protocol/explanation.ts';
import type { HistoryPage, HistoryQueryParams, SignalEvent } from '#protocol/history.ts';
import type { Lease } from '#protocol/lease.ts';
import { signalName } from '#protocol/signals.ts';
import type { ServerContext } from './context.ts';
import { viewLease, viewLeaseRow } from './lease-view.ts';
import { hasEnded, liveProcess } from './live-process.ts';
import { clock, monotonicNs } from './machine.ts';

/** Pages that `last` looks through for a death. */
const pagesMax = 20;
/** Leases that are looked up for one explanation. */
const leasesMax = 16;
/** Before and after an exit, the members' deaths that it may tell of. */
const treeMs = 15_000;

/** Which process is meant. */
interface Meant {
  readonly pid: number | null;
  readonly startTicks?: string | undefined;
  /** It is of an earlier boot: whoever has its pid now is another. */
  readonly isPast?: boolean;
}

/** Gathers what core's rules explain a death by: rows of history as the reader may see them, leases, and who lives. */
export class Explainer {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** What the kernel saw until now is taken in before: `kill -9 $PID; omnictl why $PID` must know. */
  async explain(params: ExplainParams, reader: Caller): Promise<Explanation> {
    const { registry, store, servedUid } = this.#context;
    await registry.settle();
    await store.settled();
    const meant = await this.#meant(params, reader);
    const { pid } = meant;
    const rows = pid === null ? [] : await this.#rows({ target: pid, limit: bounds.pageRowsMax }, reader);
    const live = pid === null || meant.isPast === true ? undefined : liveProcess(pid, reader);
    const leases = this.#leases(rows, pid, live !== undefined, reader);
    const facts: ExplainFacts = {
      terms: { signalName, signalsMax: bounds.explainedSignalsMax, holdersMax: bounds.explainedHoldersMax },
      pid,
      startTicks: meant.startTicks,
      rows,
      treeRows: await this.#treeRows(rows, reader),
      unguardedRows: await this.#unguardedRows(leases, reader),
      serverRows: await this.#rows({ source: 'server', limit: bounds.pageRowsDefault }, reader),
      live,
      leases,
      sentinel: this.#watch(),
      nowNs: monotonicNs(),
      historySince: (await this.#page({ order: 'oldest', limit: 1 }, reader)).events[0]?.firstAt ?? null,
      servedUid,
    };
    return explain(facts);
  }

  async #meant({ pid, startTicks, leaseId, last }: ExplainParams, reader: Caller): Promise<Meant> {
    if ([pid, leaseId, last === true ? last : undefined].filter((one) => one !== undefined).length !== 1) {
      throw new ProtocolError('invalidParams', 'process.explain takes pid, leaseId or last, one of the three');
    }
    if (pid !== undefined) return { pid, startTicks };
    if (leaseId === undefined) return await this.#last(reader);
    const lease = this.#lease(leaseId, reader);
    if (lease === undefined) throw new ProtocolError('leaseNotFound', `no lease has the id ${leaseId}`);
    const { identity } = lease;
    return { pid: identity.pid, startTicks: identity.startTicks, isPast: identity.bootId !== this.#context.bootId };
  }

  async #last(reader: Caller): Promise<Meant> {
    let cursor: string | undefined;
    for (let count = 0; count < pagesMax; count += 1) {
      const page = await this.#page({ limit: bounds.pageRowsMax, ...(cursor === undefined ? {} : { cursor }) }, reader);
      const death = page.events.find((row) => isDeath(row, ({ pid, startTicks }) => hasEnded(pid, startTicks)));
      if (death !== undefined) return { pid: death.target?.pid ?? null, startTicks: death.target?.startTicks };
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    return { pid: null };
  }

  /** The leases that rows name, the last first; and before them those that cover it now. */
  #leases(rows: readonly SignalEvent[], pid: number | null, isLive: boolean, reader: Caller): Lease[] {
    const covering = pid !== null && isLive ? this.#context.registry.table.membership.coverage(pid).leases : [];
    const named = rows.toReversed().map(({ leaseId }) => leaseId);
    const ids = new Set([...covering.map(({ id }) => id), ...named].filter((id) => id !== undefined));
    return [...ids]
      .slice(0, leasesMax)
      .map((id) => this.#lease(id, reader))
      .filter((lease) => lease !== undefined);
  }

  #lease(id: string, reader: Caller): Lease | undefined {
    const { registry, store, bootId } = this.#context;
    const lease = registry.find(id);
    if (lease !== undefined) return viewLease(lease, bootId, clock, reader);
    const row = store.leases.get(id);
    return row === undefined ? undefined : viewLeaseRow(row, reader);
  }

  /** Where an exit code tells of a signal: what the same lease's rows know of deaths around it. */
  async #treeRows(rows: readonly SignalEvent[], reader: Caller): Promise<SignalEvent[]> {
    const exit = rows.findLast((row) => (row.exit?.code ?? 0) > signalExitBase);
    if (exit?.leaseId === undefined) return [];
    const at = Date.parse(exit.firstAt);
    const [since, until] = [new Date(at - treeMs).toISOString(), new Date(at + treeMs).toISOString()];
    return await this.#rows({ leaseId: exit.leaseId, since, until, limit: bounds.pageRowsMax }, reader);
  }

  /** Of guarded leases alone: which of their processes had no guard no row says, only that there were such. */
  async #unguardedRows(leases: readonly Lease[], reader: Caller): Promise<SignalEvent[]> {
    const guarded = leases.filter(({ guard }) => guard);
    const found = await Promise.all(
      guarded.map(({ id }) => this.#rows({ leaseId: id, outcome: 'unguarded', limit: bounds.pageRowsDefault }, reader)),
    );
    return found.flat();
  }

  #watch(): Watch {
    const { sentinelAbsence } = this.#context;
    if (sentinelAbsence === undefined) return { active: true, why: '' };
    return { active: false, why: sentinelAbsence.why, fix: sentinelAbsence.fix };
  }

  /** The newest rows that match, oldest first. */
  async #rows(params: HistoryQueryParams, reader: Caller): Promise<SignalEvent[]> {
    return (await this.#page(params, reader)).events.toReversed();
  }

  async #page(params: HistoryQueryParams, reader: Caller): Promise<HistoryPage> {
    return JSON.parse(await this.#context.store.query(params, reader)) as HistoryPage;
  }
}
