import { lstatSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { UntrustedServerError } from './errors.ts';

const writableByOthers = 0o022;
const sticky = 0o1000;

/**
 * Holds a socket against the rule that a client talks only to a server of uid 0 or its own. The folder counts too:
 * who can write there can put a socket of his own in its place.
 *
 * Synchronous on purpose: two calls of microseconds, where the asynchronous ones start a thread pool.
 *
 * @param socketPath absolute path
 * @throws UntrustedServerError; the system's own error (ENOENT, EACCES) where there is nothing to look at
 */
export function assertTrusted(socketPath: string): void {
  const reason = distrust(lstatSync(socketPath), statSync(dirname(socketPath)), process.geteuid?.());
  if (reason !== undefined) throw new UntrustedServerError(socketPath, reason);
}

/**
 * Why a socket is not to be trusted.
 *
 * @param socket what stands at the path, links not followed
 * @param folder the folder it stands in
 * @param uid the caller's effective user id
 * @returns the reason in words, or undefined where it is to be trusted
 */
export function distrust(socket: Stats, folder: Stats, uid: number | undefined): string | undefined {
  if (!socket.isSocket()) return 'it is no socket';
  if (!isOwn(socket, uid)) return `it belongs to uid ${String(socket.uid)}, and has to belong to root or to you`;
  if (!isOwn(folder, uid)) return `its folder belongs to uid ${String(folder.uid)}, and has to belong to root or to you`;
  if ((folder.mode & writableByOthers) !== 0 && (folder.mode & sticky) === 0) {
    return 'others may write in its folder: chmod go-w';
  }
  return undefined;
}

function isOwn(file: Stats, uid: number | undefined): boolean {
  return file.uid === 0 || file.uid === uid;
}
