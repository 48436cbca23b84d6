import { errorCodes, errorKindOf, ProtocolError, type ErrorKind } from '#protocol/errors.ts';

/**
 * Rebuilds the error that the server answered with.
 *
 * @param error the `error` member of an answer, as it came
 * @returns the error with its kind; what this version does not know is an internalError with `serverKind` and `serverCode`
 */
export function serverError(error: unknown): ProtocolError {
  const { code, message, data } = membersOf(error);
  const details = membersOf(data);
  const text = typeof message === 'string' ? message : 'the server answered with an error that has no message';
  const kind = kindOf(details['kind'], code);
  if (kind !== undefined) return new ProtocolError(kind, text, details);
  return new ProtocolError('internalError', text, { ...details, serverKind: details['kind'], serverCode: code });
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function kindOf(word: unknown, code: unknown): ErrorKind | undefined {
  if (typeof word === 'string' && isKind(word)) return word;
  return typeof code === 'number' ? errorKindOf(code) : undefined;
}

function isKind(word: string): word is ErrorKind {
  return Object.hasOwn(errorCodes, word);
}
