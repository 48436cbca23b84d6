import type { HistoryFilter, HistoryQueryParams, HistorySubscription } from '#protocol/history.ts';
import type { SubscriptionRef } from '#protocol/protection.ts';
import type { ServerContext } from '../context.ts';
import { JsonText } from '../dispatch.ts';
import { HistoryFeed } from '../history-feed.ts';
import type { Session } from '../session.ts';
import { addSubscription, endSubscription } from '../subscriptions.ts';

/** history.*: what was recorded, and what is being recorded. */
export class HistoryHandlers {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  async query(params: HistoryQueryParams, session: Session): Promise<JsonText> {
    return new JsonText(await session.inTurn(() => this.#context.store.query(params, session.caller)));
  }

  subscribe(filter: HistoryFilter, session: Session): HistorySubscription {
    const { store, subscriptionsPerConnectionMax } = this.#context;
    const subscriptionId = addSubscription(session, subscriptionsPerConnectionMax, (id) => {
      const feed = new HistoryFeed(id, session, filter, store);
      return () => {
        feed.close();
      };
    });
    return { subscriptionId };
  }

  unsubscribe(params: SubscriptionRef, session: Session): Record<never, never> {
    endSubscription(session, params.subscriptionId);
    return {};
  }
}
