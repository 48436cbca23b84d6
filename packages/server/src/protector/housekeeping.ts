import { leastImportant, protectedBytes } from '#core/protector/budget.ts';
import { LoopWatch } from '#core/protector/loops.ts';
import type { Limits } from '#core/protector/modes.ts';
import { memoryOf } from '#core/protector/process-trends.ts';
import { suspectOf } from '#core/protector/plan.ts';
import { tuning } from '#core/protector/tuning.ts';
import { bytesWords, suspectWords } from '#core/protector/words.ts';
import { diskUsedPercent } from '#linux/protector/disk-use.ts';
import { ioCalls } from '#linux/protector/process-facts.ts';
import type { Held } from '../machine.ts';
import type { Registry } from '../registry.ts';
import { tryRead } from '../try-read.ts';
import type { MachineExemptions } from './exemptions.ts';
import type { Narrator } from './narrator.ts';
import type { ProtectorSettings } from './settings.ts';
import type { Teller } from './teller.ts';
import { commOf, shortRef } from './victim.ts';
import type { Watch } from './watch.ts';

const SIGTERM = 15;

export interface HousekeepingOptions {
  readonly watch: Watch;
  readonly narrator: Narrator;
  readonly teller: Teller;
  readonly exemptions: MachineExemptions;
  readonly registry: Registry;
  readonly settings: ProtectorSettings;
  readonly folders: readonly string[];
}

/** What is no emergency: the protected set's budget, probable loops, processes and groups that are too large, full disks. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #loops = new LoopWatch((pid) => tryRead(() => ioCalls(pid)));
  #usedBytes = 0;
  #slowAtMs = -Infinity;
  #endedLeaseAtMs = -Infinity;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** What the protected set holds, by the last look. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** What it may hold. */
  get budgetBytes(): number {
    return (this.#options.watch.machine.now.memTotalBytes * this.#options.settings.budgetPercent) / 100;
  }

  /** Call after each look at the processes. */
  look(nowMs: number, limits: Limits, acting: boolean): { readonly overBudget: boolean } {
    this.#tellLoops();
    if (nowMs - this.#slowAtMs >= tuning.diskIntervalMs) {
      this.#slowAtMs = nowMs;
      this.#tellDisks(limits);
      this.#tellGroups(limits);
    }
    this.#tellLarge(limits);
    return { overBudget: this.#checkBudget(nowMs, acting) };
  }

  #tellLoops(): void {
    const { watch, narrator } = this.#options;
    for (const row of this.#loops.update(watch.columns, watch.processes)) {
      const pid = watch.columns.pid[row] ?? 0;
      const minutes = String(Math.round(tuning.loopMs / 60_000));
      const words = `pid ${String(pid)} (${commOf(pid)}) is probably in a loop: one full core for ${minutes} minutes, no input or output, no child`;
      narrator.say(`loop ${String(pid)}`, words, pid);
    }
  }

  #tellDisks(limits: Limits): void {
    for (const folder of new Set(this.#options.folders)) {
      const percent = diskUsedPercent(folder);
      if (percent === undefined || percent < limits.diskPercent) continue;
      this.#options.narrator.say(
        `disk ${folder}`,
        `the file system of ${folder} is ${percent.toFixed(1)} % full; nothing is deleted`,
      );
    }
  }

  #tellGroups(limits: Limits): void {
    const { columns } = this.#options.watch;
    const sizes = new Map<number, number>();
    for (let row = 0; row < columns.count; row += 1) {
      const group = columns.group[row] ?? 0;
      if (group > 0) sizes.set(group, (sizes.get(group) ?? 0) + 1);
    }
    for (const [group, size] of sizes) {
      if (size <= limits.groupProcessesMax) continue;
      this.#options.narrator.say(
        `group ${String(group)}`,
        `process group ${String(group)} (${commOf(group)}) has ${String(size)} processes`,
        group,
      );
    }
  }

  #tellLarge(limits: Limits): void {
    const { watch, narrator } = this.#options;
    for (let row = 0; row < watch.columns.count; row += 1) {
      if (memoryOf(watch.columns, row) <= limits.processBytesMax || watch.processes.growthBytes(row) === 0) continue;
      const suspect = suspectOf(watch.columns, watch.processes, row);
      narrator.say(
        `large ${String(suspect.pid)}`,
        `${suspectWords(suspect, commOf(suspect.pid))}: more than the limit of one process`,
        suspect.pid,
      );
    }
  }

  #checkBudget(nowMs: number, acting: boolean): boolean {
    const { watch, registry, narrator, settings } = this.#options;
    this.#usedBytes = protectedBytes(registry.table.members.values(), watch.columns, watch.processes);
    if (this.#usedBytes <= this.budgetBytes) return false;
    const needs = settings.endLeases ? '' : ': end a lease, or raise budgetPercent';
    narrator.say(
      'budget',
      `the protected set holds ${bytesWords(this.#usedBytes)}, and its budget is ${bytesWords(this.budgetBytes)}${needs}`,
    );
    if (acting && settings.endLeases && nowMs - this.#endedLeaseAtMs >= settings.graceMs) {
      this.#endedLeaseAtMs = nowMs;
      this.#askLeaseToEnd();
    }
    return true;
  }

  /** The least important lease's processes are asked once, and never killed: they are protected. */
  #askLeaseToEnd(): void {
    const { registry, exemptions, teller } = this.#options;
    const lease = leastImportant(registry.table.values());
    if (lease === undefined) return;
    const label = lease.terms.label === null ? '' : ` (${lease.terms.label})`;
    const reason = `the protected set is over its budget, and lease ${lease.id}${label} is the least important`;
    for (const member of lease.members.items()) {
      const ref = shortRef(member.pid);
      if (ref === undefined || !member.held.alive() || !exemptions.isCandidate(member.pid)) continue;
      const outcome = tryRead(() => (member.held as Held).pidfd.sendSignal(SIGTERM));
      teller.signal(SIGTERM, outcome === 'sent' ? 'delivered' : 'failed', reason, ref, lease.id);
    }
  }
}
