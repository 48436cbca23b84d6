import { bounds } from '#protocol/bounds.ts';
import type { HistoryFilter } from '#protocol/history.ts';
import type { MethodName, MethodParams, MethodResult } from '#protocol/methods.ts';
import { Holdings } from './holdings.ts';
import { LeaseHandle } from './lease-handle.ts';
import type { LeaseHost } from './lease-host.ts';
import { Link } from './link.ts';
import type { Liveness } from './liveness.ts';
import { timeoutMsOf } from './timeouts.ts';
import type { Session } from './session.ts';
import { allAllowed, type KillTarget } from './verdicts.ts';
import { HistoryWatchKind, type HistoryItem } from './watch-history.ts';
import { ProtectionWatch } from './watch-protection.ts';
import { Watch, type Resumable, type Startable, type WatchHost } from './watch.ts';

/** How a client goes about it; `connect` fills it in. */
export interface ClientSettings {
  readonly socketPath: string;
  readonly liveness: Liveness;
  readonly reconnect: boolean;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Opens a connection to the same server. */
  open(): Promise<Session>;
}

/**
 * A connection to the server that outlives the server. Requests in flight when it breaks are rejected, never sent again;
 * leases and watches go on over the next one. It keeps the process alive only while something is awaited.
 */
export class Client implements AsyncDisposable {
  readonly socketPath: string;
  readonly #settings: ClientSettings;
  readonly #link: Link;
  readonly #holdings = new Holdings();
  readonly #watchHost: WatchHost;
  readonly #leaseHost: LeaseHost = {
    call: (method, params) => this.call(method, params),
    tell: async (method, params, timeoutMs) => await this.#link.current().request(method, params, timeoutMs),
  };

  /** Made by `connect`. */
  constructor(session: Session, settings: ClientSettings) {
    const { socketPath, liveness, reconnect, connectTimeoutMs, requestTimeoutMs } = settings;
    this.socketPath = socketPath;
    this.#settings = settings;
    this.#watchHost = {
      liveness,
      requestTimeoutMs,
      forget: (watch) => {
        this.#holdings.watches.delete(watch);
      },
    };
    this.#link = new Link(session, {
      socketPath,
      liveness,
      reconnect,
      waitMs: connectTimeoutMs,
      open: () => settings.open(),
      delayMsMax: () => this.#holdings.reconnectDelayMsMax,
      onUp: (next, cause) => {
        this.#holdings.resume(next, cause);
      },
      onEnd: (cause) => {
        this.#holdings.stop(cause);
      },
    });
  }

  /**
   * Calls a method. Where the connection was lost it waits for the next one, at most connectTimeoutMs.
   *
   * @param method a name of the method table
   * @param params its params by name; none: an empty object
   * @returns the result, as the method table says it
   * @throws ProtocolError what the server answered; NoServerError where there is no connection (nothing was sent);
   *   ConnectionLostError and RequestTimeoutError (it may have been done); ClientClosedError
   */
  async call<Name extends MethodName>(method: Name, params?: MethodParams<Name>): Promise<MethodResult<Name>> {
    const timeoutMs = timeoutMsOf(method, params, this.#settings.requestTimeoutMs);
    return await this.#settings.liveness.during(async () => {
      const session = await this.#link.session();
      return await session.request(method, params ?? ({} as MethodParams<Name>), timeoutMs);
    });
  }

  /**
   * Registers a process (default: this one, with its tree) and holds the lease.
   *
   * @param options as lease.register; default: a heartbeat lease of 30 s that renews itself
   * @throws as `call`. After a lost connection it can be called again: the same process has one lease, not two
   */
  async lease(options: MethodParams<'lease.register'> = {}): Promise<LeaseHandle> {
    const { renewal = 'heartbeat' } = options;
    const ttl = renewal === 'heartbeat' ? { ttlMs: bounds.ttlMsDefault } : {};
    const lease = await this.call('lease.register', { ...ttl, ...options, renewal });
    const handle = new LeaseHandle(this.#leaseHost, lease, (done) => this.#holdings.leases.delete(done));
    this.#holdings.leases.add(handle);
    return handle;
  }

  /** Changes of the protected set from now on; `generation` says from where. @throws as `call` */
  async watchProtection(): Promise<ProtectionWatch> {
    return await this.#start(new ProtectionWatch(this.#watchHost));
  }

  /** Rows of history as they are committed. @param filter as history.subscribe; default: all @throws as `call` */
  async watchHistory(filter: HistoryFilter = {}): Promise<Watch<HistoryItem>> {
    return await this.#start(new Watch(new HistoryWatchKind(filter), this.#watchHost));
  }

  /** May all of these be sent the signal (default SIGKILL)? False on any failure: no answer means "do not kill". */
  async mayKill(targets: readonly KillTarget[], signal?: number): Promise<boolean> {
    return await allAllowed(
      (identities, number) => this.call('protection.check', { identities, signal: number }),
      targets,
      signal,
    );
  }

  /** Closes: what waits is rejected, iterators end. Leases are not released: they end as their terms say. Idempotent. */
  async close(): Promise<void> {
    await this.#link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start<Kind extends Resumable & Startable>(watch: Kind): Promise<Kind> {
    await this.#settings.liveness.during(async () => {
      await watch.start(await this.#link.session());
    });
    this.#holdings.watches.add(watch);
    return watch;
  }
}
