import { compareIdentity } from '#core/identity.ts';
import { mayManage, maySignal } from '#core/rights.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { Explanation, ExplainParams } from '#protocol/explanation.ts';
import type { TerminateParams, TerminateResult } from '#protocol/process.ts';
import type { Verdict } from '#protocol/verdict.ts';
import type { Judge, ServerContext } from '../context.ts';
import { Explainer } from '../explainer.ts';
import { machine, type Held } from '../machine.ts';
import { requireSharedPids } from '../peer-rights.ts';
import type { Session } from '../session.ts';
import { Termination, type TerminationView } from '../termination.ts';

const SIGTERM = 15;

/** process.*: the mediated kill, and what became of a process. */
export class ProcessHandlers implements TerminationView {
  readonly context: ServerContext;
  readonly #judge: Judge;
  readonly #explainer: Explainer;

  constructor(context: ServerContext, judge: Judge) {
    this.context = context;
    this.#judge = judge;
    this.#explainer = new Explainer(context);
  }

  explain(params: ExplainParams, session: Session): Promise<Explanation> {
    if (params.pid !== undefined) requireSharedPids(session);
    return session.inTurn(() => this.#explainer.explain(params, session.caller));
  }

  async terminate(params: TerminateParams, session: Session): Promise<TerminateResult> {
    requireSharedPids(session);
    const held = this.#hold(params);
    try {
      return await new Termination(this, session, held, params).run(params.signal ?? SIGTERM);
    } finally {
      held.close();
    }
  }

  #hold(params: TerminateParams): Held {
    const held = machine.hold(params.pid);
    if (held === undefined) throw new ProtocolError('processNotFound', `no process has pid ${String(params.pid)}`);
    if (compareIdentity(params, held) !== 'different') return held;
    held.close();
    throw new ProtocolError(
      'identityMismatch',
      `pid ${String(params.pid)} belongs to another process than the one that was named`,
    );
  }

  /** kill(2)'s rule for the peer, on the target's uids as they are now. */
  requireRight(session: Session, held: Held): void {
    const uids = held.uids();
    if (uids === undefined || !held.alive())
      throw new ProtocolError('processNotFound', `pid ${String(held.pid)} has just exited`);
    if (maySignal(session.caller, uids)) return;
    throw new ProtocolError(
      'notPermitted',
      `pid ${String(held.pid)} is of uid ${String(uids.real)}: kill(2) would not let uid ${String(session.caller.uid)} signal it`,
    );
  }

  /**
   * The verdict; with `override`, leases of the caller's own (root: any) are passed over. A rule has no owner: what kill(2)
   * lets the caller signal, it may.
   */
  verdict(session: Session, held: Held, signal: number, override: boolean): Verdict {
    const claim = { pid: held.pid, startTicks: held.startTicks, pidfdId: held.pidfdId };
    const verdict = this.#judge.verdict(session, claim, signal);
    if ((verdict.rule !== 'lease' && verdict.rule !== 'protectionRule') || !override) return verdict;
    const { leases } = this.context.registry.table.membership.coverage(held.pid);
    const foreign = leases.find((lease) => !mayManage(session.caller, lease));
    if (foreign !== undefined) {
      throw new ProtocolError(
        'notPermitted',
        `lease ${foreign.id} belongs to uid ${String(foreign.uid)}: only its owner or root overrides it`,
      );
    }
    const leaseId = verdict.leaseId === undefined ? {} : { leaseId: verdict.leaseId };
    return { pid: held.pid, signal, allow: true, rule: 'override', reason: `${verdict.reason}; overridden`, ...leaseId };
  }
}
