import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { identify } from '#linux/identity.ts';
import { samePidNamespace, sameUserNamespace } from '#linux/namespaces.ts';
import { peerOf } from '#linux/peer.ts';
import { Held } from './machine.ts';

/** Who connected, as the kernel noted it. */
export interface PeerProcess {
  /** 0 where it cannot be seen from here. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** uid 0 with the same view of uids as ours: not a container's own root. */
  readonly isRoot: boolean;
  /** Held from accept on; undefined where it is unknown or gone already. */
  readonly held: Held | undefined;
  /** Do its pids mean what ours mean? Unknown counts as no. */
  readonly sharesPids: boolean;
}

interface SocketWithHandle extends Socket {
  readonly _handle?: { readonly fd: number } | null;
}

/**
 * Looks at the other end of an accepted connection (unix(7), SO_PEERCRED and SO_PEERPIDFD).
 *
 * @throws Error where the socket has no descriptor any more
 */
export function readPeer(socket: Socket): PeerProcess {
  const fd = (socket as SocketWithHandle)._handle?.fd;
  if (fd === undefined || fd < 0) throw new Error('the connection is gone before it was looked at');
  const { pid, uid, gid, pidfd } = peerOf(fd);
  const unknown = { pid, uid, gid, isRoot: false, held: undefined, sharesPids: false };
  if (pidfd === undefined) return unknown;
  let held: Held | undefined;
  try {
    const taken = identify(pid, pidfd);
    if (taken === undefined) return unknown;
    const isRoot = uid === 0 && (sameUserNamespace(pid) ?? sharesUidMap(pid));
    const sharesPids = samePidNamespace(pid) === true;
    // All of that was read by pid: it is the peer's only if the peer has the pid still.
    if (pidfd.alive()) held = new Held(taken);
    return held === undefined ? unknown : { pid, uid, gid, isRoot, held, sharesPids };
  } finally {
    if (held === undefined) pidfd.close();
  }
}

/** For a peer whose namespaces must not be looked at. Anyone may read uid_map (user_namespaces(7)); equal maps see uid 0 as the same user. */
function sharesUidMap(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/uid_map`, 'latin1') === readFileSync('/proc/self/uid_map', 'latin1');
  } catch {
    return false;
  }
}
