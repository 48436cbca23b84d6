import type { Logger } from 'pino';
import { Refusal } from '#core/refusal.ts';
import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { errorResponse, idOf, isRequest, type MessageId, type ResponseMessage } from '#protocol/message.ts';
import type { MethodName } from '#protocol/methods.ts';
import { validateParams } from '#protocol/validate.ts';
import type { Reason } from './clients.ts';
import type { Handlers } from './handlers/table.ts';
import type { Session } from './session.ts';

/** A result that is JSON text already, and goes out as it is. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** After so much work for one batch the others have their turn. */
const sliceMsMax = 10;
/** What the errors of a batch whose answers outgrow a frame may take of it. */
const batchSpareBytes = bounds.batchRequestsMax * 512;
const messageCharsMax = 2048;

type Handle = (params: unknown, session: Session) => unknown;
type Answer = ResponseMessage | undefined;

/**
 * From a parsed message to the text of its answer. What a handler returns at once is answered at once: a verdict
 * waits for no promise.
 */
export class Dispatcher {
  readonly #handlers: ReadonlyMap<string, Handle>;
  readonly #log: Logger;

  constructor(handlers: Handlers, log: Logger) {
    this.#handlers = new Map(Object.entries(handlers) as [string, Handle][]);
    this.#log = log;
  }

  /**
   * Answers one line.
   *
   * @param message what the line holds: a request, a batch, or nonsense
   * @returns the answer's text without a newline; undefined where none is due (notifications)
   */
  answer(message: unknown, session: Session): string | undefined | Promise<string | undefined> {
    if (Array.isArray(message)) return this.#answerBatch(message, session);
    const answer = this.#answerOne(message, session);
    return answer instanceof Promise ? answer.then(textOf) : textOf(answer);
  }

  async #answerBatch(batch: readonly unknown[], session: Session): Promise<string | undefined> {
    const wrong = checkBatch(batch);
    if (wrong !== undefined) return textOf(errorResponse(null, 'invalidRequest', wrong));
    const room = { bytes: bounds.frameBytesMax };
    const texts: Promise<string | undefined>[] = [];
    for (let sliceMs = performance.now(), index = 0; index < batch.length && !session.isClosed; index += 1) {
      texts.push(this.#answerWithin(room, batch[index], session));
      if (performance.now() - sliceMs < sliceMsMax) continue;
      await turn();
      sliceMs = performance.now();
    }
    const due = (await Promise.all(texts)).filter((text) => text !== undefined);
    return due.length === 0 ? undefined : `[${due.join(',')}]`;
  }

  /** One answer of a batch; where all of them would outgrow a frame, those that come last say so. */
  async #answerWithin(room: { bytes: number }, message: unknown, session: Session): Promise<string | undefined> {
    const text = textOf(await this.#answerOne(message, session));
    if (text === undefined) return undefined;
    room.bytes -= Buffer.byteLength(text) + 1;
    if (room.bytes > batchSpareBytes) return text;
    return textOf(
      errorResponse(idOf(message), 'overloaded', 'the answers to this batch outgrow a frame: ask for this one by itself'),
    );
  }

  /** The answer to a line that is not taken: each request in it gets the same error. */
  refuse(message: unknown, { kind, message: why }: Reason): string | undefined {
    if (!Array.isArray(message)) return isNotification(message) ? undefined : textOf(errorResponse(idOf(message), kind, why));
    const due = message.slice(0, bounds.batchRequestsMax).filter((one) => !isNotification(one));
    return due.length === 0 ? undefined : `[${due.map((one) => textOf(errorResponse(idOf(one), kind, why))).join(',')}]`;
  }

  #answerOne(message: unknown, session: Session): Answer | Promise<Answer> {
    if (!isRequest(message)) return errorResponse(idOf(message), 'invalidRequest', 'the message is no JSON-RPC 2.0 request');
    const { id, method } = message;
    const handle = this.#handlers.get(method);
    if (handle === undefined) {
      return id === undefined ? undefined : errorResponse(id, 'methodNotFound', shorten(`no method ${JSON.stringify(method)}`));
    }
    try {
      const result = handle(validateParams(method as MethodName, message.params), session);
      if (!(result instanceof Promise)) return resultAnswer(id, result);
      return result.then(
        (value: unknown) => resultAnswer(id, value),
        (error: unknown) => this.#errorAnswer(id, error),
      );
    } catch (error) {
      return this.#errorAnswer(id, error);
    }
  }

  #errorAnswer(id: MessageId | undefined, error: unknown): Answer {
    const known = error instanceof ProtocolError || error instanceof Refusal;
    const cause = known ? error.cause : error;
    if (cause !== undefined) this.#log.error({ err: cause }, known ? error.message : 'a handler failed');
    if (id === undefined) return undefined;
    if (known) return errorResponse(id, error.kind, shorten(error.message), error.data);
    return errorResponse(id, 'internalError', 'a fault of the server; its log has the cause');
  }
}

function isNotification(message: unknown): boolean {
  return isRequest(message) && message.id === undefined;
}

/** A message may quote what the caller sent, which may be as long as a frame. */
function shorten(message: string): string {
  return message.length <= messageCharsMax ? message : `${message.slice(0, messageCharsMax)}…`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function resultAnswer(id: MessageId | undefined, result: unknown): Answer {
  return id === undefined ? undefined : { jsonrpc: '2.0', id, result };
}

function checkBatch(batch: readonly unknown[]): string | undefined {
  if (batch.length === 0) return 'a batch is not empty';
  if (batch.length > bounds.batchRequestsMax) return `a batch has at most ${String(bounds.batchRequestsMax)} requests`;
  return undefined;
}

function textOf(answer: Answer): string | undefined {
  if (answer === undefined) return undefined;
  if ('result' in answer && answer.result instanceof JsonText) {
    return `{"jsonrpc":"2.0","id":${JSON.stringify(answer.id)},"result":${answer.result.text}}`;
  }
  return JSON.stringify(answer);
}
