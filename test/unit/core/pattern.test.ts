import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pattern, PatternError } from '#core/rules/pattern.ts';

/** Patterns that both engines understand, made of small pieces, with texts of the same few letters. */
const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '-',
  '/',
  '\\.',
  '^',
  '$',
  '\\b',
  '[a-c1]',
  '\\s',
  '\\W',
);
const repeatable = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w');
const quantified = fc
  .tuple(repeatable, fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{0,}', '*?', '+?'))
  .map((two) => two.join(''));
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    quantified,
    fc.tuple(tie('tree'), tie('tree')).map((two) => two.join('')),
    fc.tuple(tie('tree'), tie('tree')).map((two) => `(${two.join('|')})`),
    fc.tuple(tie('tree'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}')).map(([one, times]) => `(?:${one})${times}`),
  ),
}));
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '-', '/', '.', ' ', '_'), maxLength: 12 });

describe('a pattern', () => {
  it('matches what JavaScript matches', () => {
    fc.assert(
      fc.property(tree, text, (source, subject) => {
        expect(new Pattern(source).test(subject)).toBe(new RegExp(source).test(subject));
      }),
      { numRuns: 3000 },
    );
  });

  it('ignores case as JavaScript does, where it is told to', () => {
    fc.assert(
      fc.property(tree, text, fc.boolean(), (source, subject, upper) => {
        const cased = upper ? subject.toUpperCase() : subject;
        expect(new Pattern(`(?i)${source}`).test(cased)).toBe(new RegExp(source, 'i').test(cased));
      }),
      { numRuns: 1000 },
    );
  });

  it('has to begin where it is told', () => {
    const pattern = new Pattern('b+');
    expect([pattern.test('aabb', 2), pattern.test('aabb', 3), pattern.test('abab', 1)]).toEqual([false, true, false]);
  });

  it.each(['(a+)+$', '(a|aa)+$', '(a*)*b', '(.*a){20}$', 'a*a*a*a*a*a*a*b', '(\\w+\\s?)+$'])(
    'takes time in proportion to the text: %s, which others take years for',
    (source) => {
      expect(new Pattern(source).test(`${'a'.repeat(4000)}!`)).toBe(false);
    },
  );

  it('looks at so much of a text and no more', () => {
    expect(new Pattern('b').test(`${'a'.repeat(4095)}b`)).toBe(true);
    expect(new Pattern('b').test(`${'a'.repeat(4096)}b`)).toBe(false);
  });

  it.each([
    ['', 'it is empty'],
    ['(', "a '(' has no ')'"],
    ['a)', "a ')' has no '('"],
    ['[a', 'it ends too early'],
    ['a\\', 'it ends too early'],
    ['*a', 'nothing to repeat'],
    ['a**', 'nothing to repeat'],
    ['^*', 'nothing to repeat'],
    ['(a)\\1', '\\1 is not supported'],
    ['\\q', '\\q is not supported'],
    ['(?=a)', '(?= is not supported'],
    ['(?<name>a)', '(?< is not supported'],
    ['a{3,1}', 'out of order'],
    ['a{1000}', 'at most 100 times'],
    ['[b-a]', 'out of order'],
    ['((a{100}){100}){100}', 'too large'],
    ['('.repeat(40) + ')'.repeat(40), 'nest at most 32'],
    ['a'.repeat(1025), 'at most 1024 characters'],
  ])('%s is refused: %s', (source, words) => {
    expect(() => new Pattern(source)).toThrow(PatternError);
    expect(() => new Pattern(source)).toThrow(words);
  });
});
