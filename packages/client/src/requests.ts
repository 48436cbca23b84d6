import { JSONRPCClient } from 'json-rpc-2.0/dist/client.js';
import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { ResponseMessage } from '#protocol/message.ts';
import type { MethodName, MethodParams, MethodResult } from '#protocol/methods.ts';
import { clientBounds } from './bounds.ts';
import { ConnectionLostError, RequestTimeoutError } from './errors.ts';
import { serverError } from './server-error.ts';
import { startTimer } from './timeouts.ts';

interface Waiting {
  readonly method: MethodName;
  readonly reject: (error: Error) => void;
}

/** The requests of one connection. Each ends exactly once: answered, timed out, or lost with the connection. */
export class Requests {
  readonly #socketPath: string;
  readonly #rpc: JSONRPCClient<string>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** @param send takes one message as JSON text */
  constructor(socketPath: string, send: (text: string) => void) {
    this.#socketPath = socketPath;
    this.#rpc = new JSONRPCClient((_request: unknown, text: string) => {
      send(text);
    });
  }

  /**
   * Sends a request, and waits for its answer.
   *
   * @param timeoutMs how long; Infinity for no limit
   * @returns the result, as it came
   * @throws ProtocolError what the server answered, or what it would answer to a request over a bound;
   *   ConnectionLostError; RequestTimeoutError
   */
  async request<Name extends MethodName>(
    method: Name,
    params: MethodParams<Name>,
    timeoutMs: number,
  ): Promise<MethodResult<Name>> {
    const id = ++this.#lastId;
    const request = { jsonrpc: '2.0', id, method, params } as const;
    const text = JSON.stringify(request);
    this.#checkBounds(method, text);
    const { promise, resolve, reject } = Promise.withResolvers<MethodResult<Name>>();
    this.#waiting.set(id, { method, reject });
    const timer = startTimer(timeoutMs, () => {
      this.#giveUp(id, new RequestTimeoutError(method, timeoutMs));
    });
    void this.#rpc.requestAdvanced(request, text).then((answer) => {
      clearTimeout(timer);
      if (!this.#waiting.delete(id)) return;
      if (answer.error === undefined) resolve(answer.result as MethodResult<Name>);
      else reject(serverError(answer.error));
    });
    return promise;
  }

  /** Takes an answer. One that came after its time-out finds nobody, and is left. */
  receive(answer: ResponseMessage): void {
    this.#rpc.receive(answer);
  }

  /** Ends all that wait: the connection is gone. Nothing is sent again: it may have been done. */
  loseAll(cause: Error | undefined): void {
    for (const [id, { method }] of this.#waiting) {
      this.#giveUp(id, new ConnectionLostError(this.#socketPath, method, cause));
    }
  }

  #giveUp(id: number, error: Error): void {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
    // So that the correlation forgets it too.
    this.#rpc.receive({ jsonrpc: '2.0', id, error: { code: 0, message: error.message } });
  }

  #checkBounds(method: MethodName, text: string): void {
    if (this.#waiting.size >= clientBounds.pendingRequestsMax) {
      throw new ProtocolError('overloaded', `at most ${String(clientBounds.pendingRequestsMax)} requests wait at once`);
    }
    // A character takes at most three bytes: short texts need no count.
    if (text.length * 3 < bounds.frameBytesMax || Buffer.byteLength(text) < bounds.frameBytesMax) return;
    throw new ProtocolError(
      'invalidRequest',
      `${method}: a frame is at most ${String(bounds.frameBytesMax)} bytes, newline included`,
    );
  }
}
