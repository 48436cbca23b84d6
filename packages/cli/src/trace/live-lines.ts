import type { SignalEvent } from '#protocol/history.ts';
import { signalName } from '#protocol/signals.ts';
import { lineageWords, outcomeWords, processWords } from '../output/event-words.ts';
import type { Output } from '../output/output.ts';
import { styled, type Style } from '../output/style.ts';
import { layOutRow, shrink, type Column } from '../output/table.ts';
import { formatTimeOfDay } from '../output/units.ts';
import { isSignal, senderOf } from './tally.ts';

const sigkill = 9;
const generations = 3;

/** Rows remembered at most: what is older does not change any more. */
const printedMax = 10_000;

const columns: readonly Column[] = [
  { title: 'TIME' },
  { title: 'SIGNAL' },
  { title: 'TARGET', shrinkTo: 10 },
  { title: 'OUTCOME', shrinkTo: 9 },
  { title: 'BY', shrinkTo: 10 },
];

/** Known before the first row comes. What is longest stands last: it is cut where the terminal ends. */
const natural = [12, 8, 24, 19, 60];

/** A signal that nobody saw being sent: the command's own end tells of it. */
export interface UnseenEnd {
  readonly at: string;
  readonly signal: number;
  readonly target: string;
}

/** The lines of a trace as its signals come: each row once, when it is known how it went. */
export class LiveLines {
  readonly #output: Output;
  readonly #widths: readonly number[];
  readonly #printed = new Set<number>();
  #hasTitles = false;

  constructor(output: Output) {
    this.#output = output;
    this.#widths = output.columns === undefined ? natural.with(-1, 0) : shrink(columns, natural, output.columns);
  }

  /** Prints a row, unless it was printed. */
  event(event: SignalEvent): void {
    // A kill through the server is a row before it is a signal: it comes again.
    if (!isSignal(event) || this.#printed.has(event.id)) return;
    this.#remember(event.id);
    const sender = senderOf(event);
    const outcome = event.count === 1 ? outcomeWords(event) : `${outcomeWords(event)} ×${String(event.count)}`;
    this.#row(styleOf(event), [
      formatTimeOfDay(event.firstAt),
      signalName(event.signal),
      processWords(event.target),
      outcome,
      sender === null ? kernelWords(event) : lineageWords(sender, generations),
    ]);
  }

  /** Prints the end of a command by a signal of which nothing else is known. */
  unseen({ at, signal, target }: UnseenEnd): void {
    this.#row('red', [formatTimeOfDay(at), signalName(signal), target, 'ended it', 'unknown: nobody saw it sent']);
  }

  /** Was nothing printed yet? */
  get isEmpty(): boolean {
    return !this.#hasTitles;
  }

  #remember(id: number): void {
    this.#printed.add(id);
    for (const oldest of this.#printed) {
      if (this.#printed.size <= printedMax) return;
      this.#printed.delete(oldest);
    }
  }

  #row(style: Style | undefined, cells: readonly string[]): void {
    const line = (row: readonly string[]): string => layOutRow(columns, this.#widths, row, this.#output.columns);
    if (!this.#hasTitles) this.#output.line(styled(this.#output, 'bold', line(columns.map(({ title }) => title))));
    this.#hasTitles = true;
    this.#output.line(style === undefined ? line(cells) : styled(this.#output, style, line(cells)));
  }
}

/** Nobody's signal: the kernel's own. */
function kernelWords({ oom }: SignalEvent): string {
  return oom === undefined ? 'the kernel' : "the kernel's OOM killer";
}

function styleOf({ signal, outcome }: SignalEvent): Style | undefined {
  if (outcome === 'denied' || outcome === 'audited' || outcome === 'failed') return 'yellow';
  return signal === sigkill ? 'red' : undefined;
}
