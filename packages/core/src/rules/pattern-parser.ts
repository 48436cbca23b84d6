import { classes, ignoringCase, type PatternTree, type UnitTest } from './pattern-tree.ts';

/** What is wrong with a pattern, in words for whoever wrote it. */
export class PatternError extends Error {}

/** `{m,n}` is written out: more than this is a mistake. */
const repeatMax = 100;
/** Groups in groups. */
const depthMax = 32;

const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', 0: '\0' };

/**
 * Reads a regular expression. The language is JavaScript's without what needs going back: no back-references, no
 * looking ahead or behind. `(?i)` at the beginning ignores case.
 */
export class PatternParser {
  readonly #text: string;
  readonly #wrap: (has: UnitTest) => UnitTest;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    const ignoresCase = pattern.startsWith('(?i)');
    this.#text = ignoresCase ? pattern.slice(4) : pattern;
    this.#wrap = ignoresCase ? ignoringCase : (has) => has;
  }

  /** @throws PatternError that says what is not understood */
  parse(): PatternTree {
    const tree = this.#choice();
    if (this.#at < this.#text.length) throw new PatternError("a ')' has no '(' before it");
    return tree;
  }

  #choice(): PatternTree {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new PatternError(`groups nest at most ${String(depthMax)} deep`);
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    this.#depth -= 1;
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
  }

  #sequence(): PatternTree {
    const items: PatternTree[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text.charAt(this.#at))) items.push(this.#repeated());
    return { kind: 'sequence', items };
  }

  #repeated(): PatternTree {
    let item = this.#atom();
    for (let times = 0; ; times += 1) {
      const bounds = this.#quantifier();
      if (bounds === undefined) return item;
      if (item.kind === 'place' || times > 0) throw new PatternError('there is nothing to repeat');
      // Whether as few or as many as can be: it is only asked whether there is a match at all.
      this.#take('?');
      item = { kind: 'repeat', item, ...bounds };
    }
  }

  #quantifier(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    const braces = /^\{(\d+)(,(\d*))?\}/.exec(this.#text.slice(this.#at));
    if (braces === null) return undefined;
    this.#at += braces[0].length;
    const min = Number(braces[1]);
    const max = braces[2] === undefined ? min : braces[3] === '' ? Infinity : Number(braces[3]);
    if (max < min) throw new PatternError(`${braces[0]}: the numbers are out of order`);
    if (Math.max(min, max === Infinity ? 0 : max) > repeatMax) {
      throw new PatternError(`${braces[0]}: at most ${String(repeatMax)} times`);
    }
    return { min, max };
  }

  #atom(): PatternTree {
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#set(this.#class());
      case '.':
        return this.#set((unit) => unit !== 10 && unit !== 13);
      case '^':
        return { kind: 'place', place: 'start' };
      case '$':
        return { kind: 'place', place: 'end' };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new PatternError('there is nothing to repeat');
      default:
        return this.#literal(character);
    }
  }

  #group(): PatternTree {
    if (this.#take('?') && !this.#take(':')) {
      throw new PatternError(`(?${this.#text.charAt(this.#at)} is not supported: no looking ahead or behind, no names`);
    }
    const tree = this.#choice();
    if (!this.#take(')')) throw new PatternError("a '(' has no ')' behind it");
    return tree;
  }

  #escape(): PatternTree {
    const character = this.#next();
    if (character === 'b' || character === 'B') return { kind: 'place', place: character === 'b' ? 'word' : 'notWord' };
    const named = classOf(character);
    return named === undefined ? this.#literal(escaped(character)) : this.#set(named);
  }

  #class(): UnitTest {
    const isNegated = this.#take('^');
    const parts: UnitTest[] = [];
    for (let isFirst = true; isFirst || !this.#take(']'); isFirst = false) parts.push(this.#classPart());
    const has: UnitTest = (unit) => parts.some((part) => part(unit));
    // Before the negation: [^a] without regard to case is all but a and A.
    const folded = this.#wrap(has);
    return isNegated ? (unit) => !folded(unit) : folded;
  }

  #classPart(): UnitTest {
    const first = this.#classUnit();
    if (typeof first !== 'number') return first;
    const isRange = this.#text.charAt(this.#at) === '-' && this.#text.charAt(this.#at + 1) !== ']';
    if (!isRange) return (unit) => unit === first;
    this.#at += 1;
    const last = this.#classUnit();
    if (typeof last !== 'number' || last < first) throw new PatternError('a range in [] is out of order');
    return (unit) => unit >= first && unit <= last;
  }

  #classUnit(): number | UnitTest {
    const character = this.#next();
    if (character !== '\\') return character.charCodeAt(0);
    const next = this.#next();
    return classOf(next) ?? (next === 'b' ? 8 : escaped(next).charCodeAt(0));
  }

  #literal(character: string): PatternTree {
    const wanted = character.charCodeAt(0);
    return this.#set((unit) => unit === wanted);
  }

  #set(has: UnitTest): PatternTree {
    return { kind: 'set', has: this.#wrap(has) };
  }

  #next(): string {
    const character = this.#text.charAt(this.#at);
    if (character === '') throw new PatternError('it ends too early');
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    const isThere = this.#text.charAt(this.#at) === character;
    if (isThere) this.#at += 1;
    return isThere;
  }
}

function classOf(letter: string): UnitTest | undefined {
  const has = classes[letter.toLowerCase()];
  if (has === undefined || letter === letter.toLowerCase()) return has;
  return (unit) => !has(unit);
}

/** A letter or digit that means nothing today may mean something tomorrow: only what is known passes. */
function escaped(character: string): string {
  const control = controls[character];
  if (control !== undefined) return control;
  if (/[a-z0-9]/i.test(character)) throw new PatternError(`\\${character} is not supported`);
  return character;
}
