import { clientBounds } from './bounds.ts';
import { ClientError } from './errors.ts';

/** What a subscription is told: the notification's name and its params, as they came. */
export type NoticeHandler = (name: string, params: unknown) => void;

interface EarlyNotice {
  readonly subscriptionId: string;
  readonly name: string;
  readonly params: unknown;
}

/**
 * Brings each notification of one connection to its subscription. The first ones can arrive together with the answer
 * that names the subscription, before its caller has seen that answer: they are kept until then.
 */
export class Notices {
  readonly #handlers = new Map<string, NoticeHandler>();
  #awaitedAnswers = 0;
  #early: EarlyNotice[] = [];

  /** Tells that a subscription was asked for. To be followed by `answered`. */
  asked(): void {
    this.#awaitedAnswers += 1;
  }

  /** Tells that the answer is there, and (where it was a yes) has been listened to. */
  answered(): void {
    this.#awaitedAnswers -= 1;
    if (this.#awaitedAnswers === 0) this.#early = [];
  }

  /** Hands a subscription's notices to `handler`, those that came early first. */
  listen(subscriptionId: string, handler: NoticeHandler): void {
    this.#handlers.set(subscriptionId, handler);
    const early = this.#early.filter((notice) => notice.subscriptionId === subscriptionId);
    for (const { name, params } of early) handler(name, params);
  }

  forget(subscriptionId: string): void {
    this.#handlers.delete(subscriptionId);
  }

  /**
   * Takes one notification. What belongs to no subscription is left: a newer server may tell more than we know.
   *
   * @throws ClientError where more came early than is kept
   */
  take(name: string, params: unknown): void {
    const subscriptionId = subscriptionIdOf(params);
    if (subscriptionId === undefined) return;
    const handler = this.#handlers.get(subscriptionId);
    if (handler !== undefined) {
      handler(name, params);
      return;
    }
    if (this.#awaitedAnswers === 0) return;
    if (this.#early.length >= clientBounds.earlyNoticesMax) {
      throw new ClientError('the server sends notices of a subscription that it has not confirmed');
    }
    this.#early.push({ subscriptionId, name, params });
  }
}

function subscriptionIdOf(params: unknown): string | undefined {
  if (typeof params !== 'object' || params === null || !('subscriptionId' in params)) return undefined;
  return typeof params.subscriptionId === 'string' ? params.subscriptionId : undefined;
}
