import type { EventContext, ProcessRef } from '#protocol/history.ts';
import { csvCell, csvRowEnd, csvText } from '../output/csv.ts';
import { cutRow, type CutEvent, type CutRow } from './cut-row.ts';
import type { RowFormat } from './format.ts';
import { SeenTexts } from './seen-texts.ts';

const eventTitles = ['id', 'firstAt', 'lastAt', 'source', 'signal', 'signalName', 'code', 'outcome', 'termination', 'count'];
const processTitles = ['pid', 'uid', 'comm', 'exe', 'cmdline', 'cgroup', 'ancestry'];
const reasonTitles = ['leaseId', 'reason', 'override'];
const contextTitles = ['memAvailableBytes', 'memTotalBytes', 'swapFreeBytes', 'psiMemorySomeAvg10', 'psiMemoryFullAvg10'];

/** The columns of the CSV, in the order of `rowText`. New ones go to the end: scripts count them. */
const titles: readonly string[] = [
  ...eventTitles,
  ...['sender', 'target', 'requester'].flatMap((role) => processTitles.map((title) => `${role}.${title}`)),
  ...reasonTitles,
  ...contextTitles.map((title) => `context.${title}`),
];

/** In one expression a group: cell by cell, an export would take half as long again. */
function rowText({ event, sender, target }: CutRow, cellsOf: (process: string) => string): string {
  const requester = processCells(event.requester);
  return `${eventCells(event)},${cellsOf(sender)},${cellsOf(target)},${requester},${reasonCells(event)},${contextCells(event.context)}${csvRowEnd}`;
}

function eventCells(event: CutEvent): string {
  const { id, firstAt, lastAt, source, signal, signalName, code, outcome, termination, count } = event;
  return `${id},${firstAt},${lastAt},${source},${signal ?? ''},${signalName ?? ''},${code ?? ''},${outcome},${termination ?? ''},${count}`;
}

const noProcess = ','.repeat(processTitles.length - 1);

function processCells(process: ProcessRef | null | undefined): string {
  if (process === null || process === undefined) return noProcess;
  const { pid, uid, comm, exe, cmdline, cgroup, ancestry } = process;
  return `${pid},${uid},${csvText(comm)},${csvCell(exe)},${csvCell(cmdline)},${csvCell(cgroup)},${csvText(ancestryWords(ancestry))}`;
}

function ancestryWords(ancestry: ProcessRef['ancestry']): string {
  let words = '';
  for (const { pid, comm } of ancestry) words += `${words === '' ? '' : ' < '}${comm}[${pid}]`;
  return words;
}

function reasonCells({ leaseId, reason, override }: CutEvent): string {
  return `${leaseId ?? ''},${csvCell(reason)},${override ?? ''}`;
}

function contextCells(context: EventContext): string {
  const { memAvailableBytes, memTotalBytes, swapFreeBytes, psiMemorySomeAvg10, psiMemoryFullAvg10 } = context;
  return `${memAvailableBytes ?? ''},${memTotalBytes ?? ''},${swapFreeBytes ?? ''},${psiMemorySomeAvg10 ?? ''},${psiMemoryFullAvg10 ?? ''}`;
}

/** Rows as CSV (RFC 4180) with a row of titles; see `csvText` for what hostile names become. */
export function csvFormat(): RowFormat {
  const seen = new SeenTexts((process) => processCells(JSON.parse(process) as ProcessRef | null));
  const cellsOf = (process: string): string => seen.get(process);
  return {
    start: titles.join(',') + csvRowEnd,
    end: '',
    isDocument: false,
    rows: (rows, emit) => {
      for (const row of rows) emit(rowText(cutRow(row), cellsOf));
    },
  };
}
