import { onPrint, type Output } from './output.ts';
import { terminalColumns } from './terminal.ts';
import { truncate } from './width.ts';
import { writeAll } from './write-all.ts';

const stderr = 2;
/** What is over sooner needs no word. */
const firstMs = 1000;
const nextMs = 1000;
const eraseLine = '\r\u001B[K';

/** What is under way, the innermost last: it alone is shown. */
const underWay: Line[] = [];
let isShown = false;

/**
 * Tells what takes long, in a line on stderr that is written anew each second and erased at the end. Nothing is told
 * before a second has passed, with --quiet, and where stderr is no terminal, or one that cannot erase.
 *
 * @param words what is waited for, now; escaped
 * @returns ends it
 */
export function progress(output: Output, words: () => string): Disposable {
  const columns = output.quiet || process.env['TERM'] === 'dumb' ? undefined : terminalColumns(stderr);
  return columns === undefined ? { [Symbol.dispose]: () => undefined } : new Line(words);
}

class Line implements Disposable {
  readonly #words: () => string;
  #timer: NodeJS.Timeout;

  constructor(words: () => string) {
    this.#words = words;
    underWay.push(this);
    onPrint(erase);
    this.#timer = this.#drawIn(firstMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    const at = underWay.indexOf(this);
    if (at < 0) return;
    underWay.splice(at, 1);
    erase();
  }

  #drawIn(waitMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#draw();
      this.#timer = this.#drawIn(nextMs);
    }, waitMs).unref();
  }

  #draw(): void {
    if (underWay.at(-1) !== this) return;
    // One column stays free: a line that is full can make the terminal begin another.
    const columns = (terminalColumns(stderr) ?? 0) - 1;
    print(eraseLine + truncate(`omnictl: ${this.#words()}`, columns));
    isShown = true;
  }
}

/** Before anything else is printed: it is told again when it is time. */
function erase(): void {
  if (!isShown) return;
  isShown = false;
  print(eraseLine);
}

function print(text: string): void {
  try {
    writeAll(stderr, text);
  } catch {
    // The terminal is gone: nobody is left to be told.
  }
}
