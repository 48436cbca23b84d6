import { compareIdentity } from '#core/identity.ts';
import type { Lease } from '#core/lease.ts';
import { checkTtl, readTerms } from '#core/lease-terms.ts';
import { mayManage, mayRegister } from '#core/rights.ts';
import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { Lease as WireLease, LeaseListParams, RegisterParams, ReleaseParams, RenewParams } from '#protocol/lease.ts';
import type { ServerContext } from '../context.ts';
import { JsonText } from '../dispatch.ts';
import { describeRegistered, transition } from '../lease-events.ts';
import { viewLease, viewLeaseRow } from '../lease-view.ts';
import { clock, digestMarker, machine, type Held } from '../machine.ts';
import { requireSharedPids } from '../peer-rights.ts';
import type { Session } from '../session.ts';

/** lease.*: registration, heartbeat, release, and what there is. */
export class LeaseHandlers {
  readonly #context: ServerContext;
  readonly #releasing = new Map<Lease, Promise<void>>();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** Answered once the lease is on the disk; where it cannot be written, nothing was changed. */
  async register(params: RegisterParams, session: Session): Promise<WireLease> {
    const { registry, store, log, bootId, termLimits } = this.#context;
    const guard = this.#context.guardPolicy.grants(params.guard, session);
    const held = this.#holdTarget(params, session);
    let terms;
    try {
      this.#checkTarget(held, session);
      terms = readTerms({ ...params, guard }, termLimits, params.marker === undefined ? null : digestMarker(params.marker));
    } catch (error) {
      held.close();
      throw error;
    }
    const registration = registry.table.register(session.caller.uid, held, terms);
    const { lease, isNew } = registration;
    const releasing = this.#releasing.get(lease);
    if (releasing !== undefined) {
      // It is on its way out: what is answered now must outlive it.
      registration.undo();
      await releasing.catch(() => undefined);
      return this.register(params, session);
    }
    registry.termsChanged(lease);
    registry.rearm();
    const target = describeRegistered(registration, held.comm);
    let eventId = 0;
    try {
      await store.write(
        () => {
          if (isNew) store.leases.insert(lease, bootId);
          else store.leases.updateTerms(lease);
          eventId = store.insertEvent(transition(lease, isNew ? 'granted' : 'renewed', session.describe(), target));
          store.tellWhenCommitted(eventId);
        },
        () => {
          if (isNew) store.leases.remove(lease.id);
          else store.leases.updateTerms(lease);
          store.removeEvent(eventId);
        },
      );
    } catch (error) {
      registration.undo();
      if (!isNew) registry.termsChanged(lease);
      throw error;
    }
    if (lease.state === 'revoked') {
      // It was granted by a call that could not be written, and went with it.
      throw new ProtocolError('storeUnavailable', 'the lease that the new terms were for could not be written: register again');
    }
    if (terms.renewal === 'heartbeat') session.heartbeats.add(lease);
    if (params.wrapper === true) registry.wrappers.watch(registration, session);
    if (terms.scope === 'tree' && isNew) registry.treeGrew();
    log.info({ leaseId: lease.id, rootPid: lease.rootPid, uid: lease.uid, label: terms.label, guard, isNew }, 'registered');
    return viewLease(lease, bootId, clock, session.caller);
  }

