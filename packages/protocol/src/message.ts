import { errorCodes, type ErrorData } from './errors.ts';

export type MessageId = string | number | null;

export interface RequestMessage {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: unknown;
  readonly id?: MessageId;
}

export interface ErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data?: ErrorData;
}

export type ResponseMessage =
  | { readonly jsonrpc: '2.0'; readonly id: MessageId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: MessageId; readonly error: ErrorObject };

/**
 * Is this a request or notification as JSON-RPC 2.0 (section 4) defines them?
 *
 * @param value one parsed message, not a batch
 */
export function isRequest(value: unknown): value is RequestMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const message = value as Record<string, unknown>;
  if (message['jsonrpc'] !== '2.0' || typeof message['method'] !== 'string') return false;
  if (message['params'] !== undefined && (typeof message['params'] !== 'object' || message['params'] === null)) return false;
  return message['id'] === undefined || isId(message['id']);
}

/** Is this an answer to a request of ours? */
export function isResponse(value: unknown): value is ResponseMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return 'id' in value && ('result' in value || 'error' in value);
}

function isId(value: unknown): value is MessageId {
  return value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

/** The id to answer an invalid message with: its own where that can be told, null otherwise (section 5). */
export function idOf(value: unknown): MessageId {
  if (typeof value !== 'object' || value === null) return null;
  const id = (value as Record<string, unknown>)['id'];
  return isId(id) ? id : null;
}

/** An error answer; `kind` stands in its data, for programs. */
export function errorResponse(
  id: MessageId,
  kind: keyof typeof errorCodes,
  message: string,
  data: Readonly<Record<string, unknown>> = {},
): ResponseMessage {
  return { jsonrpc: '2.0', id, error: { code: errorCodes[kind], message, data: { ...data, kind } } };
}
