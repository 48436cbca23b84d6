import { describe, expect, test } from 'vitest';
import { checkTtl, readTerms, type TermLimits } from '#core/lease-terms.ts';
import { Refusal } from '#core/refusal.ts';
import { forbiddenByDefault, signalSet } from '#core/signal-set.ts';
import type { RegisterParams } from '#protocol/lease.ts';

const limits: TermLimits = { ttlMsDefault: 30_000, ttlMsMin: 100, ttlMsMax: 60_000, maxMsMin: 200, maxMsMax: 90_000 };
const read = (params: RegisterParams): ReturnType<typeof readTerms> => readTerms(params, limits, null);

/** The refusal that this ends in. */
function refusal(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test("nothing said: the design's defaults", () => {
  expect(readTerms({}, limits, null)).toEqual({
    label: null,
    reason: null,
    renewal: 'process',
    scope: 'tree',
    guard: false,
    strict: false,
    forbidden: forbiddenByDefault,
    priority: 0,
    ttlMs: null,
    maxMs: null,
    markerDigest: null,
  });
});

test('everything said is kept, and frozen', () => {
  const params: RegisterParams = {
    label: 'l',
    reason: 'r',
    renewal: 'heartbeat',
    scope: 'process',
    guard: true,
    strict: true,
    forbiddenSignals: [10],
    priority: -3,
    ttlMs: 500,
    maxMs: 900,
  };
  const terms = readTerms(params, limits, 'digest');
  expect(terms).toEqual({
    label: 'l',
    reason: 'r',
    renewal: 'heartbeat',
    scope: 'process',
    guard: true,
    strict: true,
    forbidden: signalSet([10]),
    priority: -3,
    ttlMs: 500,
    maxMs: 900,
    markerDigest: 'digest',
  });
  expect(Object.isFrozen(terms)).toBe(true);
});

test('no signal forbidden is not the default set', () => {
  expect(read({ forbiddenSignals: [] }).forbidden).toBe(signalSet([]));
});

describe('renewal', () => {
  test('a ttl asks for a heartbeat', () => {
    expect(read({ ttlMs: 500 })).toMatchObject({ renewal: 'heartbeat', ttlMs: 500 });
  });

  test("a heartbeat without a ttl gets the server's", () => {
    expect(read({ renewal: 'heartbeat' })).toMatchObject({ renewal: 'heartbeat', ttlMs: 30_000 });
  });

  test('a ttl without a heartbeat contradicts itself', () => {
    const { kind, message } = refusal(() => read({ renewal: 'process', ttlMs: 500 }));
    expect(kind).toBe('invalidParams');
    expect(message).toContain('ttlMs');
  });
});

describe('ranges', () => {
  test.each<[RegisterParams, string, number, number]>([
    [{ ttlMs: 99 }, 'ttlMs', 100, 60_000],
    [{ ttlMs: 60_001 }, 'ttlMs', 100, 60_000],
    [{ ttlMs: 0 }, 'ttlMs', 100, 60_000],
    [{ maxMs: 199 }, 'maxMs', 200, 90_000],
    [{ maxMs: 90_001 }, 'maxMs', 200, 90_000],
    [{ ttlMs: 500, maxMs: 0 }, 'maxMs', 200, 90_000],
  ])('%j is refused, with what would be right', (params, member, min, max) => {
    const { kind, message, data } = refusal(() => read(params));
    expect(kind).toBe('ttlOutOfRange');
    expect(data).toEqual({ member, min, max });
    expect(message).toContain(member);
  });

  test('their ends are granted', () => {
    expect(read({ ttlMs: 100, maxMs: 200 })).toMatchObject({ ttlMs: 100, maxMs: 200 });
    expect(read({ ttlMs: 60_000, maxMs: 90_000 })).toMatchObject({ ttlMs: 60_000, maxMs: 90_000 });
  });

  test('a heartbeat may bring another ttl, within the same range', () => {
    expect(checkTtl(100, limits)).toBe(100);
    expect(refusal(() => checkTtl(99, limits)).kind).toBe('ttlOutOfRange');
  });
});
