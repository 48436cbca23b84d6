import { backoffMs } from './backoff.ts';
import { ClientClosedError, ConnectionLostError, NoServerError } from './errors.ts';
import type { Liveness } from './liveness.ts';
import { pause, type Pause } from './pause.ts';
import type { Session } from './session.ts';
import { startTimer } from './timeouts.ts';

export interface LinkOptions {
  readonly socketPath: string;
  readonly liveness: Liveness;
  /** Whether a lost connection is made again. */
  readonly reconnect: boolean;
  /** How long `session()` waits for a connection, ms. */
  readonly waitMs: number;
  /** Opens the next connection. */
  open(): Promise<Session>;
  /** Longest delay between two tries, ms; asked before each. */
  delayMsMax(): number;
  /** A connection was made again, after the one that ended because of `cause`. Called before any waiting request goes on. */
  onUp(session: Session, cause: Error): void;
  /** There will be no connection any more. */
  onEnd(cause: Error): void;
}

type Waiter = PromiseWithResolvers<Session>;

/** Keeps one connection: where it is lost, makes it again with back-off, until closed. */
export class Link {
  readonly #options: LinkOptions;
  readonly #waiters = new Set<Waiter>();
  #session: Session | undefined;
  #pause: Pause | undefined;
  #ended: Error | undefined;
  #lastFailure: unknown;

  /** @param session the first connection */
  constructor(session: Session, options: LinkOptions) {
    this.#options = options;
    this.#keep(session);
  }

  /** The connection that there is now. @throws ConnectionLostError where there is none; as `session` where none comes again */
  current(): Session {
    if (this.#session !== undefined) return this.#session;
    throw this.#ended ?? new ConnectionLostError(this.#options.socketPath, undefined, this.#lastFailure);
  }

  /**
   * The connection; where it was lost, waits for the next one.
   *
   * @throws NoServerError where there was none in time, with the last failure as cause; ConnectionLostError where none is
   *   made again; ClientClosedError
   */
  async session(): Promise<Session> {
    if (this.#session !== undefined) return this.#session;
    if (this.#ended !== undefined) throw this.#ended;
    const waiter: Waiter = Promise.withResolvers();
    const timer = startTimer(this.#options.waitMs, () => {
      waiter.reject(new NoServerError([this.#options.socketPath], this.#lastFailure));
    });
    this.#waiters.add(waiter);
    try {
      return await waiter.promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  /** Ends the connection, and makes none again. Idempotent. */
  async close(): Promise<void> {
    const closed = new ClientClosedError();
    this.#finish(closed);
    await this.#session?.close(closed);
  }

  #keep(session: Session): void {
    this.#session = session;
    void session.ended.then((cause) => {
      this.#session = undefined;
      if (this.#isOver()) return;
      if (this.#options.reconnect) void this.#reconnect(cause);
      else this.#finish(cause);
    });
  }

  async #reconnect(cause: Error): Promise<void> {
    this.#lastFailure = cause;
    for (let attempt = 0; ; attempt += 1) {
      this.#pause = pause(backoffMs(attempt, this.#options.delayMsMax()), this.#options.liveness);
      await this.#pause.over;
      if (this.#isOver()) return;
      const session = await this.#tryOpen();
      if (session === undefined) continue;
      if (this.#isOver()) await session.close();
      else this.#goOn(session, cause);
      return;
    }
  }

  /** Every failure is tried again: the server may come back with the right owner, or the right version. */
  async #tryOpen(): Promise<Session | undefined> {
    try {
      return await this.#options.open();
    } catch (error) {
      this.#lastFailure = error;
      return undefined;
    }
  }

  #goOn(session: Session, cause: Error): void {
    this.#keep(session);
    this.#options.onUp(session, cause);
    for (const waiter of this.#waiters) waiter.resolve(session);
  }

  #finish(cause: Error): void {
    if (this.#isOver()) return;
    this.#ended = cause;
    this.#pause?.cut();
    for (const waiter of this.#waiters) waiter.reject(cause);
    this.#options.onEnd(cause);
  }

  #isOver(): boolean {
    return this.#ended !== undefined;
  }
}
