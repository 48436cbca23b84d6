import { mayManage } from '#core/rights.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { ProtectorPlan, ProtectorStatus, SetModeParams } from '#protocol/protector.ts';
import type { ServerContext } from '../context.ts';
import { planView } from '../protector/plan-view.ts';
import { statusView } from '../protector/status-view.ts';
import type { Session } from '../session.ts';

/** protector.*: what the resource protector sees, whom it would pick, and whether it acts. */
export class ProtectorHandlers {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  status(): ProtectorStatus {
    return statusView(this.#context.protector);
  }

  plan(): ProtectorPlan {
    return planView(this.#context.protector);
  }

  /** Root, or the uid that the server runs as: whoever else asks must not have a server end others' processes. */
  setMode({ mode }: SetModeParams, session: Session): ProtectorStatus {
    const ownUid = process.getuid?.() ?? 0;
    if (!mayManage(session.caller, { uid: ownUid })) {
      throw new ProtocolError(
        'notPermitted',
        `the mode of the protector is set by root or uid ${String(ownUid)}, whom this server runs as`,
      );
    }
    this.#context.log.warn({ mode, requester: session.describe() }, 'protector: mode asked for');
    this.#context.protector.setMode(mode);
    return this.status();
  }
}
