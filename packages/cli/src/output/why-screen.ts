import type { Explanation } from '#protocol/explanation.ts';
import type { Output } from './output.ts';
import { styled } from './style.ts';
import { whyFacts } from './why-lines.ts';
import { wrap } from './wrap.ts';

const titleColumns = 9;

/** The screen of `omnictl why`: the answer first. A terminal breaks long lines between words. @returns lines with their ends */
export function whyScreen(explanation: Explanation, output: Output): string {
  const { answer, facts } = whyFacts(explanation);
  const lines = wrap(answer, output.columns, '').map((line) => styled(output, 'bold', line));
  for (const [title, words] of facts) {
    const [first = '', ...rest] = wrap(words, output.columns, ' '.repeat(titleColumns));
    lines.push(styled(output, 'bold', title.padEnd(titleColumns)) + first.slice(titleColumns), ...rest);
  }
  return `${lines.join('\n')}\n`;
}
