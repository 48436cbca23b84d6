import { mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { userSocketPath } from '#client/paths.ts';

/** The folder of the sockets by which a command's terminal is found; nobody else's business (0700). */
function sessionFolder(): string {
  return join(dirname(userSocketPath()), 'runs');
}

/** Where the terminal of a lease is. */
export function sessionPath(leaseId: string): string {
  return join(sessionFolder(), `${leaseId}.sock`);
}

/** Where the holder of a command's terminal listens, under the id of every lease that the command had. */
export class SessionSocket {
  readonly #onAttach: (socket: Socket) => void;
  readonly #paths: string[] = [];
  #server: Server | undefined;

  /** @param onAttach is called for each that attaches */
  constructor(onAttach: (socket: Socket) => void) {
    this.#onAttach = onAttach;
  }

  /**
   * Listens for this lease too: a command that is started again has another.
   *
   * @param onFailure is called where that cannot be
   * @throws the system's error where there can be no such folder or name
   */
  offer(leaseId: string, onFailure: (error: unknown) => void): void {
    const path = sessionPath(leaseId);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (this.#server === undefined) this.#server = createServer(this.#onAttach).on('error', onFailure).listen(path);
    else symlinkSync(basename(this.#paths[0] ?? ''), path);
    this.#paths.push(path);
  }

  /** No more can attach. */
  close(): void {
    this.#server?.close();
    for (const path of this.#paths) {
      try {
        unlinkSync(path);
      } catch {
        // Node has removed its own.
      }
    }
  }
}
