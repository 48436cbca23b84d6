import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { Connection } from '#protocol/connection.ts';
import { errorResponse } from '#protocol/message.ts';
import type { Dispatcher } from './dispatch.ts';
import type { Clients } from './clients.ts';
import type { PeerProcess } from './peer-process.ts';
import { Session } from './session.ts';

/** What a peer may leave untaken before the server stops reading from it. */
const unreadBytesMax = 4 * 1024 * 1024;

/** One accepted connection: lines in, answers out, within the bounds. */
export class Client {
  readonly session: Session;
  readonly #connection: Connection;
  readonly #clients: Clients;
  readonly #dispatcher: Dispatcher;
  readonly #log: Logger;
  #paused = false;

  constructor(socket: Socket, peer: PeerProcess, clients: Clients, dispatcher: Dispatcher, log: Logger) {
    this.#clients = clients;
    this.#dispatcher = dispatcher;
    this.#log = log;
    this.#connection = new Connection(socket, {
      onMessage: (message) => {
        this.#take(message);
      },
      onUnparsable: () => {
        this.#connection.send(errorResponse(null, 'parseError', 'the line is no JSON'));
      },
      onOversized: (error) => {
        this.#connection.send(errorResponse(null, 'invalidRequest', error.message));
        this.#connection.end();
      },
      onClose: () => {
        clients.remove(this);
        this.session.close();
      },
    });
    const connection = this.#connection;
    this.session = new Session(peer, {
      notify: (method, params) => {
        connection.send({ jsonrpc: '2.0', method, params });
      },
      get writableBytes() {
        return connection.writableBytes;
      },
      drained: () => connection.drained(),
    });
  }

  #take(message: unknown): void {
    this.#clients.touch(this.session);
    const refusal = this.#clients.admit(this.session);
    if (refusal !== undefined) {
      const { id } = (message ?? {}) as { id?: string | number };
      this.#connection.send(errorResponse(id ?? null, refusal.kind, refusal.message));
      return;
    }
    let answer;
    try {
      answer = this.#dispatcher.answer(message, this.session);
    } catch (error) {
      this.#log.error({ err: error }, 'an answer could not be made');
    }
    if (answer instanceof Promise) void this.#sendLater(answer);
    else this.#send(answer);
  }

  async #sendLater(answer: Promise<string | undefined>): Promise<void> {
    let text: string | undefined;
    try {
      text = await answer;
    } catch (error) {
      this.#log.error({ err: error }, 'an answer could not be made');
    }
    this.#send(text);
  }

  #send(text: string | undefined): void {
    this.#clients.done(this.session);
    if (text !== undefined) this.#connection.sendText(text);
    if (this.#connection.writableBytes > unreadBytesMax) this.#waitForReader();
  }

  /** A peer that does not read is not read from: what it leaves untaken stays bounded. */
  #waitForReader(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#connection.pause();
    void this.#connection.drained().then(() => {
      this.#paused = false;
      this.#connection.resume();
    });
  }

  /** Sends what is queued, then closes. */
  end(): void {
    this.#connection.end();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
