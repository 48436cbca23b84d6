import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { ErrorKind } from '#protocol/errors.ts';
import type { MethodName, MethodParams, MethodResult, NotificationName, NotificationParams } from '#protocol/methods.ts';
import { checkNotification, checkResult } from './shapes.ts';

/** An error answer, as it came. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly kind: ErrorKind } & Readonly<Record<string, unknown>>;
}

/** Any message of the server's. */
export interface Answer {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly result?: unknown;
  readonly error?: WireError;
}

interface Notice {
  readonly method: string;
  readonly params: unknown;
}

/** What the design allows for one line, newline included. */
const frameBytesMax = 1024 * 1024;

type Arrival = Answer | Notice | readonly Answer[];

/**
 * A raw client: one JSON message a line over any two streams, and nothing of the product's own client. Whatever
 * comes in is held against the frame's bound, and results against the method table's shapes.
 */
export class Wire implements AsyncDisposable {
  /** Resolves when the server has closed, or the stream is gone. */
  readonly closed: Promise<void>;
  readonly input: Writable;
  readonly output: Readable;
  readonly #answers = new Map<string | number, (answer: Answer) => void>();
  readonly #arrivals: Arrival[] = [];
  #waiters: (() => void)[] = [];
  #pieces: Buffer[] = [];
  readonly #stays: boolean;
  #lastId = 0;
  #isClosed = false;
  /** What the server did that it must never do. */
  #fault: Error | undefined;

  /** @param stays leaves its own end open when the server has closed */
  constructor(input: Writable, output: Readable = input as unknown as Readable, stays = false) {
    this.#stays = stays;
    this.input = input;
    this.output = output;
    // A server that goes away is what many tests are about: it shows as `closed`.
    for (const stream of [input, output]) stream.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.closed = promise;
    const close = (): void => {
      this.#isClosed = true;
      resolve(undefined);
      this.#wake();
    };
    output.on('end', () => {
      close();
      if (!this.#stays) input.end();
    });
    output.on('close', close);
    output.on('data', (chunk: Buffer) => {
      try {
        this.#read(chunk);
      } catch (error) {
        this.#fault ??= error as Error;
        this.destroy();
      }
    });
  }

  /** @throws the error of connect(2) */
  static async connect(path: string, stays = false): Promise<Wire> {
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    return new Wire(socket, socket, stays);
  }

  #read(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      this.#pieces.push(chunk.subarray(from, end));
      const line = Buffer.concat(this.#pieces);
      this.#pieces = [];
      from = end + 1;
      if (line.length >= frameBytesMax) throw new Error(`the server sent a line of ${String(line.length)} bytes`);
      this.#take(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as Arrival);
    }
    if (from < chunk.length) this.#pieces.push(chunk.subarray(from));
  }

  #take(message: Arrival): void {
    if ('id' in message && message.id !== null) {
      const answer = this.#answers.get(message.id);
      this.#answers.delete(message.id);
      if (answer !== undefined) {
        answer(message);
        return;
      }
    }
    if ('method' in message) checkNotification(message.method, message.params);
    this.#arrivals.push(message);
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Sends these bytes as they are. */
  send(bytes: string | Buffer): void {
    this.input.write(bytes);
  }

  /** Sends one message. */
  sendMessage(message: unknown): void {
    this.send(`${JSON.stringify(message)}\n`);
  }

  /** The answer to a request, an error or not; rejects where the connection closes before it. */
  ask(method: string, params?: unknown): Promise<Answer> {
    this.#lastId += 1;
    const id = `wire-${String(this.#lastId)}`;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#answers.set(id, resolve);
    void this.closed.then(() => {
      reject(this.#fault ?? new Error(`the connection was closed before ${method} was answered`));
    });
    this.sendMessage({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    return promise;
  }

  /** The result of a call. @throws Error with the server's words where it refuses */
  async call<Name extends MethodName>(method: Name, params: MethodParams<Name>): Promise<MethodResult<Name>> {
    const { result, error } = await this.ask(method, params);
    if (error !== undefined) throw new Error(`${method} ${JSON.stringify(params)}: ${JSON.stringify(error)}`);
    checkResult(method, result);
    return result as MethodResult<Name>;
  }

  /** The error of a call that must be refused. @throws Error where it is not */
  async refused<Name extends MethodName>(method: Name, params: MethodParams<Name>): Promise<WireError> {
    const { result, error } = await this.ask(method, params);
    if (error === undefined) throw new Error(`${method} ${JSON.stringify(params)} was answered: ${JSON.stringify(result)}`);
    return error;
  }

  /** The next message that answers no request of this client and `fits`; messages before it are thrown away. */
  async next(fits: (message: Arrival) => boolean = () => true): Promise<Arrival> {
    for (;;) {
      for (let message = this.#arrivals.shift(); message !== undefined; message = this.#arrivals.shift()) {
        if (fits(message)) return message;
      }
      if (this.#isClosed) throw this.#fault ?? new Error('the connection was closed');
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
    }
  }

  /** The params of the next notification of this name that `fits`. */
  async told<Name extends NotificationName>(
    name: Name,
    fits: (params: NotificationParams<Name>) => boolean = () => true,
  ): Promise<NotificationParams<Name>> {
    const isIt = (message: Arrival): boolean =>
      'method' in message && message.method === name && fits(message.params as NotificationParams<Name>);
    const { params } = (await this.next(isIt)) as Notice;
    return params as NotificationParams<Name>;
  }

  /** Everything that has come and answers no request. */
  arrivals(): readonly Arrival[] {
    return this.#arrivals;
  }

  /** Sends no more; what is due still comes in. */
  half(): void {
    this.input.end();
  }

  /** Closes at once. */
  destroy(): void {
    this.input.destroy();
    this.output.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.destroy();
    return this.closed;
  }
}
