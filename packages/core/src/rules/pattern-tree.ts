/** Does a pattern's set hold this UTF-16 code unit? */
export type UnitTest = (unit: number) => boolean;

/** Places between two units: `start` and `end` of the text, and the bounds of words. */
export type Place = 'start' | 'end' | 'word' | 'notWord';

/** A pattern as it was read. */
export type PatternTree =
  | { readonly kind: 'set'; readonly has: UnitTest }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence'; readonly items: readonly PatternTree[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternTree[] }
  | { readonly kind: 'repeat'; readonly item: PatternTree; readonly min: number; readonly max: number };

const between =
  (first: string, last: string): UnitTest =>
  (unit) =>
    unit >= first.charCodeAt(0) && unit <= last.charCodeAt(0);

const isDigit = between('0', '9');
const isLower = between('a', 'z');
const isUpper = between('A', 'Z');
const spaces = new Set([9, 10, 11, 12, 13, 32, 0xa0]);

/** Letters, digits and `_` of ASCII, as in JavaScript's \w. */
export const isWord: UnitTest = (unit) => isLower(unit) || isUpper(unit) || isDigit(unit) || unit === 0x5f;

/** The classes that a letter behind a backslash names; in capitals, all that is not in them. */
export const classes: Readonly<Record<string, UnitTest>> = {
  d: isDigit,
  w: isWord,
  s: (unit) => spaces.has(unit),
};

/** The same set for both cases of a letter. */
export function ignoringCase(has: UnitTest): UnitTest {
  return (unit) => has(unit) || (isLower(unit) && has(unit - 32)) || (isUpper(unit) && has(unit + 32));
}
