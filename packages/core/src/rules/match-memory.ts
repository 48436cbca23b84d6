import type { ProcessEntry } from '../ports.ts';
import { matchRules, type ProcessFacts, type RuleMatch } from './match.ts';
import type { Rule } from './rule.ts';

/** How many processes are remembered; past it all are forgotten, and looked at again. */
const processesMax = 65_536;

interface Remembered {
  readonly startTicks: string;
  readonly image: number;
  readonly match: RuleMatch | undefined;
}

/**
 * Which rule a process matches by itself, remembered for as long as it runs the same program: reading its files costs
 * more than all else. An exec moves its stack, which its line of the process table shows.
 */
export class MatchMemory {
  readonly #rules: readonly Rule[];
  readonly #facts: (pid: number) => ProcessFacts;
  readonly #remembered = new Map<number, Remembered>();

  constructor(rules: readonly Rule[], facts: (pid: number) => ProcessFacts) {
    this.#rules = rules;
    this.#facts = facts;
  }

  /** @param entry its line of the process table, just read */
  matchOf(pid: number, { startTicks, image, kernelThread }: ProcessEntry): RuleMatch | undefined {
    if (kernelThread) return undefined;
    const known = this.#remembered.get(pid);
    if (known !== undefined && known.startTicks === startTicks && known.image === image) return known.match;
    const match = matchRules(this.#rules, this.#facts(pid));
    if (image !== undefined) {
      if (this.#remembered.size >= processesMax) this.#remembered.clear();
      this.#remembered.set(pid, { startTicks, image, match });
    }
    return match;
  }

  /** Forgets those who are gone. */
  keepOnly(pids: ReadonlySet<number>): void {
    for (const pid of this.#remembered.keys()) if (!pids.has(pid)) this.#remembered.delete(pid);
  }
}
