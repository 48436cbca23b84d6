import type { EventOutcome } from '#protocol/history.ts';
import type { Exemption } from '#core/protector/exemption.ts';
import type { Suspect } from '#core/protector/plan.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import { setNice } from '#linux/protector/nice.ts';
import type { Teller } from './teller.ts';
import { holdSuspect, type HeldSuspect } from './victim.ts';

const SIGTERM = 15;
const SIGKILL = 9;
const niceLeast = -20;

export interface HandsOptions {
  readonly watcher: ExitWatcher;
  readonly teller: Teller;
  /** Asked in the turn of every signal: a lease may have been granted since the plan was made. */
  readonly exemption: (pid: number) => Exemption | undefined;
  /** Called when the last of the victim has exited. */
  readonly onExit: () => void;
}

/**
 * What signals: one victim at a time (a process, or the processes of a group), by pidfd, and never one who is exempt at
 * that very moment. The row of a signal is written after it.
 */
export class Hands {
  readonly #options: HandsOptions;
  #victim: HeldSuspect[] = [];
  #signal = 0;
  sentCount = 0;
  endedCount = 0;

  constructor(options: HandsOptions) {
    this.#options = options;
  }

  /** Whoever is asked or killed now; the first of a group. */
  get current(): { readonly suspect: Suspect; readonly comm: string; readonly signal: number } | undefined {
    const [first] = this.#victim;
    return first === undefined ? undefined : { suspect: first.suspect, comm: first.ref.comm, signal: this.#signal };
  }

  /** Is any of the victim alive? */
  get isAlive(): boolean {
    return this.#victim.some(({ held }) => held.alive());
  }

  /** Holds a victim and sends it SIGTERM. @returns false where nobody could be asked */
  ask(suspects: readonly Suspect[], reason: string): boolean {
    this.#hold(suspects);
    return this.#send(SIGTERM, reason) > 0;
  }

  /** Holds a victim and kills it at once. @returns false where nobody could be killed */
  killAtOnce(suspects: readonly Suspect[], reason: string): boolean {
    this.#hold(suspects);
    return this.kill(reason);
  }

  #hold(suspects: readonly Suspect[]): void {
    this.drop();
    for (const suspect of suspects) {
      const one = holdSuspect(suspect);
      if (one === undefined) continue;
      this.#victim.push(one);
      this.#options.watcher.watch(one.held.pidfd, () => {
        this.#exited(one);
      });
    }
  }

  /** Sends SIGKILL to who is left, and takes their memory at once. @returns false where nobody may be killed any more */
  kill(reason: string): boolean {
    const sent = this.#send(SIGKILL, reason);
    for (const { held, suspect } of this.#victim) {
      if (!held.alive()) continue;
      // To die takes CPU time: one that was slowed, or one of very many, would wait for it.
      setNice(suspect.pid, held.pidfd, niceLeast);
      void held.pidfd.releaseMemory();
    }
    return sent > 0;
  }

  #send(signal: number, reason: string): number {
    let sent = 0;
    this.#signal = signal;
    for (const one of this.#victim) {
      if (!one.held.alive()) continue;
      const outcome = this.#sendOne(one, signal);
      if (outcome === 'delivered') sent += 1;
      const exemption = outcome === 'denied' ? this.#options.exemption(one.suspect.pid) : undefined;
      const words = exemption === undefined ? reason : `${reason}; but ${exemption.why}`;
      if (one.note !== undefined) this.#options.teller.finish(one.note, 'delivered', 'survived');
      const note = this.#options.teller.signal(signal, outcome, words, one.ref, exemption?.leaseId);
      one.note = outcome === 'delivered' ? note : undefined;
    }
    this.sentCount += sent;
    return sent;
  }

  #sendOne({ held, suspect }: HeldSuspect, signal: number): EventOutcome {
    if (this.#options.exemption(suspect.pid) !== undefined) return 'denied';
    try {
      return held.pidfd.sendSignal(signal) === 'sent' ? 'delivered' : 'ignored';
    } catch {
      return 'failed';
    }
  }

  #exited(one: HeldSuspect): void {
    this.#noteExit(one);
    if (!this.isAlive) this.#options.onExit();
  }

  /** A look may see that it is gone before the watcher tells: whoever comes first notes it. */
  #noteExit(one: HeldSuspect): void {
    if (one.hasExited) return;
    one.hasExited = true;
    const termination = this.#signal === SIGKILL ? 'killed' : 'exited';
    if (one.note !== undefined) this.#options.teller.finish(one.note, 'delivered', termination);
    this.endedCount += 1;
  }

  /** Lets go of who was held. @returns who is alive still */
  drop(): readonly Suspect[] {
    const left: Suspect[] = [];
    for (const one of this.#victim) {
      if (one.held.alive()) {
        left.push(one.suspect);
        if (one.note !== undefined) this.#options.teller.finish(one.note, 'delivered', 'survived');
      } else this.#noteExit(one);
      this.#options.watcher.unwatch(one.held.pidfd);
      one.held.close();
    }
    this.#victim = [];
    return left;
  }
}
