import { expect, test } from 'vitest';
import { newLeaseId } from '#server/lease-id.ts';
import { leaseNumber } from '#server/sentinel/lease-number.ts';

test('the same id has the same number, other ids of the same millisecond have others, and none has 0', () => {
  const ids = Array.from({ length: 10_000 }, () => newLeaseId(1_800_000_000_000));
  const numbers = ids.map((id) => leaseNumber(id));
  expect(new Set(numbers).size).toBe(ids.length);
  expect(ids.map((id) => leaseNumber(id))).toEqual(numbers);
  expect(numbers.every((number) => number > 0n && number < 2n ** 60n)).toBe(true);
  expect(leaseNumber('ls-22222222222222222222')).toBe(1n);
});
