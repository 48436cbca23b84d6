import { interpreters, launchers, type Launcher, type OptionKind, type OptionTable } from './command-table.ts';

/** What a command line runs, as opposed to what it mentions. */
export interface Command {
  /** The names, without folders, of its program, its script or module, and of those that launch them. */
  readonly names: readonly string[];
  /** The same as they were called; modules are in none. */
  readonly paths: readonly string[];
  /** The line from the program on, its folder and its launchers left out. */
  readonly line: string;
  /** Units of `line` up to the end of the program or, for an interpreter, of its script or module. */
  readonly headUnits: number;
}

/** Launchers in launchers. */
const levelsMax = 8;

/**
 * Finds out what runs: the program; for an interpreter the script or module; for a launcher (nice, env, timeout, …) what
 * it launches. An argument counts for nothing, so that `pkill -f pytest`, `vim pytest.ini` and `sh -c 'pytest'` run no
 * pytest (the child that the shell starts does).
 *
 * @param args argv, as the process called itself
 */
export function readCommand(args: readonly string[]): Command {
  const found: Found = { names: [], paths: [], start: 0, end: 1 };
  const words = splitTitle(args);
  readProgram(words, 0, found, 0);
  const head = words.slice(found.start, found.end);
  const first = baseName(head[0] ?? '');
  const rest = words.slice(found.start + 1);
  const headUnits = [first, ...head.slice(1)].join(' ').length;
  return { names: found.names, paths: found.paths, line: [first, ...rest].join(' '), headUnits };
}

interface Found {
  readonly names: string[];
  readonly paths: string[];
  /** The words from the final program up to the end of what it runs. */
  start: number;
  end: number;
}

/** A process that wrote a title over its arguments (`nginx: worker process`) has them in one word. */
function splitTitle(args: readonly string[]): readonly string[] {
  const [only = ''] = args;
  const space = args.length === 1 ? only.search(/[\s:]/) : -1;
  return space > 0 ? [only.slice(0, space), only.slice(space + 1)] : args;
}

function readProgram(words: readonly string[], at: number, found: Found, level: number): void {
  const word = words[at];
  if (word === undefined || word === '' || level > levelsMax) return;
  // A login shell's name begins with a dash.
  const path = level === 0 && word.startsWith('-') ? word.slice(1) : word;
  found.start = at;
  found.end = at + 1;
  addPath(path, found);
  readWhatItRuns(baseName(path), words, at + 1, found, level);
}

/** @param at the first word behind the program's, script's or module's own */
function readWhatItRuns(name: string, words: readonly string[], at: number, found: Found, level: number): void {
  const family = familyOf(name);
  const launcher = own(launchers, family);
  if (launcher !== undefined) return readLaunched(launcher, words, at, found, level);
  const interpreter = own(interpreters, family);
  if (interpreter === undefined) return;
  // bun run, deno run.
  const first = (family === 'bun' || family === 'deno') && words[at] === 'run' ? at + 1 : at;
  const target = skipOptions(interpreter, words, first);
  if (target !== undefined) readScript(target, words, found, level);
}

function readLaunched(launcher: Launcher, words: readonly string[], from: number, found: Found, level: number): void {
  let at = from;
  if (launcher.verb !== undefined) {
    if (words[at] !== launcher.verb) return;
    at += 1;
  }
  const target = skipOptions(launcher, words, at);
  if (target === undefined) return;
  if (target.isModule) return readScript(target, words, found, level);
  let command = target.at + (launcher.positions ?? 0);
  while (launcher.assigns === true && /^[A-Za-z_]\w*=/.test(words[command] ?? '')) command += 1;
  readProgram(words, command, found, level + 1);
}

/** Where a script or module stands: the word, and how much of it is an option's (`-mpytest`). */
interface Target {
  readonly at: number;
  readonly isModule: boolean;
  readonly skip: number;
}

function readScript({ at, isModule, skip }: Target, words: readonly string[], found: Found, level: number): void {
  const word = words[at]?.slice(skip);
  if (word === undefined || word === '' || word === '-') return;
  found.end = at + 1;
  if (isModule) found.names.push(...new Set([word, word.slice(word.lastIndexOf('.') + 1)]));
  else addPath(word, found);
  // `python -m coverage run -m pytest`, `python /usr/bin/coverage run …`: a script may be a launcher.
  const name = baseName(word);
  if (level < levelsMax && own(launchers, name) !== undefined) readWhatItRuns(name, words, at + 1, found, level + 1);
}

/** @returns what comes behind the options; undefined where that is no script, or is not there */
function skipOptions(table: OptionTable, words: readonly string[], from: number): Target | undefined {
  for (let at = from; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return { at: at + 1, isModule: false, skip: 0 };
    const isOption = word.length > 1 && (word.startsWith('-') || own(table.words ?? {}, word) !== undefined);
    if (!isOption) return { at, isModule: false, skip: 0 };
    const { kind, isAttached, skip } = readOption(table, word);
    if (kind === 'code') return undefined;
    if (kind === 'module') return isAttached ? { at, isModule: true, skip } : { at: at + 1, isModule: true, skip: 0 };
    if (kind === 'value' && !isAttached) at += 1;
  }
  return undefined;
}

interface Option {
  readonly kind: OptionKind | undefined;
  /** Its value is in the same word. */
  readonly isAttached: boolean;
  /** Where in the word that value begins. */
  readonly skip: number;
}

function readOption({ letters = {}, words = {} }: OptionTable, word: string): Option {
  const whole = own(words, word);
  if (whole !== undefined) return { kind: whole, isAttached: false, skip: 0 };
  if (word.startsWith('--') || word.startsWith('+')) return { kind: undefined, isAttached: true, skip: 0 };
  // A cluster of letters: the first that takes something ends it.
  for (let at = 1; at < word.length; at += 1) {
    const kind = own(letters, word.charAt(at));
    if (kind !== undefined) return { kind, isAttached: at + 1 < word.length, skip: at + 1 };
  }
  return { kind: undefined, isAttached: true, skip: 0 };
}

function addPath(path: string, found: Found): void {
  found.paths.push(path);
  found.names.push(baseName(path));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `python3.11` is `python`, `perl5.36` is `perl`. */
function familyOf(name: string): string {
  return /^(?:python|pypy|perl|ruby|php|lua)/.test(name) ? name.replace(/[\d.]+$/, '') : name;
}

/** A name that comes from a command line may be `constructor`. */
function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
