import { ProtocolError } from '#protocol/errors.ts';
import type { Lease } from '#protocol/lease.ts';
import { ClientClosedError } from './errors.ts';
import type { LeaseHost } from './lease-host.ts';
import { Loss, type LostListener } from './loss.ts';
import { isReleaseOptional, releaseLease } from './release-lease.ts';
import { isFinal, renewalMethod, renewalMs, renewalRetryMs } from './renewal.ts';

/**
 * A lease that is held. A heartbeat lease renews itself at a third of its ttl, from this event loop: a program that
 * computes for longer than the ttl without a pause wants `renewal: 'process'`. After a restart of the server the same
 * lease goes on. `await using` releases it.
 */
export class LeaseHandle implements AsyncDisposable {
  readonly #host: LeaseHost;
  readonly #onDone: (handle: LeaseHandle) => void;
  readonly #loss = new Loss();
  #lease: Lease;
  #timer: NodeJS.Timeout | undefined;
  /** Which renewal counts: the answer to an earlier one is stale. */
  #turn = 0;
  #isHeld = true;
  #released: Promise<Lease> | undefined;

  /** Made by Client.lease. @param onDone told when nothing is left to renew */
  constructor(host: LeaseHost, lease: Lease, onDone: (handle: LeaseHandle) => void) {
    this.#host = host;
    this.#onDone = onDone;
    this.#lease = lease;
    this.#schedule(renewalMs(lease));
  }

  /** The lease as the server told it last. */
  get lease(): Lease {
    return this.#lease;
  }

  /** How soon after the loss of a connection the next one is needed, ms; Infinity where it is not. */
  get patienceMs(): number {
    return this.#lease.renewal === 'heartbeat' ? renewalMs(this.#lease) : Infinity;
  }

  /**
   * Calls `listener` once when the lease has ended without `release()` of this handle; soon where that is so already.
   *
   * @param listener gets the cause: what the server answered, or why it cannot be reached any more
   */
  on(_event: 'lost', listener: LostListener): this {
    this.#loss.listen(listener);
    return this;
  }

  /** Takes back `on`. */
  off(_event: 'lost', listener: LostListener): this {
    this.#loss.unlisten(listener);
    return this;
  }

  /**
   * Ends the lease. Idempotent: all calls get the same answer; one that failed can be tried again.
   *
   * @returns the lease as it ended
   * @throws as Client.call; a heartbeat lease is then not renewed any more, and ends by itself
   */
  release(): Promise<Lease> {
    this.#released ??= this.#release();
    return this.#released;
  }

  /** Releases. Where the server cannot be reached the lease ends by itself: that is no failure of this program's. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      if (!isReleaseOptional(error)) throw error;
    }
  }

  /** Renews now: on a new connection, or when it is time. Never throws. */
  async renew(): Promise<void> {
    if (!this.#isHeld) return;
    clearTimeout(this.#timer);
    this.#turn += 1;
    const turn = this.#turn;
    const { id: leaseId } = this.#lease;
    try {
      const lease = await this.#host.tell(renewalMethod(this.#lease), { leaseId }, renewalMs(this.#lease));
      if (this.#isHeld && turn === this.#turn) this.#keep(lease);
    } catch (error) {
      if (this.#isHeld && turn === this.#turn) this.#failed(error as Error);
    }
  }

  /** The connection is gone for good. Only a heartbeat lease is lost with it. */
  abandon(cause: Error): void {
    this.stop();
    if (this.#lease.renewal === 'heartbeat') this.#loss.announce(cause);
  }

  /** Renews no more, and says nothing. */
  stop(): void {
    this.#isHeld = false;
    clearTimeout(this.#timer);
    this.#onDone(this);
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.renew();
    }, delayMs).unref();
  }

  #keep(lease: Lease): void {
    this.#lease = lease;
    if (lease.state === 'active') this.#schedule(renewalMs(lease));
    else this.#lose(new ProtocolError('leaseEnded', `lease ${lease.id} is ${lease.state}`, { state: lease.state }));
  }

  #failed(error: Error): void {
    if (error instanceof ClientClosedError) this.stop();
    else if (isFinal(error)) this.#lose(error);
    else this.#schedule(renewalRetryMs(this.#lease));
  }

  #lose(cause: Error): void {
    this.stop();
    this.#loss.announce(cause);
  }

  async #release(): Promise<Lease> {
    this.stop();
    try {
      this.#lease = await releaseLease(this.#host, this.#lease.id);
      return this.#lease;
    } catch (error) {
      this.#released = undefined;
      throw error;
    }
  }
}
