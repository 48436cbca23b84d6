import type { Logger } from 'pino';
import type { Clock } from '#core/ports.ts';
import type { Verdict } from '#protocol/verdict.ts';
import { signalName } from '#protocol/signals.ts';
import type { Session } from './session.ts';

const quietMs = 60_000;
/** Pairs that are remembered; beyond it all are forgotten, and a line may come once more. */
const pairsMax = 10_000;

/** One line for a denial, however often a killer asks: once for each sender, target and minute. */
export class DenialLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #loggedMs = new Map<string, number>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(session: Session, verdict: Verdict): void {
    const pair = `${String(session.peer.pid)}>${String(verdict.pid)}`;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#loggedMs.get(pair) ?? -Infinity) < quietMs) return;
    if (this.#loggedMs.size >= pairsMax) this.#loggedMs.clear();
    this.#loggedMs.set(pair, nowMs);
    const { comm, cmdline } = session.describe();
    const sender = { pid: session.peer.pid, uid: session.peer.uid, comm, cmdline };
    const { pid: targetPid, signal, rule, leaseId } = verdict;
    this.#log.info({ sender, targetPid, signal: signalName(signal), rule, leaseId }, 'denied');
  }
}
