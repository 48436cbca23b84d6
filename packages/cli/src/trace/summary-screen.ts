import type { ProcessRef } from '#protocol/history.ts';
import { escapeText } from '../output/escape.ts';
import { lineageWords, processWords } from '../output/event-words.ts';
import { factLines, titled } from '../output/facts.ts';
import type { Output } from '../output/output.ts';
import { memoryWords, pressureWords } from '../output/status-screen.ts';
import { layOutTable, type Column } from '../output/table.ts';
import { formatDuration, formatTimeOfDay } from '../output/units.ts';
import { notSeenWords, seenByWords } from './seen-by.ts';
import type { TraceSummary } from './summary.ts';

/** Rows of each table; the rest is counted. */
const rowsMax = 20;
const generations = 4;

/** The screen of a trace that is over. @returns lines with their ends */
export function summaryScreen(summary: TraceSummary, output: Output): string {
  const facts: [string, string][] = [
    ['traced', tracedWords(summary)],
    ['seen by', seenByWords[summary.seenBy]],
  ];
  const notSeen = notSeenWords[summary.seenBy];
  if (notSeen !== undefined) facts.push(['not seen', notSeen]);
  if (summary.command !== undefined) facts.push(['ended', endWords(summary)]);
  facts.push(['signals', signalsWords(summary)]);
  const { contextOfLastKill: context, dropped } = summary;
  if (context !== undefined) facts.push(['at SIGKILL', `${memoryWords(context)}; pressure: ${pressureWords(context)}`]);
  if (dropped > 0) facts.push(['lost', `${String(dropped)} signals came faster than they could be taken`]);
  if (summary.isCutShort) facts.push(['lost', 'the server was gone at the end: the last signals may be missing']);
  const lines = [...factLines(output, facts, 12)];
  if (summary.signals.length > 0) lines.push('', ...signalTable(summary, output));
  if (summary.senders.length > 0) lines.push('', ...partyTable('BY', summary.senders, output, byWords));
  if (summary.targets.length > 0) lines.push('', ...partyTable('TARGET', summary.targets, output, processWords));
  return `${lines.join('\n')}\n`;
}

function tracedWords({ command, startedAt, endedAt }: TraceSummary): string {
  const what = command === undefined ? 'the machine' : `${escapeText(command.name)} (pid ${String(command.pid)}) and its tree`;
  return `${what}, for ${formatDuration(Date.parse(endedAt) - Date.parse(startedAt))}`;
}

function endWords({ command, unseenEnd }: TraceSummary): string {
  const end = command?.end;
  if (end === undefined) return 'it goes on';
  if (end.signal === null) return `exit code ${String(end.code)}`;
  if (unseenEnd !== undefined) return `${end.signal}; nobody saw who sent it`;
  const sender = command?.endedBy;
  return sender === undefined ? end.signal : `${end.signal}, sent by ${byWords(sender)}`;
}

/** `2 SIGKILL, 1 SIGTERM, 3 others; 1 of them refused`: the first question is always which of the two. */
function signalsWords({ signals }: TraceSummary): string {
  const count = (wanted: (name: string) => boolean): number =>
    signals.filter(({ signalName }) => wanted(signalName)).reduce((sum, one) => sum + one.count, 0);
  const kills = count((name) => name === 'SIGKILL');
  const terms = count((name) => name === 'SIGTERM');
  const others = count(() => true) - kills - terms;
  const refused = signals.reduce((sum, one) => sum + one.refused, 0);
  const words = `${String(kills)} SIGKILL, ${String(terms)} SIGTERM, ${String(others)} ${others === 1 ? 'other' : 'others'}`;
  return refused === 0 ? words : `${words}; ${String(refused)} of them refused`;
}

const signalColumns: readonly Column[] = [
  { title: 'SIGNAL' },
  { title: 'COUNT', align: 'right' },
  { title: 'REFUSED', align: 'right' },
  { title: 'FIRST' },
  { title: 'LAST' },
];

function signalTable({ signals }: TraceSummary, output: Output): readonly string[] {
  const rows = signals.map(({ signalName, count, refused, firstAt, lastAt }) => [
    signalName,
    String(count),
    String(refused),
    formatTimeOfDay(firstAt),
    formatTimeOfDay(lastAt),
  ]);
  return titled(output, layOutTable(signalColumns, rows, output.columns));
}

function byWords(process: ProcessRef | null): string {
  return process === null ? 'the kernel' : lineageWords(process, generations);
}

function partyTable(
  title: string,
  parties: TraceSummary['senders'],
  output: Output,
  words: (process: ProcessRef | null) => string,
): readonly string[] {
  const columns: readonly Column[] = [
    { title: 'SIGKILL', align: 'right' },
    { title: 'SIGTERM', align: 'right' },
    { title: 'OTHERS', align: 'right' },
    { title: 'REFUSED', align: 'right' },
    { title, shrinkTo: 12 },
  ];
  const rows = parties.slice(0, rowsMax).map(({ process, count, refused, bySignal }) => {
    const { SIGKILL: kills = 0, SIGTERM: terms = 0 } = bySignal;
    return [String(kills), String(terms), String(count - kills - terms), String(refused), words(process)];
  });
  const more = parties.length > rowsMax ? [`and ${String(parties.length - rowsMax)} more`] : [];
  return [...titled(output, layOutTable(columns, rows, output.columns)), ...more];
}