  #holdTarget(params: RegisterParams, session: Session): Held {
    if (params.pid !== undefined) requireSharedPids(session);
    const pid = params.pid ?? session.sender.pid;
    if (pid === undefined)
      throw new ProtocolError('processNotFound', 'the calling process cannot be seen from here, or has exited');
    const held = machine.hold(pid);
    if (held === undefined) throw new ProtocolError('processNotFound', `no process has pid ${String(pid)}`);
    const claim = { pid, startTicks: params.startTicks, pidfdId: params.pidfdId };
    const isMeant =
      params.pid !== undefined || (session.peer.held !== undefined && compareIdentity(session.peer.held, held) === 'same');
    if (isMeant && compareIdentity(claim, held) !== 'different') return held;
    held.close();
    throw new ProtocolError('identityMismatch', `pid ${String(pid)} belongs to another process than the one that was named`);
  }

  #checkTarget(held: Held, session: Session): void {
    const { pid } = held;
    const uids = held.uids();
    if (uids === undefined || !held.alive()) throw new ProtocolError('processNotFound', `pid ${String(pid)} has just exited`);
    if (pid === 1 || pid === process.pid || held.kernelThread) {
      throw new ProtocolError(
        'notPermitted',
        `pid ${String(pid)} is a system process: init, kernel threads and omnid are never killed, and take no lease`,
      );
    }
    const { servedUid } = this.#context;
    if (servedUid !== undefined && uids.real !== servedUid) {
      throw new ProtocolError(
        'notPermitted',
        `pid ${String(pid)} is of uid ${String(uids.real)}: this server serves uid ${String(servedUid)} alone`,
      );
    }
    if (mayRegister(session.caller, uids)) return;
    throw new ProtocolError(
      'notPermitted',
      `pid ${String(pid)} is of uid ${String(uids.real)}: a user registers processes of his own`,
    );
  }

  renew(params: RenewParams, session: Session): WireLease {
    const { registry, bootId, termLimits } = this.#context;
    const lease = this.#managed(params.leaseId, session);
    if (params.ttlMs !== undefined) {
      if (lease.terms.renewal !== 'heartbeat')
        throw new ProtocolError('invalidParams', `lease ${lease.id} has no heartbeat: ttlMs does not apply`);
      checkTtl(params.ttlMs, termLimits);
    }
    registry.table.renew(lease, params.ttlMs);
    registry.rearm();
    if (lease.terms.renewal === 'heartbeat') session.heartbeats.add(lease);
    return viewLease(lease, bootId, clock, session.caller);
  }

  /** Answered once the end is on the disk. The owner releases; root, where it is another's, revokes. */
  async release(params: ReleaseParams, session: Session): Promise<WireLease> {
    const lease = this.#toRelease(params, session);
    const pending = this.#releasing.get(lease);
    if (pending === undefined) {
      const release = this.#release(lease, session).finally(() => {
        this.#releasing.delete(lease);
      });
      this.#releasing.set(lease, release);
      await release;
    } else await pending;
    return viewLease(lease, this.#context.bootId, clock, session.caller);
  }

  #toRelease(params: ReleaseParams, session: Session): Lease {
    if ((params.leaseId === undefined) === (params.pid === undefined)) {
      throw new ProtocolError('invalidParams', 'lease.release takes leaseId or pid, one of the two');
    }
    if (params.leaseId !== undefined) return this.#managed(params.leaseId, session);
    requireSharedPids(session);
    const pid = params.pid ?? 0;
    const lease = this.#context.registry.table.membership.coverage(pid).leases[0];
    if (lease === undefined) throw new ProtocolError('leaseNotFound', `no lease covers pid ${String(pid)}`);
    this.#requireManager(lease, session);
    return lease;
  }

  async #release(lease: Lease, session: Session): Promise<void> {
    const { registry, store, log } = this.#context;
    const end = lease.uid === session.caller.uid ? 'released' : 'revoked';
    const endedWallMs = clock.wallMs();
    let isOurs = false;
    let eventId = 0;
    await store.write(
      () => {
        isOurs = lease.state === 'active' && store.leases.end(lease.id, end, endedWallMs, lease.renewedWallMs);
        if (!isOurs) return;
        eventId = store.insertEvent(transition(lease, end, session.describe()));
        store.tellWhenCommitted(eventId);
      },
      () => {
        if (!isOurs || lease.state !== 'active') return;
        store.leases.reopen(lease);
        store.removeEvent(eventId);
      },
    );
    if (!isOurs) return;
    registry.table.drop(lease, end);
    // Its last process may have exited since: what is on the disk is what happened.
    lease.state = end;
    log.info({ leaseId: lease.id, rootPid: lease.rootPid, uid: lease.uid, label: lease.terms.label, end }, 'lease ended');
  }

  #managed(id: string, session: Session): Lease {
    const lease = this.#context.registry.table.get(id);
    if (lease === undefined) {
      const row = this.#context.store.leases.get(id);
      if (row === undefined) throw new ProtocolError('leaseNotFound', `no lease has the id ${id}`);
      const state = this.#context.registry.find(id)?.state ?? row.state;
      throw new ProtocolError('leaseEnded', `lease ${id} has ended: ${state}`, { state });
    }
    this.#requireManager(lease, session);
    return lease;
  }

  #requireManager(lease: Lease, session: Session): void {
    if (mayManage(session.caller, lease)) return;
    throw new ProtocolError('notPermitted', `lease ${lease.id} belongs to uid ${String(lease.uid)}`);
  }

  get(params: { readonly leaseId: string }, session: Session): WireLease {
    const { registry, store, bootId } = this.#context;
    const lease = registry.find(params.leaseId);
    if (lease !== undefined) return viewLease(lease, bootId, clock, session.caller);
    const row = store.leases.get(params.leaseId);
    if (row === undefined) throw new ProtocolError('leaseNotFound', `no lease has the id ${params.leaseId}`);
    return viewLeaseRow(row, session.caller);
  }

  /** Newest first. Members are looked for before, so that the counts are of now. */
  list(params: LeaseListParams, session: Session): Promise<JsonText> {
    return session.inTurn(async () => {
      const state = params.state ?? 'active';
      if (state === 'active' || state === 'any') await this.#context.registry.scan();
      return this.#page(params, session);
    });
  }

  /** A page ends before it outgrows a frame, whatever labels and reasons it holds. */
  #page(params: LeaseListParams, session: Session): JsonText {
    const { registry, store, bootId } = this.#context;
    const limit = params.limit ?? bounds.pageRowsDefault;
    const rows = store.leases.list({
      state: params.state === 'any' ? undefined : (params.state ?? 'active'),
      uid: params.uid,
      label: params.label,
      readableUid: session.caller.isRoot ? undefined : session.caller.uid,
      beforeSeq: readCursor(params.cursor),
      limit: limit + 1,
    });
    const texts: string[] = [];
    let lengthBytes = 0;
    let taken = 0;
    for (const row of rows.slice(0, limit)) {
      const lease = registry.find(row.id);
      const view = lease === undefined ? viewLeaseRow(row, session.caller) : viewLease(lease, bootId, clock, session.caller);
      const text = JSON.stringify(view);
      lengthBytes += Buffer.byteLength(text) + 1;
      if (taken > 0 && lengthBytes > bounds.pageBytesMax) break;
      taken += 1;
      // One that has ended, of which the disk does not know yet, is not among the active.
      if (params.state === 'any' || view.state === row.state) texts.push(text);
    }
    const cursor = rows.length > taken ? `"${String(rows[taken - 1]?.seq)}"` : 'null';
    return new JsonText(`{"leases":[${texts.join(',')}],"nextCursor":${cursor}}`);
  }
}

function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new ProtocolError('invalidParams', 'cursor is not one that lease.list gave: pass nextCursor on as it is');
}
