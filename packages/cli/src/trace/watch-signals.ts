import { ConnectionLostError, NoServerError, type Client, type HistoryItem, type Watch } from '#client/index.ts';
import type { SignalEvent } from '#protocol/history.ts';
import { newestRowsInOrder, type AskHistory } from '../history/oldest-first.ts';
import { Told } from '../history/told.ts';

/** The kernel's repeats are told ten times a second, and committed within 20 ms: after the end they are waited for this long. */
const settleMs = 300;

/** Rows that are read again at the end, at most: their counts may have grown. */
const rereadRowsMax = 10_000;

/** Rows of a trace, as the server tells them. */
export class SignalWatch {
  readonly #client: Client;
  readonly #watch: Watch<HistoryItem>;
  readonly #told = new Told();
  readonly #firstId: number;

  private constructor(client: Client, watch: Watch<HistoryItem>, newest: SignalEvent | undefined) {
    this.#client = client;
    this.#watch = watch;
    // What was there before is no news.
    if (newest !== undefined) this.#told.isNews(newest);
    this.#firstId = this.#told.firstOpenId;
  }

  /** Begins to watch: what is committed from now on is told. @param client one that makes lost connections again */
  static async start(client: Client): Promise<SignalWatch> {
    // Before the query: what is committed between the two is told twice, and not missed.
    const watch = await client.watchHistory();
    const { events } = await client.call('history.query', { limit: 1 });
    return new SignalWatch(client, watch, events[0]);
  }

  /**
   * Rows in order, each state of a row once; what was missed (a slow reader, a server that restarted) is read from the history.
   *
   * @param end resolves when the trace is over: what was on its way then is told still
   * @throws as Client.call where the server is gone at the end
   */
  async *until(end: Promise<unknown>): AsyncGenerator<readonly SignalEvent[], void, undefined> {
    const over = end.then(() => 'over' as const);
    for (let next = this.#watch.next(); ; next = this.#watch.next()) {
      const item = await Promise.race([over, next]);
      if (item === 'over') break;
      if (item.done === true) return;
      yield* this.#take(item.value);
    }
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const { firstOpenId } = this.#told;
    yield* this.#reread(firstOpenId - this.#firstId > rereadRowsMax ? firstOpenId : this.#firstId);
    await this.#watch.return();
  }

  async *#take(item: HistoryItem): AsyncGenerator<readonly SignalEvent[], void, undefined> {
    if (item.kind === 'event') {
      if (this.#told.isNews(item.event)) yield [item.event];
      return;
    }
    try {
      yield* this.#reread(Math.min(this.#told.firstOpenId, item.kind === 'missed' ? item.fromId : Infinity));
    } catch (error) {
      // Lost again: the end reads all of it.
      if (!(error instanceof ConnectionLostError) && !(error instanceof NoServerError)) throw error;
    }
  }

  async *#reread(fromId: number): AsyncGenerator<readonly SignalEvent[], void, undefined> {
    const ask: AskHistory = (params) => this.#client.call('history.query', params);
    for await (const batch of newestRowsInOrder(ask, {}, { fromId })) {
      const news = batch.filter((event) => this.#told.isNews(event));
      if (news.length > 0) yield news;
    }
  }
}
