import { ProtocolError } from '#protocol/errors.ts';
import type { Session } from './session.ts';

/**
 * A peer in another PID namespace means other processes by its numbers.
 *
 * @throws ProtocolError notPermitted
 */
export function requireSharedPids(session: Session): void {
  if (session.peer.sharesPids) return;
  throw new ProtocolError(
    'notPermitted',
    'the caller has exited, or is in another PID namespace and means other processes by its pids: it can register itself (no pid), and no more',
  );
}
