import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { EventOutcome, ProcessRef, TerminationOutcome } from '#protocol/history.ts';
import type { TerminateParams, TerminateResult } from '#protocol/process.ts';
import { signalName } from '#protocol/signals.ts';
import type { Verdict } from '#protocol/verdict.ts';
import type { ServerContext } from './context.ts';
import { describe } from './describe.ts';
import { waitForExit } from './exit-wait.ts';
import { clock, monotonicNs, type Held } from './machine.ts';
import { momentContext } from './moment.ts';
import type { Session } from './session.ts';
import type { NewEvent } from './store/event-rows.ts';

const SIGKILL = 9;
/** HUP, INT, QUIT, TERM ask a process to end: only for them is SIGKILL what the caller means next. */
const asksToEnd: ReadonlySet<number> = new Set([1, 2, 3, 15]);

export interface TerminationView {
  readonly context: ServerContext;
  requireRight(session: Session, held: Held): void;
  verdict(session: Session, held: Held, signal: number, override: boolean): Verdict;
}

/**
 * One mediated kill: verdict, intent row, signal by pidfd, grace, uids and verdict again, SIGKILL, exit, outcome
 * row. The process is held from before the verdict to the end: no signal can reach another that got its pid.
 */
export class Termination {
  readonly #view: TerminationView;
  readonly #session: Session;
  readonly #held: Held;
  readonly #params: TerminateParams;
  readonly #target: ProcessRef;

  constructor(view: TerminationView, session: Session, held: Held, params: TerminateParams) {
    this.#view = view;
    this.#session = session;
    this.#held = held;
    this.#params = params;
    const found = describe(held.pid);
    // What was read is of this process only if it has its pid still.
    const isIt = found !== undefined && held.alive();
    this.#target = isIt ? found : { pid: held.pid, startTicks: held.startTicks, uid: 0, comm: '', ancestry: [] };
  }

  async run(signal: number): Promise<TerminateResult> {
    this.#view.requireRight(this.#session, this.#held);
    const verdict = this.#verdict(signal);
    if (!verdict.allow) return this.#denied(verdict);
    const graceMs = signal === SIGKILL ? bounds.killWaitMs : (this.#params.graceMs ?? bounds.graceMsDefault);
    const first = await this.#send(signal, verdict, graceMs);
    const escalate = signal !== SIGKILL && (this.#params.escalate ?? asksToEnd.has(signal));
    return first.outcome === 'survived' && escalate ? this.#escalate(first) : first;
  }

  /** The grace is over: the world may have changed, so rights and verdict are asked again. */
  async #escalate(before: TerminateResult): Promise<TerminateResult> {
    if (!this.#held.alive()) return { ...before, outcome: 'exited' };
    this.#view.requireRight(this.#session, this.#held);
    const verdict = this.#verdict(SIGKILL);
    return verdict.allow ? this.#send(SIGKILL, verdict, bounds.killWaitMs) : this.#denied(verdict);
  }

  #verdict(signal: number): Verdict {
    return this.#view.verdict(this.#session, this.#held, signal, this.#params.override ?? false);
  }

  async #denied(verdict: Verdict): Promise<TerminateResult> {
    await this.#view.context.store.record(this.#event(verdict, 'denied'));
    return { outcome: 'denied', verdict };
  }

  /**
   * The row first, then the signal. While the row went to the disk a lease may have been granted, or the target's uids
   * may have changed: both are asked again, in the turn of the signal.
   */
  async #send(signal: number, verdict: Verdict, waitMs: number): Promise<TerminateResult> {
    const { store } = this.#view.context;
    const id = await store.record(this.#event(verdict, 'intended'));
    let sent: EventOutcome = 'failed';
    let termination: TerminationOutcome | undefined;
    try {
      if (!this.#held.alive()) {
        sent = 'ignored';
        termination = 'exited';
        return { outcome: termination, verdict };
      }
      this.#view.requireRight(this.#session, this.#held);
      const now = this.#verdict(signal);
      if (!now.allow) {
        sent = 'denied';
        return { outcome: 'denied', verdict: now };
      }
      sent = this.#signal(signal);
      termination = await this.#outcome(signal, waitMs);
      return { outcome: termination, verdict };
    } finally {
      await store.finish(id, { outcome: sent, lastWallMs: clock.wallMs(), termination });
      this.#log(id, signal, sent, termination, verdict);
    }
  }

  /** `gone`: it ended by itself, and was reaped, between the last look and the signal. */
  #signal(signal: number): EventOutcome {
    try {
      return this.#held.pidfd.sendSignal(signal) === 'sent' ? 'delivered' : 'ignored';
    } catch (error) {
      throw new ProtocolError(
        'signalFailed',
        `the kernel refused ${signalName(signal)} for pid ${String(this.#held.pid)}: ${(error as Error).message}`,
        {},
        error,
      );
    }
  }

  /** @throws ProtocolError shuttingDown where the server stops before the wait is over */
  async #outcome(signal: number, waitMs: number): Promise<TerminationOutcome> {
    const { watcher, stopping } = this.#view.context;
    const wait = await waitForExit(watcher, this.#held.pidfd, waitMs, stopping);
    if (wait === 'exited') return signal === SIGKILL ? 'killed' : 'exited';
    if (wait === 'over') return 'survived';
    throw new ProtocolError(
      'shuttingDown',
      `the server is stopping: ${signalName(signal)} was sent, pid ${String(this.#held.pid)} has not ended yet, and nothing more is done`,
    );
  }

  #log(id: number, signal: number, sent: EventOutcome, termination: TerminationOutcome | undefined, verdict: Verdict): void {
    const requester = this.#session.describe();
    this.#view.context.log.info(
      {
        eventId: id,
        target: { pid: this.#held.pid, comm: this.#target.comm },
        signal: signalName(signal),
        outcome: sent,
        termination,
        requester: { pid: requester.pid, uid: requester.uid, comm: requester.comm, cmdline: requester.cmdline },
        override: verdict.rule === 'override' || undefined,
      },
      'kill',
    );
  }

  #event(verdict: Verdict, outcome: EventOutcome): NewEvent {
    const requester = this.#session.describe();
    const { reason } = this.#params;
    return {
      firstWallMs: clock.wallMs(),
      monotonicNs: monotonicNs(),
      source: 'mediated',
      signal: verdict.signal,
      code: outcome === 'denied' ? null : 'pidfd',
      outcome,
      sender: requester,
      target: this.#target,
      requester,
      leaseId: verdict.leaseId,
      ...(reason === undefined ? {} : { reason, reasonUid: this.#session.caller.uid }),
      ...(verdict.rule === 'override' ? { override: true } : {}),
      context: momentContext(),
    };
  }
}
