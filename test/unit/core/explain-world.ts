import type { ExplainFacts } from '#core/explain-facts.ts';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import type { Lease } from '#protocol/lease.ts';
import { signalName } from '#protocol/signals.ts';

export const pid = 4242;
export const context = {
  memAvailableBytes: 1,
  memTotalBytes: 2,
  swapFreeBytes: 0,
  psiMemorySomeAvg10: 0,
  psiMemoryFullAvg10: 0,
};

/** The process that is asked about. */
export const job: ProcessRef = {
  pid,
  startTicks: '1000',
  uid: 1000,
  comm: 'python3',
  cmdline: 'python3 /home/ada/train.py',
  ancestry: [
    { pid: 300, comm: 'bash' },
    { pid: 1, comm: 'systemd' },
  ],
};

export function processOf(ownPid: number, comm: string, cmdline: string, ...ancestry: readonly [number, string][]): ProcessRef {
  const chain = ancestry.map(([parentPid, parentComm]) => ({ pid: parentPid, comm: parentComm }));
  return { pid: ownPid, startTicks: String(ownPid), uid: 1000, comm, cmdline, ancestry: chain };
}

export const backend = processOf(811, 'python3', 'python3 backend.py', [1, 'systemd']);

let lastId = 0;

/** A row, so many seconds after the boot. */
export function row(seconds: number, fields: Partial<SignalEvent>): SignalEvent {
  lastId += 1;
  const at = new Date(Date.UTC(2026, 10, 24) + seconds * 1000).toISOString();
  const { signal = null } = fields;
  return {
    id: lastId,
    firstAt: at,
    lastAt: at,
    monotonicNs: String(BigInt(Math.round(seconds * 1e9))),
    source: 'sentinel',
    signal,
    signalName: signal === null ? null : signalName(signal),
    code: 'user',
    outcome: 'delivered',
    count: 1,
    sender: backend,
    target: job,
    context,
    ...fields,
  };
}

/** The exit of the job, as wait(2) tells it. */
export function exit(seconds: number, status: { code?: number; signal?: number }, target: ProcessRef = job): SignalEvent {
  const { code = null, signal = null } = status;
  return row(seconds, {
    target,
    signal,
    code: null,
    outcome: 'exited',
    sender: null,
    exit: { code, signal, coreDumped: false },
  });
}

export function leaseOf(fields: Partial<Lease> = {}): Lease {
  return {
    id: 'ls-aaaaaaaaaaaaaaaaaaaa',
    identity: { pid, startTicks: '1000', bootId: 'boot' },
    uid: 1000,
    label: 'cycles',
    reason: null,
    renewal: 'process',
    scope: 'tree',
    guard: false,
    strict: false,
    forbiddenSignals: [1, 2, 3, 6, 9, 15, 19],
    priority: 0,
    members: 0,
    rootAlive: false,
    state: 'active',
    ttlMs: null,
    maxMs: null,
    grantedAt: new Date(Date.UTC(2026, 10, 24)).toISOString(),
    renewedAt: null,
    expiresAt: null,
    endedAt: null,
    ...fields,
  };
}

/** What is known: the rows, and whatever is said besides. */
export function facts(rows: readonly SignalEvent[], more: Partial<ExplainFacts> = {}): ExplainFacts {
  return {
    terms: { signalName, signalsMax: 20, holdersMax: 8 },
    pid,
    rows,
    treeRows: [],
    unguardedRows: [],
    serverRows: [],
    leases: [],
    sentinel: { active: true, why: '' },
    nowNs: 10n ** 15n,
    historySince: null,
    ...more,
  };
}
