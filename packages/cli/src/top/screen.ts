import type { SignalEvent } from '#client/index.ts';
import { escapeText } from '../output/escape.ts';
import { outcomeWords, processWords, senderWords } from '../output/event-words.ts';
import type { Output } from '../output/output.ts';
import { counted, memoryWords, pressureWords, swapWords } from '../output/status-screen.ts';
import { styled, type Style } from '../output/style.ts';
import { layOutRow, layOutTable, shrink, type Column } from '../output/table.ts';
import { formatBytes, formatDuration, formatPercent, formatTimeOfDay } from '../output/units.ts';
import { pad, truncate } from '../output/width.ts';
import { detailLines } from './detail-lines.ts';
import { helpLines } from './help-lines.ts';
import type { TopModel, TopRow } from './model.ts';
import { selectedRow, sortRows, type ViewState } from './view-state.ts';

/** How much room there is; without rows all is shown (stdout is no terminal). */
export interface Room {
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

const headLines = 5;
const footLines = 1;
/** The titles of a table, and the empty line before it. */
const tableHeadLines = 2;
const killsMin = 3;

/** How many rows of leases a screen has. */
export function leaseRows(rows: number | undefined): number {
  if (rows === undefined) return Infinity;
  return Math.max(1, rows - headLines - footLines - 2 * tableHeadLines - killRows(rows));
}

/** A third of the screen, and not much of a small one. */
function killRows(rows: number): number {
  return Math.max(killsMin, Math.floor((rows - headLines - footLines) / 3) - tableHeadLines);
}

/**
 * The screen of `omnictl top`.
 *
 * @param nowMs the wall clock, for the ages of leases
 * @returns lines, as many as there is room for, each as wide as there is room for
 */
export function topScreen(model: TopModel, state: ViewState, output: Output, room: Room, nowMs: number): readonly string[] {
  const body = bodyOf(model, state, output, room, nowMs);
  if (room.rows === undefined) return [...headOf(model, state, output, room), ...body];
  const foot = styled(output, 'inverse', fit(' q quit  j/k move  enter open  c/m/a/l sort  space pause  ? help', room));
  const lines = [...headOf(model, state, output, room), ...body].slice(0, Math.max(0, room.rows - footLines));
  while (lines.length < room.rows - footLines) lines.push('');
  return [...lines, foot];
}

function bodyOf(model: TopModel, state: ViewState, output: Output, room: Room, nowMs: number): readonly string[] {
  if (state.isHelp) return ['', ...helpLines.map((line) => fitCut(line, room))];
  const row = state.isOpen ? selectedRow(state, model) : undefined;
  if (row !== undefined) return ['', ...detailLines(row, output, room.columns, nowMs)];
  return [...leaseLines(model, state, output, room, nowMs), ...killLines(model.kills, output, room)];
}

function headOf({ status, rows, failure, at }: TopModel, state: ViewState, output: Output, room: Room): readonly string[] {
  const { version, scope, uptimeMs, rungs, context } = status;
  const active = rungs.filter((rung) => rung.active).map(({ layer }) => layer);
  const title = `omnid ${escapeText(version)}, ${scope}, up ${formatDuration(uptimeMs)}; ${active.join(', ')}`;
  const clock = `${state.isPaused ? 'PAUSED ' : ''}${formatTimeOfDay(at).slice(0, 8)}`;
  const covered = rows.filter(({ lease }) => lease !== undefined).length;
  const words = `${counted(status.protectedProcesses, 'process', 'processes')} in ${counted(covered, 'lease', 'leases')}`;
  const first = failure === undefined ? title : `NOT LIVE: ${failure}`;
  const facts: readonly (readonly [string, string])[] = [
    ['memory', `${bar(context)}${memoryWords(context)}; swap: ${swapWords(status)}`],
    ['pressure', pressureWords(context)],
    ['protected', `${words}, by ${sortWords[state.sortBy]}; protector ${status.protector.mode}`],
  ];
  return [
    styled(output, failure === undefined ? 'bold' : 'yellow', spread(first, clock, room)),
    ...facts.map(([name, text]) => styled(output, 'bold', name.padEnd(10)) + fitCut(text, room, 10)),
  ];
}

const sortWords = { cpu: 'CPU', memory: 'memory', age: 'age, the newest first', label: 'label' } as const;
const barColumns = 20;

/** How much of the memory is taken. */
function bar({ memAvailableBytes, memTotalBytes }: TopModel['status']['context']): string {
  if (memAvailableBytes === null || memTotalBytes === null || memTotalBytes === 0) return '';
  const taken = Math.round((barColumns * (memTotalBytes - memAvailableBytes)) / memTotalBytes);
  return `[${'#'.repeat(taken)}${'-'.repeat(barColumns - taken)}] `;
}

const leaseColumns: readonly Column[] = [
  { title: 'LABEL', shrinkTo: 10 },
  { title: 'PID', align: 'right' },
  { title: 'MEMBERS', align: 'right' },
  { title: 'CPU', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'AGE', align: 'right' },
  { title: 'EXPIRES', align: 'right' },
  { title: 'LEASE', shrinkTo: 8 },
];

/** Known before the cells are: columns that move from moment to moment cannot be read. */
const leaseWidths = [40, 7, 7, 7, 8, 7, 9, 23];

function leaseLines(model: TopModel, state: ViewState, output: Output, room: Room, nowMs: number): readonly string[] {
  const rows = sortRows(model.rows, state.sortBy);
  const count = leaseRows(room.rows);
  const selected = selectedRow(state, model)?.key;
  const at = rows.findIndex(({ key }) => key === selected);
  const first = Math.max(0, Math.min(at - Math.floor(count / 2), rows.length - count));
  const widths = room.columns === undefined ? leaseWidths : shrink(leaseColumns, leaseWidths, room.columns);
  const line = (cells: readonly string[]): string => layOutRow(leaseColumns, widths, cells, room.columns);
  const shown = rows.slice(first, first + count).map((row) => {
    const text = line(leaseCells(row, nowMs));
    return row.key === selected && room.rows !== undefined ? styled(output, 'inverse', fit(text, room)) : text;
  });
  const isCut = rows.length > count;
  const titles = line(leaseColumns.map(({ title }) => title));
  const empty = rows.length === 0 ? ['nothing is protected: omnictl run, or omnictl register'] : [];
  const more = isCut ? ` ${String(first + 1)}-${String(first + shown.length)} of ${String(rows.length)}` : '';
  const blank = styled(output, 'dim', more.trim());
  const filler = room.rows === undefined ? [] : Array.from({ length: count - shown.length - empty.length }, () => '');
  return [blank, styled(output, 'bold', titles), ...empty, ...shown, ...filler];
}

function leaseCells(row: TopRow, nowMs: number): readonly string[] {
  const { lease } = row;
  const ages =
    lease === undefined
      ? ['-', '-', '-']
      : [formatDuration(nowMs - Date.parse(lease.grantedAt)), expiryOf(lease, nowMs), lease.id];
  return [
    escapeText(row.label),
    lease === undefined ? '-' : String(lease.identity.pid),
    String(row.processes.length),
    formatPercent(row.cpuPercent),
    formatBytes(row.memoryBytes),
    ...ages,
  ];
}

function expiryOf({ expiresAt }: NonNullable<TopRow['lease']>, nowMs: number): string {
  return expiresAt === null ? 'never' : `in ${formatDuration(Math.max(0, Date.parse(expiresAt) - nowMs))}`;
}

const killColumns: readonly Column[] = [
  { title: 'LAST KILLS' },
  { title: 'SIGNAL' },
  { title: 'TARGET', shrinkTo: 10 },
  { title: 'BY', shrinkTo: 10 },
  { title: 'OUTCOME', shrinkTo: 9 },
];

function killLines(kills: readonly SignalEvent[], output: Output, room: Room): readonly string[] {
  const shown = kills.slice(0, room.rows === undefined ? killsMin : killRows(room.rows));
  const rows = shown.map((event) => [
    formatTimeOfDay(event.firstAt),
    event.signalName ?? '-',
    processWords(event.target),
    event.sender === null && event.requester === undefined ? 'the kernel' : senderWords(event),
    event.count === 1 ? outcomeWords(event) : `${outcomeWords(event)} ×${String(event.count)}`,
  ]);
  const [titles = '', ...lines] = layOutTable(killColumns, rows, room.columns);
  const styles = shown.map(styleOf);
  return ['', styled(output, 'bold', titles), ...lines.map((line, index) => withStyle(output, styles[index], line))];
}

function styleOf({ outcome, signal }: SignalEvent): Style | undefined {
  if (outcome === 'denied' || outcome === 'audited' || outcome === 'failed') return 'yellow';
  return signal === 9 ? 'red' : undefined;
}

function withStyle(output: Output, style: Style | undefined, line: string): string {
  return style === undefined ? line : styled(output, style, line);
}

/** As wide as the screen: cut, or filled up. */
function fit(text: string, room: Room): string {
  return room.columns === undefined ? text : pad(fitCut(text, room), room.columns);
}

function fitCut(text: string, { columns }: Room, taken = 0): string {
  return columns === undefined ? text : truncate(text, Math.max(1, columns - taken));
}

/** One text at the left of the screen, one at its right. */
function spread(left: string, right: string, room: Room): string {
  if (room.columns === undefined) return `${left}  ${right}`;
  const width = Math.max(1, room.columns - right.length - 2);
  return truncate(`${pad(truncate(left, width), width)}  ${right}`, room.columns);
}
