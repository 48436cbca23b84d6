import { PatternError, PatternParser } from './pattern-parser.ts';
import { isWord, type PatternTree, type Place, type UnitTest } from './pattern-tree.ts';

/** What a pattern may be, written out: it is all that a search may have in hand at one place of the text. */
const stepsMax = 2000;
/** Characters of a pattern. */
const patternCharactersMax = 1024;
/** Units of a text that are looked at: what is longer is cut. */
export const textUnitsMax = 4096;

type Step =
  | { readonly kind: 'unit'; readonly has: UnitTest }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'split'; readonly other: number }
  | { readonly kind: 'jump'; readonly to: number }
  | { readonly kind: 'match' };

/**
 * A regular expression whose search takes time in proportion to the text, whatever the pattern (Thompson's method: all ways
 * are followed side by side, none is tried again). So neither a pattern of omnid.toml nor a command line that somebody made
 * for it can hold up the server.
 */
export class Pattern {
  readonly source: string;
  readonly #steps: Step[] = [];

  /** @throws PatternError that says what is wrong */
  constructor(source: string) {
    if (source === '') throw new PatternError('it is empty, and would match everything');
    if (source.length > patternCharactersMax) throw new PatternError(`at most ${String(patternCharactersMax)} characters`);
    this.source = source;
    this.#write(new PatternParser(source).parse());
    this.#add({ kind: 'match' });
  }

  #add(step: Step): number {
    if (this.#steps.length >= stepsMax) throw new PatternError('it is too large');
    this.#steps.push(step);
    return this.#steps.length - 1;
  }

  #write(tree: PatternTree): void {
    switch (tree.kind) {
      case 'set':
        this.#add({ kind: 'unit', has: tree.has });
        break;
      case 'place':
        this.#add(tree);
        break;
      case 'sequence':
        for (const item of tree.items) this.#write(item);
        break;
      case 'choice':
        this.#writeChoice(tree.options);
        break;
      case 'repeat':
        for (let time = 0; time < tree.min; time += 1) this.#write(tree.item);
        if (tree.max === Infinity) this.#writeLoop(tree.item);
        else for (let time = tree.min; time < tree.max; time += 1) this.#writeOptional(tree.item);
        break;
    }
  }

  #writeChoice(options: readonly PatternTree[]): void {
    const jumps: number[] = [];
    for (const [index, option] of options.entries()) {
      if (index === options.length - 1) {
        this.#write(option);
        break;
      }
      const split = this.#add({ kind: 'jump', to: 0 });
      this.#write(option);
      jumps.push(this.#add({ kind: 'jump', to: 0 }));
      this.#steps[split] = { kind: 'split', other: this.#steps.length };
    }
    for (const jump of jumps) this.#steps[jump] = { kind: 'jump', to: this.#steps.length };
  }

  #writeLoop(item: PatternTree): void {
    const split = this.#add({ kind: 'jump', to: 0 });
    this.#write(item);
    this.#add({ kind: 'jump', to: split });
    this.#steps[split] = { kind: 'split', other: this.#steps.length };
  }

  #writeOptional(item: PatternTree): void {
    const split = this.#add({ kind: 'jump', to: 0 });
    this.#write(item);
    this.#steps[split] = { kind: 'split', other: this.#steps.length };
  }

  /**
   * Is there a match in the text?
   *
   * @param beforeUnit where it has to begin: before this unit; default: anywhere
   */
  test(text: string, beforeUnit = Infinity): boolean {
    const cut = text.length > textUnitsMax ? text.slice(0, textUnitsMax) : text;
    let now = new Places(this.#steps, cut);
    let next = new Places(this.#steps, cut);
    for (let at = 0; at <= cut.length; at += 1) {
      if (at < beforeUnit) now.add(0, at);
      if (now.matched) return true;
      const unit = cut.charCodeAt(at);
      if (at < cut.length) {
        for (const step of now.units) {
          const one = this.#steps[step];
          if (one?.kind === 'unit' && one.has(unit)) next.add(step + 1, at + 1);
        }
      }
      [now, next] = [next, now];
      next.clear();
    }
    return false;
  }
}

/** The steps that a search has come to at one place of the text. */
class Places {
  readonly units: number[] = [];
  matched = false;
  readonly #steps: readonly Step[];
  readonly #text: string;
  readonly #seen = new Set<number>();

  constructor(steps: readonly Step[], text: string) {
    this.#steps = steps;
    this.#text = text;
  }

  clear(): void {
    this.units.length = 0;
    this.#seen.clear();
    this.matched = false;
  }

  add(first: number, at: number): void {
    const open = [first];
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      if (this.#seen.has(step)) continue;
      this.#seen.add(step);
      const one = this.#steps[step];
      if (one?.kind === 'jump') open.push(one.to);
      else if (one?.kind === 'split') open.push(step + 1, one.other);
      else if (one?.kind === 'place') open.push(...(this.#isAt(one.place, at) ? [step + 1] : []));
      else if (one?.kind === 'match') this.matched = true;
      else this.units.push(step);
    }
  }

  #isAt(place: Place, at: number): boolean {
    if (place === 'start') return at === 0;
    if (place === 'end') return at === this.#text.length;
    const isBound = this.#isWordAt(at - 1) !== this.#isWordAt(at);
    return isBound === (place === 'word');
  }

  #isWordAt(at: number): boolean {
    return at >= 0 && at < this.#text.length && isWord(this.#text.charCodeAt(at));
  }
}

export { PatternError } from './pattern-parser.ts';
