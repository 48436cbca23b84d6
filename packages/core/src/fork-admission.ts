import { ForkingParents } from './forking-parents.ts';
import type { Members } from './members.ts';
import type { Membership } from './membership.ts';
import type { Fork, HeldProcess, ProcessTable } from './ports.ts';
import type { RuleCoverage } from './rules/coverage.ts';

export interface ForkAdmissionOptions {
  readonly table: ProcessTable;
  readonly members: Members;
  readonly membership: Membership;
  readonly rules: RuleCoverage;
}

/**
 * Makes members of those whom the kernel marked at their fork. They are protected by their mark already: this may be late,
 * and is to cost little, for a tree may fork thousands at once.
 */
export class ForkAdmission {
  readonly #options: ForkAdmissionOptions;
  readonly #parents: ForkingParents;

  constructor(options: ForkAdmissionOptions) {
    this.#options = options;
    this.#parents = new ForkingParents(options.table, (pid, entry) => options.rules.of(pid, entry));
  }

  /**
   * Does nothing where the process is gone, also where another has its pid by now.
   * @throws SystemCallError where descriptors or memory are wanting
   */
  admit(fork: Fork): void {
    const { table, members, membership, rules } = this.#options;
    const { pid, startTicks } = fork;
    if (members.known(pid) !== undefined) {
      // A look was first, or it is one that has exited.
      membership.coverage(pid);
      rules.of(pid);
      return;
    }
    const held = table.hold(pid);
    if (held === undefined) return;
    let isKept = false;
    try {
      if (held.startTicks === startTicks) isKept = this.#take(fork, held);
    } finally {
      if (!isKept && members.known(pid)?.held !== held) held.close();
    }
  }

  #take(fork: Fork, held: HeldProcess): boolean {
    const { membership, rules } = this.#options;
    const parent = this.#parents.ofSameProgram(fork, held);
    const member = membership.takeForked(held, parent === undefined ? undefined : fork.parentPid);
    if (parent !== undefined) return rules.takeForked(held, member, parent.cover);
    rules.of(fork.pid);
    return member !== undefined;
  }
}
