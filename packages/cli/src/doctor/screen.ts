import type { DoctorReport } from '../commands/doctor.ts';
import { escapeText } from '../output/escape.ts';
import type { Output } from '../output/output.ts';
import { styled } from '../output/style.ts';
import { wrap } from '../output/wrap.ts';

interface Item {
  readonly ok: boolean;
  readonly title: string;
  readonly found: string;
  readonly fix?: string | undefined;
}

/** The screen of `omnictl doctor`. @returns lines with their ends */
export function doctorScreen({ info, local }: DoctorReport, output: Output): string {
  const lines: string[] = [];
  if (info !== undefined) {
    const items = info.rungs.map(({ layer, active, why, fix }): Item => ({ ok: active, title: layer, found: why, fix }));
    const title = `Protection (omnid ${info.version}, ${info.scope} server, pid ${String(info.pid)})`;
    lines.push(...section(output, title, items), '');
    if (info.facts.length > 0) lines.push(...section(output, 'As the server sees this machine', info.facts.map(factItem)), '');
  }
  lines.push(...section(output, 'As omnictl sees it', local.map(factItem)));
  return `${lines.join('\n')}\n`;
}

interface Fact {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly fix?: string | undefined;
}

function factItem({ name, ok, found, fix }: Fact): Item {
  return { ok, title: name, found, fix };
}

function section(output: Output, title: string, items: readonly Item[]): readonly string[] {
  return [styled(output, 'bold', escapeText(title)), ...items.flatMap((item) => itemLines(output, item))];
}

function itemLines(output: Output, { ok, title, found, fix }: Item): readonly string[] {
  const mark = ok ? styled(output, 'green', 'ok') : styled(output, 'yellow', 'no');
  const [first = '', ...rest] = wrap(escapeText(`${title}: ${found}`), output.columns, '       ');
  const fixLines = fix === undefined ? [] : wrap(escapeText(`to change: ${fix}`), output.columns, '       ');
  return [`  ${mark}   ${first.trimStart()}`, ...rest, ...fixLines];
}
