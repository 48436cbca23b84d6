import type { ProtectionRule } from '#protocol/rules.ts';
import { escapeText } from './escape.ts';
import { layOutTable, type Column } from './table.ts';

const coveredColumns: readonly Column[] = [
  { title: 'RULE' },
  { title: 'PID', align: 'right' },
  { title: 'COMMAND', shrinkTo: 8 },
  { title: 'PROCESSES', align: 'right' },
  { title: 'BECAUSE', shrinkTo: 10 },
];

/** The trees that rules cover, and why. @returns no line where there are none */
export function coveredTable(rules: readonly ProtectionRule[], width: number | undefined): readonly string[] {
  const rows = rules.flatMap((rule) => [
    ...rule.trees.map(({ identity, rootAlive, comm, processes, by }) => [
      escapeText(rule.name),
      `${String(identity.pid)}${rootAlive ? '' : ' (gone)'}`,
      comm === null ? '-' : escapeText(comm),
      String(processes),
      by.map((key) => conditionWords(key, rule.when[key] ?? '')).join(' and '),
    ]),
    ...(rule.moreTrees === 0 ? [] : [[escapeText(rule.name), '…', `${String(rule.moreTrees)} more`, '', '']]),
  ]);
  return rows.length === 0 ? [] : layOutTable(coveredColumns, rows, width);
}

const ruleColumns: readonly Column[] = [
  { title: 'RULE' },
  { title: 'FROM' },
  { title: 'PROCESSES', align: 'right' },
  { title: 'COVERS', shrinkTo: 10 },
];

/** All rules, those that cover nothing now among them. */
export function ruleTable(rules: readonly ProtectionRule[], width: number | undefined): readonly string[] {
  const rows = rules.map(({ name, origin, processes, when }) => [
    escapeText(name),
    origin,
    String(processes),
    Object.entries(when)
      .map(([key, text]) => conditionWords(key, text))
      .join(' and '),
  ]);
  return layOutTable(ruleColumns, rows, width);
}

function conditionWords(key: string, text: string): string {
  return `${escapeText(key)} ${escapeText(text)}`;
}
