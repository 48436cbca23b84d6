import { ProtocolError } from '#protocol/errors.ts';
import { clientBounds } from './bounds.ts';
import { ClientError, ConnectionLostError } from './errors.ts';
import { ItemQueue } from './item-queue.ts';
import type { Liveness } from './liveness.ts';
import type { Session } from './session.ts';

/** What makes one kind of subscription: its requests, and how its notices become items. */
export interface WatchKind<Item> {
  /** Asks for the subscription. @returns its id */
  subscribe(session: Session, timeoutMs: number): Promise<string>;
  unsubscribe(session: Session, subscriptionId: string, timeoutMs: number): Promise<unknown>;
  /** @returns undefined for a notice that this version does not know */
  toItem(name: string, params: unknown): Item | undefined;
  /** The item that says: between two connections something may have happened unseen. */
  toGap(cause: Error): Item;
  /** One item for two, where the reader is slow; it says what is missing. */
  merge(last: Item, next: Item): Item;
}

export interface WatchHost {
  readonly liveness: Liveness;
  readonly requestTimeoutMs: number;
  /** The watch has ended. */
  forget(watch: Resumable): void;
}

/** What begins on a connection. */
export interface Startable {
  start(session: Session): Promise<void>;
}

/** What goes on over the next connection. */
export interface Resumable {
  /** @param cause why the connection before ended */
  resume(session: Session, cause: Error): Promise<void>;
  /** Nothing comes any more: the client was closed, or (with a cause) the connection is not made again. */
  stop(cause?: Error): void;
}

/**
 * A subscription as an async iterator. After a lost connection it subscribes again, says so by a gap item, and goes on.
 * `break`, `return()` and `await using` unsubscribe.
 */
export class Watch<Item> implements AsyncIterableIterator<Item, undefined>, AsyncDisposable, Startable, Resumable {
  readonly #kind: WatchKind<Item>;
  readonly #host: WatchHost;
  readonly #queue: ItemQueue<Item>;
  #unsubscribe: (() => Promise<unknown>) | undefined;
  #isOver = false;

  constructor(kind: WatchKind<Item>, host: WatchHost) {
    this.#kind = kind;
    this.#host = host;
    this.#queue = new ItemQueue(clientBounds.watchItemsMax, (last, next) => kind.merge(last, next));
  }

  /** Subscribes; `gap` names the reason where it is not for the first time. @throws as Client.call */
  async start(session: Session, gap?: Error): Promise<void> {
    const { notices } = session;
    const timeoutMs = this.#host.requestTimeoutMs;
    notices.asked();
    try {
      const id = await this.#kind.subscribe(session, timeoutMs);
      this.#unsubscribe = async () => {
        await this.#kind.unsubscribe(session, id, timeoutMs);
        notices.forget(id);
      };
      if (gap !== undefined) this.#queue.push(this.#kind.toGap(gap));
      notices.listen(id, (name, params) => {
        this.#take(name, params);
      });
    } finally {
      notices.answered();
    }
    // The reader left while the answer was on its way.
    if (this.#isOver) await this.#endSubscription();
  }

  async resume(session: Session, cause: Error): Promise<void> {
    this.#unsubscribe = undefined;
    try {
      await this.start(session, cause);
    } catch (error) {
      // A server's no is final, and the reader's to know.
      if (!isPassing(error)) this.stop(error as Error);
    }
  }

  stop(cause?: Error): void {
    this.#isOver = true;
    this.#queue.end(cause);
    this.#host.forget(this);
  }

  /** @returns the next item; it keeps the process alive until there is one */
  async next(): Promise<IteratorResult<Item, undefined>> {
    return await this.#host.liveness.during(() => this.#queue.next());
  }

  /** Unsubscribes; items not yet read are gone. Idempotent. */
  async return(): Promise<IteratorResult<Item, undefined>> {
    const wasOver = this.#isOver;
    this.#queue.clear();
    this.stop();
    if (!wasOver) await this.#host.liveness.during(() => this.#endSubscription());
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(name: string, params: unknown): void {
    const item = this.#kind.toItem(name, params);
    if (item !== undefined) this.#queue.push(item);
  }

  async #endSubscription(): Promise<void> {
    try {
      await this.#unsubscribe?.();
    } catch (error) {
      // The server ends a connection's subscriptions with the connection, and one that hangs tells nothing.
      if (!(error instanceof ClientError)) throw error;
    }
  }
}

/** Lost again, or about to be: the next connection resumes it. */
function isPassing(error: unknown): boolean {
  return error instanceof ConnectionLostError || (error instanceof ProtocolError && error.kind === 'shuttingDown');
}
