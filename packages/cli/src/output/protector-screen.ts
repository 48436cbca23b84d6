import type { MethodResult } from '#protocol/methods.ts';
import { escapeText } from './escape.ts';
import type { Output } from './output.ts';
import { styled } from './style.ts';
import { layOutTable, type Column } from './table.ts';
import { formatBytes, formatDuration, formatPercent } from './units.ts';

type Status = MethodResult<'protector.status'>;
type Plan = MethodResult<'protector.plan'>;
type Suspect = Plan['victims'][number];

const titleColumns = 10;

/** The screen of `omnictl protector status`. @returns lines with their ends */
export function protectorScreen(status: Status, output: Output): string {
  const facts: readonly (readonly [string, string])[] = [
    ['mode', modeWords(status)],
    ['need', needWords(status)],
    ['memory', memoryWords(status)],
    ['cpu', cpuWords(status)],
    ['limits', limitWords(status)],
    ['looks', looksWords(status)],
    ['protected', `${formatBytes(status.budget.usedBytes)} of a budget of ${formatBytes(status.budget.maxBytes)}`],
    ['victim', victimWords(status)],
    ['itself', itselfWords(status)],
  ];
  const lines = facts.map(([title, words]) => styled(output, 'bold', title.padEnd(titleColumns)) + words);
  for (const { pid, comm, how } of status.throttled) {
    lines.push(
      styled(output, 'bold', 'slowed'.padEnd(titleColumns)) +
        `${escapeText(comm)}[${String(pid)}]: ${escapeText(how.join(', '))}`,
    );
  }
  if (status.growing.length > 0) lines.push('', ...suspectTable('GROWING', status.growing, output));
  return `${lines.join('\n')}\n`;
}

/** The screen of `omnictl protector plan`. @returns lines with their ends */
export function planScreen(plan: Plan, output: Output): string {
  const lines = [escapeText(plan.why), actWords(plan)];
  if (plan.victims.length > 0) lines.push('', ...suspectTable('WHOM', plan.victims, output));
  if (plan.passedOver.length > 0) lines.push('', ...passedOverTable(plan, output));
  return `${lines.join('\n')}\n`;
}

function actWords({ wouldEnd, acting, mode }: Plan): string {
  if (!wouldEnd) return 'nobody is ended as things are';
  return acting ? `the protector acts (${mode})` : `the protector does not act (${mode}): it would`;
}

const suspectColumns: readonly Column[] = [
  { title: 'PID', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'GROWN', align: 'right' },
  { title: 'A SECOND', align: 'right' },
  { title: 'CPU', align: 'right' },
];

function suspectTable(title: string, suspects: readonly Suspect[], output: Output): readonly string[] {
  const columns = [{ title, shrinkTo: 8 }, ...suspectColumns, { title: 'GUILT' }];
  const rows = suspects.map((suspect) => [escapeText(suspect.comm), ...suspectCells(suspect), suspect.guilt]);
  return titled(layOutTable(columns, rows, output.columns), output);
}

function passedOverTable(plan: Plan, output: Output): readonly string[] {
  const columns = [{ title: 'WHY NOT', shrinkTo: 8 }, ...suspectColumns, { title: 'BECAUSE', shrinkTo: 10 }];
  const rows = plan.passedOver.map((one) => [escapeText(one.comm), ...suspectCells(one), escapeText(one.why)]);
  return titled(layOutTable(columns, rows, output.columns), output);
}

function suspectCells({ pid, bytes, grownBytes, growthBytesPerSecond, cpuShare }: Suspect): readonly string[] {
  const growth = growthBytesPerSecond === 0 ? '-' : formatBytes(growthBytesPerSecond);
  return [String(pid), formatBytes(bytes), formatBytes(grownBytes), growth, formatPercent(cpuShare * 100)];
}

function titled([head, ...rows]: readonly string[], output: Output): readonly string[] {
  return [styled(output, 'bold', head ?? ''), ...rows];
}

function modeWords({ mode, acting, limitsMode, onlyEnvironment }: Status): string {
  const limits = mode === limitsMode ? '' : `, by the limits of ${limitsMode}`;
  const only = onlyEnvironment.length === 0 ? '' : `, processes with ${onlyEnvironment.join(' and ')} alone`;
  return `${mode}${acting ? ', acting' : ', touches nothing'}${limits}${escapeText(only)}`;
}

function needWords({ need }: Status): string {
  const ahead = need.exhaustedInMs === null ? '' : `, memory is used up in ${formatDuration(need.exhaustedInMs)}`;
  return need.level === 'well' ? `none${ahead}` : `${need.level} (${need.cause})${ahead}`;
}

function memoryWords({ machine }: Status): string {
  const { memTotalBytes, memAvailableBytes, swapTotalBytes, swapFreeBytes, fallBytesPerSecond } = machine;
  const swap = swapTotalBytes === 0 ? 'no swap' : `swap ${formatBytes(swapFreeBytes)} of ${formatBytes(swapTotalBytes)} free`;
  const falls = fallBytesPerSecond === 0 ? '' : `, falls ${formatBytes(fallBytesPerSecond)} a second`;
  const waits = machine.memorySomeShare === null ? '' : `, tasks wait ${formatPercent(machine.memorySomeShare * 100)}`;
  return `${formatBytes(memAvailableBytes)} of ${formatBytes(memTotalBytes)} available, ${swap}${falls}${waits}`;
}

function cpuWords({ machine }: Status): string {
  const waits = machine.cpuWaitShare === null ? '' : `, tasks wait ${formatPercent(machine.cpuWaitShare * 100)}`;
  return `${formatPercent(machine.cpuBusyShare * 100)} busy${waits}`;
}

function limitWords({ limits }: Status): string {
  return (
    `cpu ${String(limits.cpuPercent)} %, memory ${String(limits.memoryPercent)} %, disk ${String(limits.diskPercent)} %; one process: ` +
    `${String(limits.hogCpuPercent)} % of a core, ${formatBytes(limits.processBytesMax)}`
  );
}

function looksWords({ looks }: Status): string {
  const { processes, processCostMs, processIntervalMs, machineIntervalMs } = looks;
  return (
    `memory every ${formatDuration(machineIntervalMs)}; ${String(processes)} processes every ` +
    `${formatDuration(processIntervalMs)}, ${processCostMs.toFixed(1)} ms each`
  );
}

function victimWords({ victim, signalsSent, victimsEnded }: Status): string {
  const now =
    victim === null ? 'none' : `${escapeText(victim.comm)}[${String(victim.pid)}], signal ${String(victim.signal)} sent`;
  return `${now}; ${String(signalsSent)} signals sent, ${String(victimsEnded)} processes ended by them`;
}

function itselfWords({ survival, lateTicks, shielded }: Status): string {
  const locked = survival.programLock.done
    ? 'locked into memory'
    : `not locked into memory (${survival.programLock.why ?? '?'})`;
  const passed = survival.oomScore.done
    ? 'passed over by the OOM killer'
    : `oom_score_adj as it was (${survival.oomScore.why ?? '?'})`;
  const late =
    lateTicks.count === 0
      ? 'never late'
      : `late ${String(lateTicks.count)} times, by ${formatDuration(lateTicks.worstMs)} at most`;
  return `${escapeText(locked)}, ${escapeText(passed)}, ${late}; ${String(shielded)} members shielded from it`;
}
