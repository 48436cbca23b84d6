import type { EventOutcome, EventSource, HistoryFilter, HistoryQueryParams } from '#protocol/history.ts';

/** What narrows a history, as the command line has it: parsed, and checked alone. */
export interface FilterOptions {
  readonly signal?: number;
  readonly pid?: number;
  readonly sender?: number | string;
  readonly target?: number | string;
  readonly lease?: string;
  readonly outcome?: EventOutcome;
  readonly source?: EventSource;
  readonly since?: string;
  readonly until?: string;
}

/** The words of --outcome. The type holds them equal to the protocol's, whose own list would load the schemas. */
export const outcomes: readonly string[] = Object.keys({
  intended: true,
  delivered: true,
  ignored: true,
  pending: true,
  denied: true,
  audited: true,
  failed: true,
  granted: true,
  renewed: true,
  released: true,
  expired: true,
  exited: true,
  revoked: true,
  lost: true,
  orphaned: true,
  unguarded: true,
  pruned: true,
  dropped: true,
  told: true,
  planned: true,
  throttled: true,
  restored: true,
} satisfies Record<EventOutcome, true>);

/** The words of --source. */
export const sources: readonly string[] = Object.keys({
  sentinel: true,
  mediated: true,
  lease: true,
  server: true,
  pidfd: true,
  protector: true,
} satisfies Record<EventSource, true>);

/** The filter for queries and for subscriptions. */
export function filterOf(options: FilterOptions): HistoryFilter {
  const { signal, pid, sender, target, lease, outcome, source } = options;
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(pid === undefined ? {} : { pid }),
    ...(sender === undefined ? {} : { sender }),
    ...(target === undefined ? {} : { target }),
    ...(lease === undefined ? {} : { leaseId: lease }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(source === undefined ? {} : { source }),
  };
}

/** The same with its times, which only queries have. */
export function queryOf(options: FilterOptions): HistoryQueryParams {
  const { since, until } = options;
  return {
    ...filterOf(options),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}
