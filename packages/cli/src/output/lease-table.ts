import type { Lease } from '#client/index.ts';
import type { TreeUsage } from '../usage/tree-usage.ts';
import { escapeText } from './escape.ts';
import { layOutTable, type Column } from './table.ts';
import { formatBytes, formatDuration, formatPercent } from './units.ts';

interface LeaseColumn extends Column {
  cell(lease: Lease, nowMs: number): string;
}

const common: readonly LeaseColumn[] = [
  { title: 'LEASE', cell: (lease) => lease.id },
  { title: 'PID', align: 'right', cell: pidWords },
  { title: 'LABEL', shrinkTo: 8, cell: (lease) => (lease.label === null ? '-' : escapeText(lease.label)) },
  { title: 'AGE', align: 'right', cell: (lease, nowMs) => formatDuration(nowMs - Date.parse(lease.grantedAt)) },
  { title: 'EXPIRES', align: 'right', cell: expiryWords },
  { title: 'MEMBERS', align: 'right', cell: (lease) => String(lease.members) },
];

const state: LeaseColumn = { title: 'STATE', cell: (lease) => lease.state };

/** The root of a tree lease may be gone and its children go on. */
function pidWords({ identity, rootAlive, state: leaseState }: Lease): string {
  return `${String(identity.pid)}${rootAlive || leaseState !== 'active' ? '' : ' (gone)'}`;
}

function expiryWords({ expiresAt, state: leaseState }: Lease, nowMs: number): string {
  if (leaseState !== 'active') return 'ended';
  return expiresAt === null ? 'never' : `in ${formatDuration(Date.parse(expiresAt) - nowMs)}`;
}

/** Leases for the screen of `status`. @param width of the terminal; undefined: nothing is cut */
export function leaseTable(leases: readonly Lease[], width: number | undefined, nowMs: number): readonly string[] {
  const rows = leases.map((lease) => common.map((column) => column.cell(lease, nowMs)));
  return layOutTable(common, rows, width);
}

/** Leases with what their trees use, for `list`. */
export function leaseUsageTable(
  leases: readonly (Lease & { readonly usage: TreeUsage | null })[],
  width: number | undefined,
  nowMs: number,
  withState: boolean,
): readonly string[] {
  const columns = withState ? [...common, state] : common;
  const usage: readonly Column[] = [
    { title: 'CPU', align: 'right' },
    { title: 'MEMORY', align: 'right' },
  ];
  const rows = leases.map((lease) => [
    ...columns.map((column) => column.cell(lease, nowMs)),
    lease.usage === null ? '-' : formatPercent(lease.usage.cpuPercent),
    lease.usage === null ? '-' : formatBytes(lease.usage.memoryBytes),
  ]);
  return layOutTable([...columns, ...usage], rows, width);
}
