import { describe, expect, test } from 'vitest';
import { ProtocolError } from '#protocol/errors.ts';
import type { MethodName } from '#protocol/methods.ts';
import { validateParams } from '#protocol/validate.ts';

/** What is said of params that do not fit. */
function complaint(method: MethodName, params: unknown): string {
  try {
    validateParams(method, params);
  } catch (error) {
    if (error instanceof ProtocolError && error.kind === 'invalidParams') return error.message;
    throw error;
  }
  throw new Error('the params fit');
}

test('params that fit come back as they are; absent ones are an empty object', () => {
  const params = { pid: 1, label: 'x', forbiddenSignals: [1, 9] };
  expect(validateParams('lease.register', params)).toBe(params);
  expect(validateParams('server.status', undefined)).toEqual({});
  expect(validateParams('server.status', null)).toEqual({});
});

describe('the message names the method and the member', () => {
  test.each<[MethodName, unknown, string]>([
    ['lease.register', { pdi: 1 }, 'lease.register: unknown member "pdi"'],
    ['lease.register', { a: 1, pid: 'x', b: 2 }, 'lease.register: unknown member "a", "b"'],
    ['lease.register', { pid: 0 }, 'pid'],
    ['lease.register', { pid: 1.5 }, 'pid must be integer'],
    ['lease.register', { pid: '7' }, 'pid must be integer'],
    ['lease.register', { scope: 'all' }, 'scope'],
    ['lease.register', { label: 'x'.repeat(129) }, 'label must not have more than 128 characters'],
    ['lease.register', { marker: 'short' }, 'marker'],
    ['lease.register', { forbiddenSignals: [9, 9] }, 'forbiddenSignals'],
    ['lease.register', { forbiddenSignals: [0] }, 'forbiddenSignals.0'],
    [
      'lease.register',
      { forbiddenSignals: Array.from({ length: 65 }, () => 1) },
      'forbiddenSignals must not have more than 64 items',
    ],
    ['lease.get', {}, 'leaseId'],
    ['lease.get', { leaseId: null }, 'leaseId must be string'],
    ['lease.release', { leaseId: 'nonsense' }, 'leaseId must match pattern'],
    ['protection.check', { pids: [] }, 'pids'],
    ['protection.check', { pids: [1, 'a'] }, 'pids.1 must be integer'],
    ['protection.check', { identities: [{ pid: 1 }, {}] }, 'identities.1'],
    ['protection.check', { identities: [{ pid: 1, uid: 2 }] }, 'unknown member "uid"'],
    ['protection.check', { identities: [{ pid: 1, startTicks: 5 }] }, 'identities.0.startTicks must be string'],
    ['protection.check', { signal: 65 }, 'signal'],
    ['history.query', { since: 'yesterday' }, 'since'],
    ['history.query', { limit: 0 }, 'limit'],
    ['process.terminate', { pid: 7, signal: 0 }, 'signal'],
    ['server.status', { verbose: true }, 'unknown member "verbose"'],
    ['rpc.discover', { x: 1 }, 'unknown member "x"'],
  ])('%s %j', (method, params, text) => {
    expect(complaint(method, params)).toContain(text);
    expect(complaint(method, params)).toMatch(new RegExp(`^${method}: `));
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a member called %s is as unknown as any other',
    (name) => {
      expect(complaint('server.status', JSON.parse(`{"${name}": 1}`))).toBe(`server.status: unknown member "${name}"`);
    },
  );

  test('params by position', () => {
    expect(complaint('lease.get', ['ls-x'])).toBe('lease.get takes params by name (an object), not by position');
  });
});

describe('hostile params', () => {
  const many = <Item>(item: Item): Item[] => Array.from({ length: 300_000 }, () => item);

  // Not a timed test: the validator alone would take from seconds to hours over these.
  test.each<[string, MethodName, unknown, string]>([
    ['equal signals', 'lease.register', { forbiddenSignals: many(1) }, 'forbiddenSignals'],
    ['other signals', 'lease.register', { forbiddenSignals: many(1).map((_, index) => index) }, 'forbiddenSignals'],
    ['pids', 'protection.check', { pids: many(1) }, 'pids must not have more than 1024 items'],
    ['identities', 'protection.check', { identities: many({}) }, 'identities must not have more than 1024 items'],
  ])('hundreds of thousands of %s are refused by their number', (_, method, params, text) => {
    expect(complaint(method, params)).toContain(text);
  });

  test('the answer is short, however many members there are and however long their names', () => {
    const members = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, index) => [`${'\u0001'.repeat(30)}${String(index)}`, 1]),
    );
    expect(complaint('lease.register', members)).toMatch(/ and 29996 more$/);
    const long = '\u0001'.repeat(150_000);
    for (const params of [members, { [long]: 1 }]) expect(complaint('lease.register', params).length).toBeLessThan(2000);
    expect(complaint('protection.check', { identities: [{ pid: 1, [long]: 1 }] }).length).toBeLessThan(2000);
  });

  test('nesting without end is only the wrong type', () => {
    const nested: unknown = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    expect(complaint('lease.register', { label: nested })).toContain('label must be string');
  });
});
