import { chmodSync, lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { lockFile, type FileLock } from '#linux/file-lock.ts';

/** sockaddr_un's path, less its NUL (unix(7)). */
const pathBytesMax = 107;
const writableByOthers = 0o022;
const sticky = 0o1000;

export interface ListenerOptions {
  readonly path: string;
  /** Who may connect: 0o600 for one user, 0o666 for all. */
  readonly mode: number;
  readonly folderMode: number;
  /** Told why a connection could not be accepted (no descriptors, say); those that come later may be. */
  readonly onError: (error: Error) => void;
}

/** The listening socket, and the lock beside it that keeps a second server from taking its place. */
export class Listener {
  readonly #server: Server;
  readonly #lock: FileLock;

  private constructor(server: Server, lock: FileLock) {
    this.#server = server;
    this.#lock = lock;
  }

  /**
   * Listens. A stale socket is replaced; a live one, or a file that is no socket, is not.
   *
   * @param onSocket told of each accepted connection
   * @throws Error that names the path, and who is there
   */
  static async open(options: ListenerOptions, onSocket: (socket: Socket) => void): Promise<Listener> {
    const { path } = options;
    if (Buffer.byteLength(path) > pathBytesMax) {
      throw new Error(
        `the socket's path is longer than the ${String(pathBytesMax)} bytes that a Unix socket can have: ${path}`,
      );
    }
    prepareFolder(dirname(path), options.folderMode);
    const lock = lockFile(`${path}.lock`);
    if (lock === undefined) throw new Error(`another omnid holds ${path}`);
    try {
      await removeStale(path);
      const server = createServer({ allowHalfOpen: true }, onSocket);
      await listen(server, path);
      server.on('error', options.onError);
      chmodSync(path, options.mode);
      return new Listener(server, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Takes no more connections, and removes the socket. Those that are open go on. */
  close(): void {
    this.#server.close();
    this.#lock.close();
  }
}

function prepareFolder(folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true, mode });
  const { uid, mode: found } = statSync(folder);
  const own = process.getuid?.() ?? 0;
  if (uid !== own && uid !== 0) {
    throw new Error(
      `the socket's folder ${folder} belongs to uid ${String(uid)}: it must be root's or that of uid ${String(own)}`,
    );
  }
  if ((found & writableByOthers) !== 0 && (found & sticky) === 0) {
    throw new Error(`others may write in the socket's folder ${folder}, and put theirs in its place: chmod go-w ${folder}`);
  }
}

async function removeStale(path: string): Promise<void> {
  let found;
  try {
    found = lstatSync(path);
  } catch {
    return;
  }
  if (!found.isSocket()) throw new Error(`${path} is there and is no socket: remove it, or give another --socket`);
  if (await answers(path)) throw new Error(`another omnid answers on ${path}`);
  unlinkSync(path);
}

/** A connection is refused where nobody listens any more. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

/** bind(2) makes the file with the umask's mode: nobody else may connect before its mode is set. */
async function listen(server: Server, path: string): Promise<void> {
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path, backlog: 1024 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } finally {
    process.umask(umask);
  }
}
