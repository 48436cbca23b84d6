import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { EventOutcome, ProcessRef, TerminationOutcome } from '#protocol/history.ts';
import type { TerminateParams, TerminateResult } from '#protocol/process.ts';
import { signalName } from '#protocol/signals.ts';
import type { Verdict } from '#protocol/verdict.ts';
import { openPidfd } from '#linux/pidfd.ts';
import type { ServerContext } from './context.ts';
import { describe } from './describe.ts';
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
    this.#target = describe(held.pid) ?? { pid: held.pid, startTicks: held.startTicks, uid: 0, comm: '', ancestry: [] };
  }

  async run(signal: number): Promise<TerminateResult> {
    this.#view.requireRight(this.#session, this.#held);
    const verdict = this.#verdict(signal);
    if (!verdict.allow) return this.#denied(verdict);
    const graceMs = signal === SIGKILL ? bounds.killWaitMs : (this.#params.graceMs ?? bounds.graceMsDefault);
    const first = await this.#send(signal, verdict, graceMs);
    const escalate = signal !== SIGKILL && (this.#params.escalate ?? asksToEnd.has(signal));
    if (first !== 'survived' || !escalate) return { outcome: first, verdict };
    return this.#escalate(verdict);
  }

  /** The grace is over: the world may have changed, so rights and verdict are asked again. */
  async #escalate(before: Verdict): Promise<TerminateResult> {
    if (!this.#held.alive()) return { outcome: 'exited', verdict: before };
    this.#view.requireRight(this.#session, this.#held);
    const verdict = this.#verdict(SIGKILL);
    if (!verdict.allow) return this.#denied(verdict);
    return { outcome: await this.#send(SIGKILL, verdict, bounds.killWaitMs), verdict };
  }

  #verdict(signal: number): Verdict {
    return this.#view.verdict(this.#session, this.#held, signal, this.#params.override ?? false);
  }

  async #denied(verdict: Verdict): Promise<TerminateResult> {
    await this.#view.context.store.record(this.#event(verdict, 'denied'));
    return { outcome: 'denied', verdict };
  }

  async #send(signal: number, verdict: Verdict, waitMs: number): Promise<TerminationOutcome> {
    const { store, log } = this.#view.context;
    const exit = watchExit(this.#view.context, this.#held);
    const id = await store.record(this.#event(verdict, 'intended'));
    let sent: EventOutcome = 'failed';
    let termination: TerminationOutcome = 'survived';
    try {
      // The row is down; between it and this line the process was held. `gone`: it ended by itself meanwhile.
      sent = this.#held.pidfd.sendSignal(signal) === 'sent' ? 'delivered' : 'ignored';
      const ended = await exit.within(waitMs);
      termination = ended ? (signal === SIGKILL ? 'killed' : 'exited') : 'survived';
      return termination;
    } catch (error) {
      throw new ProtocolError(
        'signalFailed',
        `the kernel refused ${signalName(signal)} for pid ${String(this.#held.pid)}: ${(error as Error).message}`,
        {},
        error,
      );
    } finally {
      exit.close();
      store.finishLater(id, { outcome: sent, lastWallMs: clock.wallMs(), ...(sent === 'failed' ? {} : { termination }) });
      const requester = this.#session.describe();
      log.info(
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

interface ExitWait {
  /** @returns whether the process has exited by then */
  within(waitMs: number): Promise<boolean>;
  close(): void;
}

/** Watches by a pidfd of its own: the lease table may watch the same process, and lets go of it on its own terms. */
function watchExit(context: ServerContext, held: Held): ExitWait {
  const opened = openPidfd(held.pid);
  const pidfd = held.alive() ? opened : undefined;
  if (pidfd === undefined) opened?.close();
  let exited = pidfd === undefined;
  let wake: () => void = () => undefined;
  if (pidfd !== undefined) {
    context.watcher.watch(pidfd, () => {
      exited = true;
      wake();
    });
  }
  return {
    within: (waitMs) =>
      new Promise((resolve) => {
        if (exited) {
          resolve(true);
          return;
        }
        const timer = setTimeout(() => {
          resolve(exited);
        }, waitMs);
        wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      }),
    close: () => {
      if (pidfd === undefined) return;
      context.watcher.unwatch(pidfd);
      pidfd.close();
    },
  };
}
