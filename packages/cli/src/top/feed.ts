import {
  ConnectionLostError,
  NoServerError,
  type Client,
  type Lease,
  type ServerStatus,
  type SignalEvent,
} from '#client/index.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import { readActiveLeases } from '../usage/read-leases.ts';
import { uptimeSeconds } from '../usage/process-usage.ts';
import { readProtected } from '../usage/tree-usage.ts';
import { GroupSampler } from './group-sampler.ts';
import type { TopModel } from './model.ts';
import { rowsOf } from './rows.ts';
import { UsageSampler } from './usage-sampler.ts';

/** What the server tells by no number (an end that was put off, a storm's count) is asked for again after so long. */
const refreshMs = 10_000;
const killsMax = 50;

/**
 * What `top` shows, read again at each moment. The server is asked for its status alone, which is little; for leases,
 * processes and kills where that says that they have changed.
 */
export class TopFeed {
  readonly #client: Client;
  readonly #sampler = new UsageSampler();
  readonly #groups = new GroupSampler();
  #status: ServerStatus | undefined;
  #leases: readonly Lease[] = [];
  #processes: readonly ProtectedProcess[] = [];
  #kills: readonly SignalEvent[] = [];
  #refreshedMs = -Infinity;

  /** @param client one that makes lost connections again */
  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Reads a moment. A server that does not answer is part of it: what was known last is shown, and why.
   *
   * @throws as Client.call for all else, and where there never was a server
   */
  async read(): Promise<TopModel> {
    const failure = await this.#ask();
    if (this.#status === undefined) throw new NoServerError([this.#client.socketPath]);
    const uptime = uptimeSeconds();
    const samples = this.#sampler.sample(
      this.#processes.map(({ identity }) => identity),
      uptime,
    );
    const groups = this.#groups.sample(this.#leases, this.#processes, uptime);
    return {
      at: new Date().toISOString(),
      status: this.#status,
      rows: rowsOf(this.#leases, this.#processes, samples, groups),
      kills: this.#kills,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  async #ask(): Promise<string | undefined> {
    try {
      const status = await this.#client.call('server.status', {});
      const before = this.#status;
      const isOld = performance.now() - this.#refreshedMs >= refreshMs;
      if (isOld || status.generation !== before?.generation) await this.#readProtected();
      if (isOld || status.events !== before?.events) this.#kills = await this.#readKills();
      if (isOld) this.#refreshedMs = performance.now();
      this.#status = status;
      return undefined;
    } catch (error) {
      if (!(error instanceof ConnectionLostError) && !(error instanceof NoServerError)) throw error;
      this.#refreshedMs = -Infinity;
      return 'the server does not answer: what it said last';
    }
  }

  async #readProtected(): Promise<void> {
    [this.#leases, this.#processes] = await Promise.all([readActiveLeases(this.#client), readProtected(this.#client)]);
  }

  async #readKills(): Promise<readonly SignalEvent[]> {
    const pages = await Promise.all(
      (['mediated', 'sentinel'] as const).map((source) => this.#client.call('history.query', { source, limit: killsMax })),
    );
    const signals = pages.flatMap(({ events }) => events).filter(({ signal }) => signal !== null);
    return signals.toSorted((one, other) => other.id - one.id).slice(0, killsMax);
  }
}
