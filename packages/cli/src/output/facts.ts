import type { Output } from './output.ts';
import { styled } from './style.ts';
import { truncate } from './width.ts';

/**
 * Lines of a title and words each, as the head of a screen has them.
 *
 * @param facts titles and words; the words are escaped already
 * @param titleColumns how wide the titles are, the gap after them included
 */
export function factLines(
  output: Output,
  facts: readonly (readonly [title: string, words: string])[],
  titleColumns = 10,
): readonly string[] {
  const { columns } = output;
  return facts.map(([title, words]) => {
    const shown = columns === undefined ? words : truncate(words, Math.max(1, columns - titleColumns));
    return styled(output, 'bold', title.padEnd(titleColumns)) + shown;
  });
}

/** A table's lines, its titles bold. */
export function titled(output: Output, [head, ...rows]: readonly string[]): readonly string[] {
  return [styled(output, 'bold', head ?? ''), ...rows];
}
