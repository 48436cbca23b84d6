import { clientBounds } from './bounds.ts';
import { ClientClosedError } from './errors.ts';
import type { LeaseHandle } from './lease-handle.ts';
import type { Session } from './session.ts';
import type { Resumable } from './watch.ts';

/** What a client holds beyond one connection: its leases and its watches. */
export class Holdings {
  readonly leases = new Set<LeaseHandle>();
  readonly watches = new Set<Resumable>();

  /** Longest delay between two tries to connect, ms. A restarted server gives a heartbeat lease one ttl: be back well before. */
  get reconnectDelayMsMax(): number {
    let delayMs: number = clientBounds.reconnectDelayMsMax;
    for (const lease of this.leases) delayMs = Math.min(delayMs, lease.patienceMs);
    return delayMs;
  }

  /** Goes on over the next connection; leases first, for their time runs. */
  resume(session: Session, cause: Error): void {
    for (const lease of this.leases) void lease.renew();
    for (const watch of this.watches) void watch.resume(session, cause);
  }

  /** There is no connection any more: by the program's own wish, or lost. */
  stop(cause: Error): void {
    const isOwnWish = cause instanceof ClientClosedError;
    for (const lease of this.leases) {
      if (isOwnWish) lease.stop();
      else lease.abandon(cause);
    }
    for (const watch of this.watches) watch.stop(isOwnWish ? undefined : cause);
  }
}
