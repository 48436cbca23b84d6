import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { escapeJson, escapeText } from './escape.ts';
import { fitNote } from './fit-facts.ts';
import { terminalColumns } from './terminal.ts';
import { writeAll } from './write-all.ts';

const stdout = 1;
const stderr = 2;

let beforePrinting = (): void => undefined;

/** @param prepare is called before anything is printed, on stdout or stderr: the line of progress gives way */
export function onPrint(prepare: () => void): void {
  beforePrinting = prepare;
}

export interface OutputOptions {
  /** Notes on stderr are left out, and what verbs of yes and no print. */
  readonly quiet: boolean;
  /** Colours, where it is a terminal that is printed on. */
  readonly color: boolean;
  /** Columns of that terminal; undefined where it is none. */
  readonly columns: number | undefined;
  /** Where it is printed; default: stdout. */
  readonly fd?: number;
}

/** Where a verb prints. A reader that is gone is no error: what comes after is dropped, and the verb's exit code holds. */
export class Output {
  readonly quiet: boolean;
  readonly color: boolean;
  readonly columns: number | undefined;
  readonly #fd: number;
  #closed = false;

  constructor(options: OutputOptions) {
    this.quiet = options.quiet;
    this.columns = options.columns;
    this.#fd = options.fd ?? stdout;
    this.color = options.color && options.columns !== undefined;
  }

  /** Whether the reader is gone: a stream may stop. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Prints text that has its line ends, or such text in UTF-8. */
  write(text: string | Uint8Array): void {
    if (this.#closed) return;
    beforePrinting();
    try {
      this.#closed = !writeAll(this.#fd, text);
    } catch (error) {
      throw new CliError(exitCodes.tryAgain, `cannot write the output: ${reasonOf(error)}`, error);
    }
  }

  /** Prints one line. */
  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Prints one line, unless --quiet: for verbs whose exit code says it too. */
  verdict(text: string): void {
    if (!this.quiet) this.line(text);
  }

  /** Prints one JSON document on one line. */
  json(document: unknown): void {
    const text = JSON.stringify(document);
    this.line(this.columns === undefined ? text : escapeJson(text));
  }

  /**
   * Tells several lines on stderr, unless --quiet. A terminal breaks long ones between words.
   *
   * @param lines escaped, the first of which stands for itself
   */
  notes(lines: readonly string[]): void {
    if (this.quiet || lines.length === 0) return;
    writeErrorText(fitNote(lines, terminalColumns(stderr)).join('\n'));
  }

  /** Tells something on stderr, unless --quiet. */
  note(text: string): void {
    if (!this.quiet) writeError(text);
  }
}

/** One line on stderr, in omnictl's name. */
export function writeError(text: string): void {
  const line = text
    .split('\n')
    .map((part) => escapeText(part.trim()))
    .join(' ');
  writeErrorText(`omnictl: ${line}`);
}

function writeErrorText(text: string): void {
  beforePrinting();
  try {
    writeAll(stderr, `${text}\n`);
  } catch {
    // There is no place left to tell it.
  }
}

/** What the system says of a failure, in a word (`ENOSPC`), or the error's own message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
