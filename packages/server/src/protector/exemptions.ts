import type { Exemption, ExemptionView } from '#core/protector/exemption.ts';
import { tuning } from '#core/protector/tuning.ts';
import { Sender } from '#core/sender.ts';
import { judge, type JudgeView } from '#core/verdict.ts';
import { hasEnvironmentEntry, programName, proportionalBytes } from '#linux/protector/process-facts.ts';
import { machine } from '../machine.ts';
import { tryRead } from '../try-read.ts';

const SIGKILL = 9;
/** The protector is no member of any lease: no verdict lets it pass as one's own tree. */
const nobody = new Sender(undefined);

/** What the plan asks of this machine and of the protected set. What cannot be read exempts: nobody dies for want of knowledge. */
export class MachineExemptions implements ExemptionView {
  readonly ownPid = process.pid;
  readonly #view: JudgeView;
  readonly #onlyEnvironment: readonly string[];
  /** Start times of who was killed and did not end, by pid. */
  readonly #stuck = new Map<number, string>();

  /**
   * @param view what verdicts are given by: whoever they protect is exempt here
   * @param onlyEnvironment `NAME=value` each, all of which candidates carry
   */
  constructor(view: JudgeView, onlyEnvironment: readonly string[]) {
    this.#view = view;
    this.#onlyEnvironment = onlyEnvironment;
  }

  isServed(pid: number): boolean {
    const { servedUid } = this.#view;
    return servedUid === undefined || tryRead(() => machine.uids(pid))?.real === servedUid;
  }

  isCandidate(pid: number): boolean {
    return this.#onlyEnvironment.every((entry) => tryRead(() => hasEnvironmentEntry(pid, entry)) === true);
  }

  programOf(pid: number): string | undefined {
    return tryRead(() => programName(pid));
  }

  /** Any lease that covers it, whatever signals that one forbids; then any rule by which the verdict is no. */
  protectionOf(pid: number): Exemption | undefined {
    const [lease] = this.#view.membership.coverage(pid).leases;
    if (lease !== undefined) {
      const label = lease.terms.label === null ? '' : ` (${lease.terms.label})`;
      return { rule: 'lease', why: `lease ${lease.id}${label} protects it`, leaseId: lease.id };
    }
    const verdict = judge(this.#view, nobody, { pid }, SIGKILL);
    if (verdict.allow) return undefined;
    const rule = verdict.rule === 'protectionRule' ? 'protectionRule' : 'systemProcess';
    return verdict.rule === 'processNotFound' ? { rule: 'gone', why: 'it has exited' } : { rule, why: verdict.reason };
  }

  noteStuck(pid: number, startTicks: string): void {
    this.#stuck.set(pid, startTicks);
  }

  isStuck(pid: number): boolean {
    const startTicks = this.#stuck.get(pid);
    if (startTicks === undefined) return false;
    const isIt = tryRead(() => machine.entry(pid))?.startTicks === startTicks;
    if (!isIt) this.#stuck.delete(pid);
    return isIt;
  }

  realBytes(pid: number, bytes: number): number {
    if (bytes > tuning.weighedBytesMax) return bytes;
    return tryRead(() => proportionalBytes(pid)) ?? bytes;
  }
}
