import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { identify } from '#linux/identity.ts';
import { samePidNamespace, sameUserNamespace } from '#linux/namespaces.ts';
import { peerGroupsOf, peerOf } from '#linux/peer.ts';
import { Held } from './machine.ts';

/** Who connected, as the kernel noted it. */
export interface PeerProcess {
  /** 0 where it cannot be seen from here. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Its supplementary groups, as the socket tells them; none where the connection is gone. */
  groups(): readonly number[];
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
  const fd = descriptorOf(socket);
  if (fd === undefined) throw new Error('the connection is gone before it was looked at');
  const { pid, uid, gid, pidfd } = peerOf(fd);
  const groups = (): readonly number[] => groupsOf(socket);
  const unknown = { pid, uid, gid, groups, isRoot: false, held: undefined, sharesPids: false };
  if (pidfd === undefined) return unknown;
  let held: Held | undefined;
  try {
    const taken = identify(pid, pidfd);
    if (taken === undefined) return unknown;
    const isRoot = uid === 0 && (sameUserNamespace(pid) ?? sharesUidMap(pid));
    const sharesPids = samePidNamespace(pid) === true;
    // All of that was read by pid: it is the peer's only if the peer has the pid still.
    if (pidfd.alive()) held = new Held(taken);
    return held === undefined ? unknown : { pid, uid, gid, groups, isRoot, held, sharesPids };
  } finally {
    if (held === undefined) pidfd.close();
  }
}

function descriptorOf(socket: Socket): number | undefined {
  const fd = (socket as SocketWithHandle)._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}

function groupsOf(socket: Socket): readonly number[] {
  const fd = descriptorOf(socket);
  return fd === undefined ? [] : peerGroupsOf(fd);
}

/** For a peer whose namespaces must not be looked at. Anyone may read uid_map (user_namespaces(7)); equal maps see uid 0 as the same user. */
function sharesUidMap(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/uid_map`, 'latin1') === readFileSync('/proc/self/uid_map', 'latin1');
  } catch {
    return false;
  }
}
