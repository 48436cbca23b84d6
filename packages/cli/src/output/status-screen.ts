import type { ServerStatus, SignalEvent } from '#client/index.ts';
import type { StatusReport } from '../commands/status.ts';
import { escapeText } from './escape.ts';
import { outcomeWords, processWords, senderWords } from './event-words.ts';
import { leaseTable } from './lease-table.ts';
import { factLines, titled } from './facts.ts';
import type { Output } from './output.ts';
import { coveredTable } from './rule-table.ts';
import { layOutTable, type Column } from './table.ts';
import { formatBytes, formatDuration, formatPercent, formatTime } from './units.ts';

type Context = ServerStatus['context'];

/**
 * The screen of `omnictl status`.
 *
 * @param nowMs the wall clock, for the ages of leases
 * @returns lines with their ends
 */
export function statusScreen(report: StatusReport, output: Output, nowMs: number): string {
  const { status } = report;
  const width = output.columns;
  const facts: readonly (readonly [string, string])[] = [
    ['server', serverWords(report)],
    ['enforced', rungWords(status)],
    ['protected', protectedWords(report)],
    ['memory', memoryWords(status.context)],
    ['swap', swapWords(status)],
    ['pressure', pressureWords(status.context)],
    ['history', historyWords(status)],
    ['protector', `${status.protector.mode}${status.protector.acting ? ', acting' : ''}`],
  ];
  const lines = [...factLines(output, facts)];
  if (report.leases.length > 0) lines.push('', ...titled(output, leaseTable(report.leases, width, nowMs)));
  const covered = coveredTable(report.rules, width);
  if (covered.length > 0) lines.push('', ...titled(output, covered));
  if (report.kills.length > 0) lines.push('', ...titled(output, killTable(report.kills, width)));
  return `${lines.join('\n')}\n`;
}

/** `1 process`, `2 processes`. */
export function counted(count: number, one: string, many: string): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

/** A process may be in a lease and covered by a rule: the two parts need not add up. */
function protectedWords({ status, rules }: StatusReport): string {
  const leases = counted(status.activeLeases, 'lease', 'leases');
  const all = counted(status.protectedProcesses, 'process', 'processes');
  if (rules.length === 0) return `${all} in ${leases}`;
  const covering = rules.map(({ name, processes }) => `${escapeText(name)} ${String(processes)}`).join(', ');
  return `${all}; ${leases}, and by rules: ${covering}`;
}

function serverWords({ status, socket }: StatusReport): string {
  const { version, scope, pid, uptimeMs } = status;
  return `omnid ${escapeText(version)}, ${scope}, pid ${String(pid)}, up ${formatDuration(uptimeMs)}, on ${escapeText(socket)}`;
}

function rungWords({ rungs }: ServerStatus): string {
  const active = rungs.filter((rung) => rung.active).map((rung) => rung.layer);
  const missing = rungs.filter((rung) => !rung.active).map((rung) => rung.layer);
  const words = active.length === 0 ? 'nothing' : active.join(', ');
  return missing.length === 0 ? words : `${words}; not ${missing.join(', ')} (omnictl doctor says why)`;
}

/** How much memory is free. */
export function memoryWords({ memAvailableBytes, memTotalBytes }: Context): string {
  if (memAvailableBytes === null || memTotalBytes === null) return 'unknown';
  const share = memTotalBytes === 0 ? 0 : (100 * memAvailableBytes) / memTotalBytes;
  return `${formatBytes(memAvailableBytes)} of ${formatBytes(memTotalBytes)} available (${formatPercent(share)})`;
}

/** How much swap is free. */
export function swapWords({ context: { swapFreeBytes }, swapTotalBytes }: ServerStatus): string {
  if (swapTotalBytes === null || swapFreeBytes === null) return 'unknown';
  if (swapTotalBytes === 0) return 'none';
  return `${formatBytes(swapFreeBytes)} of ${formatBytes(swapTotalBytes)} free`;
}

/** How long processes waited for memory. */
export function pressureWords({ psiMemorySomeAvg10, psiMemoryFullAvg10 }: Context): string {
  if (psiMemorySomeAvg10 === null || psiMemoryFullAvg10 === null) return 'unknown (this kernel has no PSI)';
  return `memory: some ${formatPercent(psiMemorySomeAvg10)}, full ${formatPercent(psiMemoryFullAvg10)} of the last 10 s`;
}

function historyWords({ events, droppedEvents, store }: ServerStatus): string {
  const dropped = droppedEvents === 0 ? '' : `, ${String(droppedEvents)} dropped`;
  const state = store.writable ? '' : `, NOT WRITABLE${store.why === undefined ? '' : `: ${escapeText(store.why)}`}`;
  return `${counted(events, 'event', 'events')}${dropped}, ${formatBytes(store.bytes)}${state}`;
}

const killColumns: readonly Column[] = [
  { title: 'LAST KILLS' },
  { title: 'SIGNAL' },
  { title: 'BY', shrinkTo: 8 },
  { title: 'TARGET', shrinkTo: 8 },
  { title: 'OUTCOME', shrinkTo: 9 },
];

function killTable(kills: readonly SignalEvent[], width: number | undefined): readonly string[] {
  const rows = kills.map((event) => [
    formatTime(event.firstAt),
    event.signalName ?? '-',
    senderWords(event),
    processWords(event.target),
    outcomeWords(event),
  ]);
  return layOutTable(killColumns, rows, width);
}
