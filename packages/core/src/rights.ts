import type { Lease } from './lease.ts';
import type { Uids } from './ports.ts';

/** The caller, as the socket tells it, never the message. */
export interface Caller {
  readonly uid: number;
  /** uid 0 in the initial user namespace. */
  readonly isRoot: boolean;
}

/** A user registers processes whose real, effective and saved uid are theirs; root any. */
export function mayRegister(caller: Caller, target: Uids): boolean {
  if (caller.isRoot) return true;
  return target.real === caller.uid && target.effective === caller.uid && target.saved === caller.uid;
}

/** A user renews, releases and overrides what is theirs; root anything. */
export function mayManage(caller: Caller, lease: Pick<Lease, 'uid'>): boolean {
  return caller.isRoot || caller.uid === lease.uid;
}

/** kill(2): the sender's uid must equal the target's real or saved uid. Whatever the server runs as. */
export function maySignal(caller: Caller, target: Uids): boolean {
  return caller.isRoot || caller.uid === target.real || caller.uid === target.saved;
}

/** May the caller read the command line, executable, cgroup, label or reason of a process or lease of this uid? */
export function mayRead(caller: Caller, ownerUid: number): boolean {
  return caller.isRoot || caller.uid === ownerUid;
}
