import type { Logger } from 'pino';
import type { RuleCoverage } from '#core/rules/coverage.ts';
import type { ProcessTable } from '#core/ports.ts';
import type { ExecEvent } from '#linux/sentinel/events.ts';

/** A shell's helpers are gone before this, and a wrapper has become what it wraps. */
const patienceMs = 20;
/** More than this at once are left to the next look: a storm of execs must not become one of reads. */
const waitingMax = 4096;

/** Holds automatic rules against what the kernel says was started, before it has run for long. */
export class Execs {
  readonly #rules: RuleCoverage;
  readonly #table: ProcessTable;
  readonly #log: Logger;
  readonly #waiting = new Map<number, ExecEvent>();
  #timer: NodeJS.Timeout | undefined;

  constructor(rules: RuleCoverage, table: ProcessTable, log: Logger) {
    this.#rules = rules;
    this.#table = table;
    this.#log = log;
  }

  seen(batch: readonly ExecEvent[]): void {
    if (this.#rules.rules.length === 0) return;
    for (const exec of batch) if (this.#waiting.size < waitingMax) this.#waiting.set(exec.pid, exec);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, patienceMs).unref();
  }

  #look(): void {
    const execs = [...this.#waiting.values()];
    this.#waiting.clear();
    try {
      for (const exec of execs) this.#lookAt(exec);
    } catch (error) {
      // Out of descriptors, say: the next look through the process table finds them.
      this.#log.error({ err: error }, 'what was started could not be looked at');
    }
  }

  #lookAt({ pid, startTicks }: ExecEvent): void {
    const entry = this.#table.entry(pid);
    if (entry?.startTicks !== startTicks || !this.#rules.matches(pid, entry)) return;
    const cover = this.#rules.of(pid, entry);
    if (cover !== undefined)
      this.#log.debug({ pid, rule: cover.rule.name, rootPid: cover.rootPid }, 'a rule covers a program from its start');
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }
}
