import { describe, expect, test } from 'vitest';
import { errorCodes, errorKindOf, errorMeanings, ProtocolError, type ErrorKind } from '#protocol/errors.ts';
import { errorResponse, idOf, isRequest, isResponse } from '#protocol/message.ts';

/** What the JSON-RPC 2.0 specification shows (section 7), each line with what it is and the id of its answer. */
const examples: [line: string, kind: 'request' | 'notification' | 'response' | 'invalid', id?: string | number | null][] = [
  // Calls with positional and named params.
  ['{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', 'request', 1],
  ['{"jsonrpc": "2.0", "result": 19, "id": 1}', 'response', 1],
  ['{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}', 'request', 2],
  ['{"jsonrpc": "2.0", "result": -19, "id": 2}', 'response', 2],
  ['{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}', 'request', 3],
  ['{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}', 'request', 4],
  // Notifications.
  ['{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', 'notification'],
  ['{"jsonrpc": "2.0", "method": "foobar"}', 'notification'],
  // A method that there is not.
  ['{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', 'request', '1'],
  ['{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}', 'response', '1'],
  // Invalid JSON is none of ours; its answer is.
  ['{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}', 'response', null],
  // An invalid request.
  ['{"jsonrpc": "2.0", "method": 1, "params": "bar"}', 'invalid', null],
  ['{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}', 'response', null],
  // Batches: empty, of nonsense, and mixed; what stands in them.
  ['[]', 'invalid', null],
  ['1', 'invalid', null],
  ['2', 'invalid', null],
  ['3', 'invalid', null],
  ['{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}', 'request', '1'],
  ['{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}', 'notification'],
  ['{"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"}', 'request', '2'],
  ['{"foo": "boo"}', 'invalid', null],
  ['{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}', 'request', '5'],
  ['{"jsonrpc": "2.0", "method": "get_data", "id": "9"}', 'request', '9'],
  ['{"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}', 'response', '9'],
  ['{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}', 'notification'],
];

test.each(examples.map(([line, kind, id]) => ({ line, kind, id })))('$line is a $kind', ({ line, kind, id }) => {
  const message: unknown = JSON.parse(line);
  expect(isRequest(message)).toBe(kind === 'request' || kind === 'notification');
  expect(isResponse(message)).toBe(kind === 'response');
  if (kind !== 'notification') expect(idOf(message)).toBe(id);
  if (isRequest(message)) expect(message.id === undefined).toBe(kind === 'notification');
});

describe('beyond the examples', () => {
  test.each([
    ['{"jsonrpc": "1.0", "method": "a"}'],
    ['{"method": "a", "id": 1}'],
    ['{"jsonrpc": "2.0", "method": null}'],
    ['{"jsonrpc": "2.0", "method": "a", "params": "text"}'],
    ['{"jsonrpc": "2.0", "method": "a", "params": 5}'],
    ['{"jsonrpc": "2.0", "method": "a", "params": null}'],
    ['{"jsonrpc": "2.0", "method": "a", "id": {}}'],
    ['{"jsonrpc": "2.0", "method": "a", "id": true}'],
    ['{"jsonrpc": "2.0", "method": "a", "id": 1e999}'],
    ['null'],
    ['"text"'],
    ['[{"jsonrpc": "2.0", "method": "a"}]'],
  ])('%s is no request', (line) => {
    expect(isRequest(JSON.parse(line))).toBe(false);
  });

  test.each([['null'], ['5'], ['[]'], ['{"id": 1}'], ['{"result": 1}'], ['{"error": {}}']])('%s is no response', (line) => {
    expect(isResponse(JSON.parse(line))).toBe(false);
  });

  test('an id of null is a request, which is answered', () => {
    const message: unknown = JSON.parse('{"jsonrpc": "2.0", "method": "a", "id": null}');
    expect(isRequest(message) && message.id).toBeNull();
  });

  test.each([
    ['{"id": 7}', 7],
    ['{"id": "a"}', 'a'],
    ['{"id": null}', null],
    ['{"id": [1]}', null],
    ['{"id": 1e999}', null],
    ['null', null],
    ['7', null],
  ])('the answer to %s has the id %s', (line, id) => {
    expect(idOf(JSON.parse(line))).toBe(id);
  });
});

describe('errors', () => {
  const kinds = Object.keys(errorCodes) as ErrorKind[];

  test('each kind has a code of its own, and a meaning', () => {
    expect(new Set(Object.values(errorCodes)).size).toBe(kinds.length);
    for (const kind of kinds) {
      expect(errorKindOf(errorCodes[kind])).toBe(kind);
      expect(errorMeanings[kind]).not.toBe('');
    }
    expect(errorKindOf(9999)).toBeUndefined();
  });

  test('the kind stands in the data, whatever else does', () => {
    expect(errorResponse(7, 'leaseEnded', 'gone', { state: 'expired', kind: 'other' })).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: { code: 1102, message: 'gone', data: { state: 'expired', kind: 'leaseEnded' } },
    });
    const cause = new Error('why');
    const error = new ProtocolError('limitReached', 'full', { limit: 'leasesPerUidMax', kind: 'other' }, cause);
    expect(error).toMatchObject({
      name: 'ProtocolError',
      code: 1105,
      data: { limit: 'leasesPerUidMax', kind: 'limitReached' },
      cause,
    });
    expect(new ProtocolError('limitReached', 'full')).not.toHaveProperty('cause');
  });
});
