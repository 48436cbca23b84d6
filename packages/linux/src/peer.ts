import { ENODATA, ENOPROTOOPT, SystemCallError } from './errno.ts';
import { closeFile, createSocket, getSocketOption } from './ffi.ts';
import { openPidfd, Pidfd } from './pidfd.ts';

// include/uapi/asm-generic/socket.h: the same on x86_64 and arm64.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
/** NGROUPS_MAX, include/uapi/linux/limits.h. */
const GROUPS_MAX = 65536;

/** Who is at the other end of a Unix stream socket, as the kernel noted when it connected (unix(7)). */
export interface Peer {
  /** In our PID namespace; 0 where it cannot be seen from there. */
  readonly pid: number;
  /** Effective, in our user namespace; 65534 where it has no number there. */
  readonly uid: number;
  readonly gid: number;
  /** Whoever asks for the peer closes it. Absent where the peer is unknown or was reaped. */
  readonly pidfd?: Pidfd;
}

const credentials = new Int32Array(3);
const descriptor = new Int32Array(1);
const size = new Int32Array(1);

/**
 * Asks who connected.
 * @param fd a connected Unix stream socket; a socket of another kind has an unknown peer, pid 0
 * @throws SystemCallError ENOTSOCK, EBADF
 */
export function peerOf(fd: number): Peer {
  const outcome = getOption(fd, SO_PEERCRED, credentials);
  if (outcome < 0) throw new SystemCallError('getsockopt SO_PEERCRED', -outcome, fd);
  const [pid = 0, uid = -1, gid = -1] = credentials;
  const peer = { pid, uid: uid >>> 0, gid: gid >>> 0 };
  const pidfd = pid > 0 ? peerPidfd(fd, pid) : undefined;
  return pidfd === undefined ? peer : { ...peer, pidfd };
}

/**
 * The supplementary groups of whoever connected, as they were then (unix(7), SO_PEERGROUPS); the effective one is `Peer.gid`.
 * @param fd a connected Unix stream socket
 * @throws SystemCallError ENOTSOCK, EBADF
 */
export function peerGroupsOf(fd: number): number[] {
  const groups = new Uint32Array(GROUPS_MAX);
  const outcome = getOption(fd, SO_PEERGROUPS, groups);
  if (outcome === -ENODATA) return [];
  if (outcome < 0) throw new SystemCallError('getsockopt SO_PEERGROUPS', -outcome, fd);
  return [...groups.subarray(0, (size[0] ?? 0) / 4)];
}

/**
 * Does this kernel hand out the peer's pidfd (Linux 6.5 and later)? A fresh socket without a peer is asked: ENODATA
 * where the option is known, ENOPROTOOPT where it is not.
 */
export function hasPeerPidfd(): boolean {
  const fd = createSocket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC);
  if (fd < 0) throw new SystemCallError('socket', -fd);
  const outcome = getOption(fd, SO_PEERPIDFD, descriptor);
  closeFile(fd);
  return outcome !== -ENOPROTOOPT;
}

/**
 * Before Linux 6.5 only the pid is known, and opened afterwards: a peer that connected, exited and was reaped may have
 * given its pid to another by now, which would then pass for the peer. It must be asked early, at accept.
 */
function peerPidfd(fd: number, pid: number): Pidfd | undefined {
  const outcome = getOption(fd, SO_PEERPIDFD, descriptor);
  if (outcome === 0) return new Pidfd(descriptor[0] ?? -1);
  // Any other answer (ESRCH, EINVAL, ENODATA) says that the peer is gone: its pid must not be opened.
  return outcome === -ENOPROTOOPT ? openPidfd(pid) : undefined;
}

function getOption(fd: number, option: number, value: Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): number {
  size[0] = value.byteLength;
  return getSocketOption(fd, SOL_SOCKET, option, new Uint8Array(value.buffer), new Uint8Array(size.buffer));
}
