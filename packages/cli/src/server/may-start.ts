import { readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { systemSocketPath } from '#client/index.ts';

/** The pid namespace that the machine boots with (the kernel's PROC_PID_INIT_INO). */
const initialPidNamespace = 'pid:[4026531836]';
const writableByOthers = 0o022;

/** What decides whether this process may start a server. */
export interface Surroundings {
  /** /proc/self/status */
  readonly status: string;
  /** Where /proc/self/ns/pid leads. */
  readonly pidNamespace: string;
}

/** Reads the surroundings of this process. */
export function readSurroundings(): Surroundings {
  return { status: readFileSync('/proc/self/status', 'utf8'), pidNamespace: readlinkSync('/proc/self/ns/pid') };
}

/**
 * Why a server must not be started from here: it would be as confined as its starter, and of no use to the others.
 *
 * @returns the reason in words, or undefined where it may be started
 */
export function confinement({ status, pidNamespace }: Surroundings): string | undefined {
  if (/^NoNewPrivs:\s*1$/m.test(status)) return 'this process is confined (no_new_privs)';
  if (pidNamespace !== initialPidNamespace) return 'this process is in a container (another PID namespace)';
  return undefined;
}

/**
 * Why a server must not be started on a socket that was named (--socket, OMNIMIND_SOCKET). A path of the caller's own is
 * served as the default one is; one in a folder where others may write, or of others, is theirs to serve.
 *
 * @param folder of the socket; undefined: there is none
 * @returns the reason in words, or undefined where it may be started
 */
export function refusalOfSocket(socketPath: string, folder: Stats | undefined, uid: number | undefined): string | undefined {
  if (socketPath === systemSocketPath) return "it is the system server's";
  if (folder === undefined) return 'its folder does not exist';
  if (folder.uid !== uid) return 'its folder is not yours';
  if ((folder.mode & writableByOthers) !== 0) return 'others may write in its folder';
  return undefined;
}

/** The folder of a path, as `refusalOfSocket` wants it. */
export function folderOf(path: string): Stats | undefined {
  return statSync(dirname(path), { throwIfNoEntry: false });
}
