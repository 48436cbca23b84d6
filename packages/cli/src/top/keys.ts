/** What a key means to a screen. */
export type Key =
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'open'
  | 'back'
  | 'sortCpu'
  | 'sortMemory'
  | 'sortAge'
  | 'sortLabel'
  | 'pause'
  | 'help'
  | 'suspend'
  | 'quit'
  /** Any other: it leaves the help. */
  | 'other';

const keys: Readonly<Record<string, Key>> = {
  '\u001B[A': 'up',
  '\u001BOA': 'up',
  k: 'up',
  '\u001B[B': 'down',
  '\u001BOB': 'down',
  j: 'down',
  '\u001B[5~': 'pageUp',
  '\u0002': 'pageUp',
  '\u001B[6~': 'pageDown',
  '\u0006': 'pageDown',
  '\u001B[H': 'first',
  '\u001B[1~': 'first',
  g: 'first',
  '\u001B[F': 'last',
  '\u001B[4~': 'last',
  G: 'last',
  '\r': 'open',
  '\n': 'open',
  '\u001B': 'back',
  '\u007F': 'back',
  c: 'sortCpu',
  m: 'sortMemory',
  a: 'sortAge',
  l: 'sortLabel',
  ' ': 'pause',
  '?': 'help',
  h: 'help',
  '\u001A': 'suspend',
  q: 'quit',
  '\u0003': 'quit',
};

const escape = '\u001B';
/** What stands between an escape and the end of a sequence (ECMA-48: parameters), and that end. */
const sequence = /^(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])/;

/**
 * Reads what a terminal in raw mode sent: several keys where they came at once.
 */
export function readKeys(text: string): readonly Key[] {
  const found: Key[] = [];
  for (let rest = text; rest !== '';) {
    const word = rest.startsWith(escape) ? escape + (sequence.exec(rest.slice(1))?.[0] ?? '') : rest.slice(0, 1);
    found.push(keys[word] ?? 'other');
    rest = rest.slice(word.length);
  }
  return found;
}
