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
/** Messages of one connection that wait for their answers before no more are read from it. */
const messagesInFlightMax = 512;
/** After so much work for one connection the others have their turn. */
const sliceMs = 1;
/** How long a peer that was told the end may keep its own end open. */
const lingerMs = 1000;

/** One accepted connection: lines in, answers out, within the bounds. */
export class Client {
  readonly session: Session;
  readonly #connection: Connection;
  readonly #clients: Clients;
  readonly #dispatcher: Dispatcher;
  readonly #log: Logger;
  /** Messages of the last chunk that came after the pause. */
  readonly #held: unknown[] = [];
  #paused = false;
  #workedMs = 0;
  #inFlight = 0;
  #answered: () => void = () => undefined;
  #isLast = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(socket: Socket, peer: PeerProcess, clients: Clients, dispatcher: Dispatcher, log: Logger) {
    this.#clients = clients;
    this.#dispatcher = dispatcher;
    this.#log = log;
    this.#connection = new Connection(socket, {
      onMessage: (message) => {
        this.#take(message);
      },
      onUnparsable: () => {
        this.#send(JSON.stringify(errorResponse(null, 'parseError', 'the line is no JSON')));
      },
      onOversized: (error) => {
        this.#send(JSON.stringify(errorResponse(null, 'invalidRequest', error.message)));
        this.end();
        // What else it sends is thrown away, so that its own end is seen.
        this.#connection.resume();
      },
      onClose: () => {
        clearTimeout(this.#linger);
        this.#held.length = 0;
        clients.remove(this);
        this.session.close();
      },
    });
    // A peer that sends no more (`nc -N`) still gets the answers that are due.
    socket.on('end', () => {
      this.#isLast = true;
      this.#endIfAnswered();
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
    if (this.#paused) this.#held.push(message);
    else this.#begin(message);
  }

  #begin(message: unknown): void {
    const beganMs = performance.now();
    this.#clients.touch(this.session);
    const refusal = this.#clients.admit(this.session, message);
    if (refusal === undefined) this.#answer(message);
    else this.#send(this.#dispatcher.refuse(message, refusal));
    this.#workedMs += performance.now() - beganMs;
    if (this.#workedMs > sliceMs) this.#pauseFor(turn());
  }

  #answer(message: unknown): void {
    this.#inFlight += 1;
    let answer;
    try {
      answer = this.#dispatcher.answer(message, this.session);
    } catch (error) {
      this.#log.error({ err: error }, 'an answer could not be made');
    }
    if (answer instanceof Promise) void this.#sendLater(message, answer);
    else this.#finish(message, answer);
    if (this.#inFlight < messagesInFlightMax) return;
    this.#pauseFor(new Promise((resolve) => (this.#answered = resolve)));
  }

  async #sendLater(message: unknown, answer: Promise<string | undefined>): Promise<void> {
    let text: string | undefined;
    try {
      text = await answer;
    } catch (error) {
      this.#log.error({ err: error }, 'an answer could not be made');
    }
    this.#finish(message, text);
  }

  #finish(message: unknown, text: string | undefined): void {
    this.#inFlight -= 1;
    this.#answered();
    this.#clients.done(this.session, message);
    this.#send(text);
    this.#endIfAnswered();
  }

  /** A peer that does not read is not read from: what it leaves untaken stays bounded. */
  #send(text: string | undefined): void {
    if (text !== undefined) this.#connection.sendText(text);
    if (this.#connection.writableBytes > unreadBytesMax) this.#pauseFor(this.#connection.drained());
  }

  #pauseFor(moment: Promise<void>): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#connection.pause();
    void moment.then(() => {
      this.#goOn();
    });
  }

  #goOn(): void {
    this.#paused = false;
    this.#workedMs = 0;
    while (!this.#paused && this.#held.length > 0) this.#begin(this.#held.shift());
    if (!this.#paused) this.#connection.resume();
    this.#endIfAnswered();
  }

  #endIfAnswered(): void {
    if (this.#isLast && this.#inFlight === 0 && this.#held.length === 0) this.end();
  }

  /** Sends what is queued, then closes; for a peer that does not take it, or stays, nobody waits long. */
  end(): void {
    this.#connection.end();
    this.#linger ??= setTimeout(() => {
      this.#connection.destroy();
    }, lingerMs).unref();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
