import { basename } from 'node:path';
import { constants } from 'node:os';
import { ConnectionLostError, NoServerError, type Client } from '#client/index.ts';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import type { Context } from '../context.ts';
import { escapeText } from '../output/escape.ts';
import { Output } from '../output/output.ts';
import { terminalColumns } from '../output/terminal.ts';
import { CommandTree } from './command-tree.ts';
import { LiveLines } from './live-lines.ts';
import { seenByWords, type SeenBy } from './seen-by.ts';
import { summaryOf, type TraceSummary } from './summary.ts';
import { summaryScreen } from './summary-screen.ts';
import { isRefused, isSignal, senderOf, Tally } from './tally.ts';
import type { CommandEnd, TracedCommand } from './traced-command.ts';
import { SignalWatch } from './watch-signals.ts';

/** Where a trace is printed, and as what. */
export interface TracePrinter {
  readonly output: Output;
  readonly json: boolean;
}

/** @param fd stdout, or stderr where stdout is a command's */
export function tracePrinter({ globals: { color, json, quiet } }: Context, fd: 1 | 2): TracePrinter {
  return { output: new Output({ quiet, color, columns: terminalColumns(fd), fd }), json };
}

/** A trace: live lines, then the summary. */
export class Trace {
  readonly #printer: TracePrinter;
  readonly #lines: LiveLines;
  readonly #seenBy: SeenBy;
  readonly #signals: readonly number[] | undefined;
  readonly #watch: SignalWatch | undefined;
  readonly #startedAt = new Date().toISOString();
  readonly #tally = new Tally();
  /** Signals that reached the command itself, and who sent them last. */
  readonly #reached = new Map<number, ProcessRef | null>();

  private constructor(printer: TracePrinter, seenBy: SeenBy, signals: readonly number[] | undefined, watch?: SignalWatch) {
    this.#printer = printer;
    this.#lines = new LiveLines(printer.output);
    this.#seenBy = seenBy;
    this.#signals = signals;
    this.#watch = watch;
  }

  /**
   * Begins: what happens from now on is seen.
   *
   * @param client of the server that sees; undefined: none answers
   * @param signals these alone; undefined: all
   */
  static async start(
    printer: TracePrinter,
    client: Client | undefined,
    seenBy: SeenBy,
    signals: readonly number[] | undefined,
  ): Promise<Trace> {
    return new Trace(printer, seenBy, signals, client === undefined ? undefined : await SignalWatch.start(client));
  }

  /**
   * Prints until the end, and sums up.
   *
   * @param end with how the command ended; undefined: it goes on, or there is none
   * @param command whose tree is traced; without one the machine
   */
  async run(end: Promise<CommandEnd | undefined>, command?: TracedCommand): Promise<TraceSummary> {
    this.#begin(command);
    using tree = command === undefined ? undefined : new CommandTree(command.pid);
    const isCutShort = await this.#follow(end, tree);
    const ending = await end;
    const unseen = command === undefined ? undefined : this.#unseenEnd(command, ending);
    const summary = summaryOf(this.#tally, {
      seenBy: this.#seenBy,
      startedAt: this.#startedAt,
      endedAt: new Date().toISOString(),
      isCutShort,
      ...(command === undefined ? {} : { command: this.#commandFacts(command, ending) }),
      ...(unseen === undefined ? {} : { unseenEnd: unseen }),
    });
    const { output, json } = this.#printer;
    if (json) output.json(summary);
    else output.write(`${this.#lines.isEmpty ? '' : '\n'}${summaryScreen(summary, output)}`);
    return summary;
  }

  #begin(command: TracedCommand | undefined): void {
    const { output, json } = this.#printer;
    if (json) output.json({ kind: 'start', seenBy: this.#seenBy, ...(command === undefined ? {} : { pid: command.pid }) });
    else output.note(`seen by ${seenByWords[this.#seenBy]}`);
  }

  /** @returns whether the last rows may be missing */
  async #follow(end: Promise<unknown>, tree: CommandTree | undefined): Promise<boolean> {
    if (this.#watch === undefined) {
      await end;
      return false;
    }
    try {
      for await (const events of this.#watch.until(end)) for (const event of events) this.#take(event, tree);
      return false;
    } catch (error) {
      if (!(error instanceof ConnectionLostError) && !(error instanceof NoServerError)) throw error;
      await end;
      return true;
    }
  }

  #take(event: SignalEvent, tree: CommandTree | undefined): void {
    const isWanted = isSignal(event)
      ? (this.#signals?.includes(event.signal) ?? true) && (tree?.isConcerned(event) ?? true)
      : event.source === 'server';
    if (!isWanted) return;
    this.#tally.add(event);
    if (!isSignal(event)) return;
    if (event.target?.pid === tree?.root && !isRefused(event)) this.#reached.set(event.signal, senderOf(event));
    if (this.#printer.json) this.#printer.output.json({ kind: 'event', event });
    else this.#lines.event(event);
  }

  /** A command that a signal ended which is in no row: who sent it is not known. */
  #unseenEnd({ pid, name }: TracedCommand, end: CommandEnd | undefined): string | undefined {
    if (end?.signal === undefined || end.signal === null) return undefined;
    const signal = constants.signals[end.signal];
    if (!(this.#signals?.includes(signal) ?? true) || this.#reached.has(signal)) return undefined;
    if (!this.#printer.json) {
      const target = `${escapeText(basename(name))}[${String(pid)}]`;
      this.#lines.unseen({ at: new Date().toISOString(), signal, target });
    }
    return end.signal;
  }

  #commandFacts({ pid, name }: TracedCommand, end: CommandEnd | undefined): NonNullable<TraceSummary['command']> {
    const sender = end === undefined || end.signal === null ? undefined : this.#reached.get(constants.signals[end.signal]);
    return { pid, name, ...(end === undefined ? {} : { end }), ...(sender === undefined ? {} : { endedBy: sender }) };
  }
}
