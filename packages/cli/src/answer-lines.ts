import type { Socket } from 'node:net';
import { clientBounds } from '#client/bounds.ts';
import { monotonicMs } from '#client/clock.ts';
import { dial } from '#client/dial.ts';
import { ClientError, ConnectionLostError, NoServerError, RequestTimeoutError } from '#client/errors.ts';
import { Liveness } from '#client/liveness.ts';
import { findSocket } from '#client/paths.ts';
import { serverError } from '#client/server-error.ts';
import { LineDecoder } from '#protocol/framing.ts';
import { isResponse, type ResponseMessage } from '#protocol/message.ts';
import type { MethodName, MethodParams } from '#protocol/methods.ts';

const { connectTimeoutMsDefault, requestTimeoutMsDefault } = clientBounds;

/**
 * A connection that hands out the server's answers as they came, a line each. For what has no time for the client of
 * the SDK: a command that is over before that is loaded, and an export that looks at an answer before it parses it. It
 * trusts, looks for sockets and fails as the client does.
 */
export class AnswerLines implements Disposable {
  readonly socketPath: string;
  readonly #socket: Socket;
  readonly #liveness: Liveness;
  readonly #lines: string[] = [];
  #reader: PromiseWithResolvers<string> | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket, socketPath: string, liveness: Liveness) {
    this.socketPath = socketPath;
    this.#socket = socket;
    this.#liveness = liveness;
    const decoder = new LineDecoder();
    socket.on('data', (chunk: Buffer) => {
      try {
        decoder.push(chunk, (line) => {
          this.#take(line);
        });
      } catch (error) {
        this.#fail(error as Error);
      }
    });
    // What went wrong shows as the end of the connection.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#fail(new ConnectionLostError(socketPath));
    });
  }

  /**
   * Connects.
   *
   * @param socket this one alone; undefined: as every client looks for one
   * @throws as `connect` of the client, but for what only the first answer tells
   */
  static async connect(socket: string | undefined): Promise<AnswerLines> {
    const liveness = new Liveness();
    const candidates = findSocket({ socket });
    let failure: unknown;
    for (const socketPath of candidates) {
      try {
        const connected = await liveness.during(() => dial(socketPath, monotonicMs() + connectTimeoutMsDefault, liveness));
        return new AnswerLines(connected, socketPath, liveness);
      } catch (error) {
        if (!(error instanceof NoServerError)) throw error;
        failure = error.cause;
      }
    }
    throw new NoServerError(candidates, failure);
  }

  /** Sends requests, in one write. */
  send(
    ...requests: readonly { readonly id: number; readonly method: MethodName; readonly params: MethodParams<MethodName> }[]
  ): void {
    this.#socket.write(requests.map((request) => `${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`).join(''));
  }

  /**
   * The next line. One caller at a time.
   *
   * @throws ConnectionLostError, RequestTimeoutError; ProtocolError where the line is over the bound
   */
  async next(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return line;
    if (this.#failure !== undefined) throw this.#failure;
    const reader = Promise.withResolvers<string>();
    this.#reader = reader;
    const timer = setTimeout(() => {
      this.#fail(new RequestTimeoutError('server.info', requestTimeoutMsDefault));
    }, requestTimeoutMsDefault).unref();
    try {
      return await this.#liveness.during(() => reader.promise);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    if (this.#reader === undefined) this.#lines.push(line);
    else this.#reader.resolve(line);
    this.#reader = undefined;
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#reader?.reject(this.#failure);
    this.#reader = undefined;
  }
}

/**
 * Reads one answer.
 *
 * @throws ProtocolError what the server answered; ClientError where it is no answer
 */
export function readAnswer(line: string): Extract<ResponseMessage, { readonly result: unknown }> {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch (error) {
    throw new ClientError('the server sent a line that is no JSON', { cause: error });
  }
  if (!isResponse(message)) throw new ClientError('the server sent a message that is no answer');
  if ('error' in message) throw serverError(message.error);
  return message;
}
