import { signalName } from '#protocol/signals.ts';
import { escapeText } from '../output/escape.ts';
import type { Output } from '../output/output.ts';
import { counted } from '../output/status-screen.ts';
import { styled } from '../output/style.ts';
import { layOutTable, type Column } from '../output/table.ts';
import { formatBytes, formatDuration, formatPercent, formatTime } from '../output/units.ts';
import { truncate } from '../output/width.ts';
import type { TopRow } from './model.ts';

const columns: readonly Column[] = [
  { title: 'PID', align: 'right' },
  { title: 'STATE' },
  { title: 'CPU', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'PROCESS', shrinkTo: 10 },
];

/** A lease's own screen: its terms, and its processes, those that use most first. */
export function detailLines(row: TopRow, output: Output, width: number | undefined, nowMs: number): readonly string[] {
  const cells = row.processes
    .toSorted((one, other) => other.cpuPercent - one.cpuPercent || other.memoryBytes - one.memoryBytes)
    .map(({ pid, state, cpuPercent, memoryBytes, comm }) => [
      String(pid),
      state,
      formatPercent(cpuPercent),
      formatBytes(memoryBytes),
      escapeText(comm),
    ]);
  const [titles = '', ...lines] = layOutTable(columns, cells, width);
  const facts = factsOf(row, nowMs).map(([name, words]) => {
    const shown = width === undefined ? words : truncate(words, Math.max(1, width - 10));
    return styled(output, 'bold', name.padEnd(10)) + shown;
  });
  return [...facts, '', styled(output, 'bold', titles), ...lines];
}

function factsOf(
  { lease, label, cpuPercent, memoryBytes, processes }: TopRow,
  nowMs: number,
): readonly (readonly [string, string])[] {
  const use = `${formatPercent(cpuPercent)} of a core, ${formatBytes(memoryBytes)}, ${counted(processes.length, 'process', 'processes')}`;
  if (lease === undefined)
    return [
      ['rule', escapeText(label)],
      ['uses', use],
    ];
  const { identity, rootAlive, uid, renewal, scope, grantedAt, reason, forbiddenSignals } = lease;
  const root = `pid ${String(identity.pid)}${rootAlive ? '' : ' (gone)'} of uid ${String(uid)}`;
  return [
    ['lease', `${lease.id}, ${escapeText(label)}`],
    ['root', `${root}, ${scope === 'tree' ? 'with its tree' : 'alone'}`],
    ['since', `${formatTime(grantedAt)} (${formatDuration(nowMs - Date.parse(grantedAt))}), renewed by ${renewal}`],
    ['forbids', forbiddenSignals.map((signal) => signalName(signal).replace(/^SIG/, '')).join(', ')],
    ['reason', reason === null ? '-' : escapeText(reason)],
    ['uses', use],
  ];
}
