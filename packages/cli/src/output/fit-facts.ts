import type { WhyFact } from './why-lines.ts';
import { wrap } from './wrap.ts';

/** The answer, and what it rests on: as much as is read at a glance. */
const linesMax = 10;

/** What can be asked for with --json rather than be read at once, the least important first; then what can be said shorter. */
const dispensable = ['pid', 'unknown'];
const shortened = ['before', 'refused', 'unknown'];
const dispensableLast = ['refused', 'before', 'memory'];

/**
 * Shortens and leaves out facts until an explanation fits its ten lines on a narrow terminal, and says which. One thing
 * that is not known stays.
 *
 * @param facts as whyFacts gave them
 * @param linesOf how many lines a fact takes
 * @param taken lines of the answer
 */
export function fitFacts(facts: readonly WhyFact[], linesOf: (fact: WhyFact) => number, taken: number): readonly WhyFact[] {
  let kept = facts;
  const less = new Set<string>();
  const steps = [
    ...dispensable.map((title) => [title, leaveOut] as const),
    ...shortened.map((title) => [title, shorten] as const),
    ...dispensableLast.map((title) => [title, leaveOut] as const),
  ];
  for (const [title, step] of steps) {
    if (told(kept, less).reduce((sum, fact) => sum + linesOf(fact), taken) <= linesMax) break;
    const before = kept;
    kept = step(kept, title);
    if (kept !== before) less.add(title);
  }
  return told(kept, less);
}

function told(kept: readonly WhyFact[], less: ReadonlySet<string>): readonly WhyFact[] {
  return less.size === 0 ? kept : [...kept, ['more', `omnictl why --json has all of it: ${[...less].join(', ')}`]];
}

/** The last of this title; of what is not known one stays. */
function leaveOut(facts: readonly WhyFact[], title: string): readonly WhyFact[] {
  const count = facts.filter((fact) => fact[0] === title).length;
  if (count <= (title === 'unknown' ? 1 : 0)) return facts;
  return facts.toSpliced(
    facts.findLastIndex((fact) => fact[0] === title),
    1,
  );
}

function shorten(facts: readonly WhyFact[], title: string): readonly WhyFact[] {
  const at = facts.findIndex((fact) => fact[0] === title);
  const words = facts[at]?.[1] ?? '';
  const short = title === 'unknown' ? words.replace(/: .*?(?=; next time: |$)/s, '') : lastOf(words);
  return short === words ? facts : facts.with(at, [title, short]);
}

/** Of `a; b; c` and `a; b; c; 2 more (--json)` the last and how many others. */
function lastOf(words: string): string {
  const head = /^\d+ tr(?:y|ies): /.exec(words)?.[0] ?? '';
  const parts = words.slice(head.length).split('; ');
  const more = Number(/^(\d+) more \(--json\)$/.exec(parts.at(-1) ?? '')?.[1] ?? 0);
  const shown = more === 0 ? parts : parts.slice(0, -1);
  const left = shown.length - 1 + more;
  return left === 0 ? words : `${head}${shown.at(-1) ?? ''}; ${String(left)} more (--json)`;
}

/** A fact in a note: `  by       bash[811]`. What is no fact stands for itself. */
const factLine = /^( {2}(\S+) +)(.*)$/s;
const noteHead = 'omnictl: ';

/**
 * Breaks the lines of a note at spaces, with what follows under its words, and leaves out facts as fitFacts does.
 *
 * @param lines the answer, then facts
 * @param width of the terminal; undefined: not a terminal, lines as they are
 */
export function fitNote([answer = '', ...facts]: readonly string[], width: number | undefined): readonly string[] {
  if (width === undefined) return [noteHead + answer, ...facts];
  const broken = (head: string, words: string): readonly string[] => {
    const [first = '', ...rest] = wrap(words, width, ' '.repeat(head.length));
    return [head + first.slice(head.length), ...rest];
  };
  const lines = broken(noteHead, answer);
  const columns = (factLine.exec(facts[0] ?? '')?.[1] ?? '').length - '  '.length;
  const parsed = facts.map((line): WhyFact => {
    const [, , title = '', words = line] = factLine.exec(line) ?? [];
    return [title, words];
  });
  const told = ([title, words]: WhyFact): readonly string[] =>
    title === '' ? broken('', words) : broken(`  ${title.padEnd(columns)}`, words);
  return [...lines, ...fitFacts(parsed, (fact) => told(fact).length, lines.length).flatMap(told)];
}
