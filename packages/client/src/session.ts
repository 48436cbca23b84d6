import type { Socket } from 'node:net';
import { Connection } from '#protocol/connection.ts';
import { isRequest, isResponse, type ResponseMessage } from '#protocol/message.ts';
import type { MethodName, MethodParams, MethodResult } from '#protocol/methods.ts';
import { ClientError, ConnectionLostError } from './errors.ts';
import { Notices } from './notices.ts';
import { Requests } from './requests.ts';
import { serverError } from './server-error.ts';

/** One connection, from its socket to its end: requests with their answers, and notices. It never comes back. */
export class Session {
  readonly notices = new Notices();
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<ConnectionLostError>;
  readonly #socketPath: string;
  readonly #connection: Connection;
  readonly #requests: Requests;
  #lost: ConnectionLostError | undefined;
  #fault: Error | undefined;

  /** @param socket connected, and trusted */
  constructor(socket: Socket, socketPath: string) {
    this.#socketPath = socketPath;
    const { promise, resolve } = Promise.withResolvers<ConnectionLostError>();
    this.ended = promise;
    this.#connection = new Connection(socket, {
      onMessage: (message) => {
        this.#take(message);
      },
      onUnparsable: () => {
        this.#fail(new ClientError('the server sent a line that is no JSON'));
      },
      onOversized: (error) => {
        this.#fail(error);
      },
      onClose: (cause) => {
        resolve(this.#end(cause));
      },
    });
    this.#requests = new Requests(socketPath, (text) => {
      this.#connection.sendText(text);
    });
    // A server that has said its last word answers nothing more, even where it still reads.
    socket.once('end', () => {
      socket.destroy();
    });
  }

  /** As Requests.request. @throws ConnectionLostError too where the connection has ended: then nothing was sent */
  async request<Name extends MethodName>(
    method: Name,
    params: MethodParams<Name>,
    timeoutMs: number,
  ): Promise<MethodResult<Name>> {
    if (this.#lost !== undefined) throw new ConnectionLostError(this.#socketPath, undefined, this.#lost.cause);
    return await this.#requests.request(method, params, timeoutMs);
  }

  /** Ends the connection now; what waits for an answer is rejected, with `cause`. Idempotent. */
  async close(cause?: Error): Promise<void> {
    this.#fault ??= cause;
    this.#connection.destroy();
    await this.ended;
  }

  #take(message: unknown): void {
    if (Array.isArray(message)) {
      for (const part of message) this.#takeOne(part);
    } else {
      this.#takeOne(message);
    }
  }

  #takeOne(message: unknown): void {
    if (isResponse(message)) {
      this.#takeAnswer(message);
    } else if (isRequest(message) && message.id === undefined) {
      this.#takeNotice(message.method, message.params);
    } else {
      this.#fail(new ClientError('the server sent a message that is no answer and no notification'));
    }
  }

  /** An error without an id is about the connection itself (too many of them, a frame too long): the reason of its end. */
  #takeAnswer(answer: ResponseMessage): void {
    if (answer.id !== null) this.#requests.receive(answer);
    else if ('error' in answer) this.#fault = serverError(answer.error);
  }

  #takeNotice(name: string, params: unknown): void {
    try {
      this.notices.take(name, params);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** After a fault of the stream an answer may be missing: better no answer than a wrong one. */
  #fail(fault: Error): void {
    this.#fault = fault;
    this.#connection.destroy();
  }

  #end(cause: Error | undefined): ConnectionLostError {
    const reason = this.#fault ?? cause;
    this.#lost = new ConnectionLostError(this.#socketPath, undefined, reason);
    this.#requests.loseAll(reason);
    return this.#lost;
  }
}
