import { ProtocolError } from '#protocol/errors.ts';
import type { Session } from './session.ts';

let serial = 0;

/**
 * Adds a subscription to a connection; it ends with the connection.
 *
 * @param begin starts it, and returns what ends it
 * @returns its id
 * @throws ProtocolError limitReached
 */
export function addSubscription(session: Session, perConnectionMax: number, begin: (id: string) => () => void): string {
  if (session.subscriptions.size >= perConnectionMax) {
    throw new ProtocolError('limitReached', `a connection has at most ${String(perConnectionMax)} subscriptions`, {
      limit: 'subscriptionsPerConnectionMax',
    });
  }
  serial += 1;
  const id = `sub-${String(serial)}`;
  session.subscriptions.set(id, begin(id));
  return id;
}

/** Ends a subscription of this connection. Does nothing where there is none: it may have ended already. */
export function endSubscription(session: Session, id: string): void {
  session.subscriptions.get(id)?.();
  session.subscriptions.delete(id);
}
