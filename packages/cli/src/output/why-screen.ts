import type { Explanation } from '#protocol/explanation.ts';
import type { Output } from './output.ts';
import { styled } from './style.ts';
import { fitFacts } from './fit-facts.ts';
import { whyFacts, type WhyFact } from './why-lines.ts';
import { wrap } from './wrap.ts';

const titleColumns = 9;

/** The screen of `omnictl why`: the answer first. A terminal breaks long lines between words. @returns lines with their ends */
export function whyScreen(explanation: Explanation, output: Output): string {
  const { answer, facts } = whyFacts(explanation);
  const lines = wrap(answer, output.columns, '').map((line) => styled(output, 'bold', line));
  const broken = ([, words]: WhyFact): readonly string[] => wrap(words, output.columns, ' '.repeat(titleColumns));
  for (const fact of fitFacts(facts, (one) => broken(one).length, lines.length)) {
    const [title] = fact;
    const [first = '', ...rest] = broken(fact);
    lines.push(styled(output, 'bold', title.padEnd(titleColumns)) + first.slice(titleColumns), ...rest);
  }
  return `${lines.join('\n')}\n`;
}
