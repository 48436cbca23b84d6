import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import { csvCell, csvRowEnd, csvText } from '../output/csv.ts';
import { streamRowsAtOnce, type RowFormat } from './format.ts';

type Cell = (event: SignalEvent) => string;

const plain =
  (
    name: keyof SignalEvent & ('id' | 'firstAt' | 'lastAt' | 'source' | 'signal' | 'signalName' | 'code' | 'outcome' | 'count'),
  ): Cell =>
  (event) => {
    const value = event[name];
    return value === null ? '' : String(value);
  };

type Role = 'sender' | 'target' | 'requester';

function processColumns(role: Role): readonly (readonly [string, Cell])[] {
  const of = (event: SignalEvent): ProcessRef | null | undefined => event[role];
  return [
    [`${role}.pid`, (event) => csvCell(of(event)?.pid)],
    [`${role}.uid`, (event) => csvCell(of(event)?.uid)],
    [`${role}.comm`, (event) => csvCell(of(event)?.comm)],
    [`${role}.exe`, (event) => csvCell(of(event)?.exe)],
    [`${role}.cmdline`, (event) => csvCell(of(event)?.cmdline)],
    [`${role}.cgroup`, (event) => csvCell(of(event)?.cgroup)],
    [`${role}.ancestry`, (event) => csvText(ancestryWords(of(event)))],
  ];
}

function ancestryWords(process: ProcessRef | null | undefined): string {
  return process === null || process === undefined
    ? ''
    : process.ancestry.map(({ pid, comm }) => `${comm}[${String(pid)}]`).join(' < ');
}

const contextNames = [
  'memAvailableBytes',
  'memTotalBytes',
  'swapFreeBytes',
  'psiMemorySomeAvg10',
  'psiMemoryFullAvg10',
] as const;

/** The columns of the CSV, in order. New ones go to the end: scripts count them. */
const columns: readonly (readonly [string, Cell])[] = [
  ['id', plain('id')],
  ['firstAt', plain('firstAt')],
  ['lastAt', plain('lastAt')],
  ['source', plain('source')],
  ['signal', plain('signal')],
  ['signalName', plain('signalName')],
  ['code', plain('code')],
  ['outcome', plain('outcome')],
  ['termination', (event) => event.termination ?? ''],
  ['count', plain('count')],
  ...processColumns('sender'),
  ...processColumns('target'),
  ...processColumns('requester'),
  ['leaseId', (event) => event.leaseId ?? ''],
  ['reason', (event) => csvCell(event.reason)],
  ['override', (event) => csvCell(event.override)],
  ...contextNames.map((name): readonly [string, Cell] => [`context.${name}`, ({ context }) => csvCell(context[name])]),
];

/** Rows as CSV (RFC 4180) with a row of titles; see `csvText` for what hostile names become. */
export function csvFormat(): RowFormat {
  const cells = columns.map(([, cell]) => cell);
  return {
    start: columns.map(([title]) => title).join(',') + csvRowEnd,
    end: '',
    isDocument: false,
    rowsAtOnce: streamRowsAtOnce,
    rows: (events) => {
      let text = '';
      for (const event of events) {
        let separator = '';
        for (const cell of cells) {
          text += separator + cell(event);
          separator = ',';
        }
        text += csvRowEnd;
      }
      return text;
    },
  };
}
