import { expect, test } from 'vitest';
import { compareIdentity, type IdentityParts } from '#core/identity.ts';

const whole: IdentityParts = { pid: 7, startTicks: '100', bootId: 'b', pidfdId: '5' };

test.each<[string, IdentityParts, IdentityParts, string]>([
  ['everything is equal', whole, whole, 'same'],
  ['the pids differ', { pid: 7 }, { pid: 8 }, 'different'],
  ['the pids differ, whatever else is equal', whole, { ...whole, pid: 8 }, 'different'],
  ['the boots differ', whole, { ...whole, bootId: 'c' }, 'different'],
  [
    'the boots differ, and the pidfd ids are equal by chance',
    { pid: 7, bootId: 'b', pidfdId: '5' },
    { pid: 7, bootId: 'c', pidfdId: '5' },
    'different',
  ],
  ['the start times differ', whole, { ...whole, startTicks: '101' }, 'different'],
  ['the start times differ, and nothing else is known', { pid: 7, startTicks: '1' }, { pid: 7, startTicks: '2' }, 'different'],
  ['a pid was reused within one clock tick', whole, { ...whole, pidfdId: '6' }, 'different'],
  ['the pidfd ids are equal, and no start time is known', { pid: 7, pidfdId: '5' }, { pid: 7, pidfdId: '5' }, 'same'],
  ['the start times are equal, and one pidfd id is not known', whole, { pid: 7, startTicks: '100' }, 'same'],
  ['only the pid is known', { pid: 7 }, whole, 'unknown'],
  ['only the pid and the boot are known', { pid: 7, bootId: 'b' }, whole, 'unknown'],
  ['one side has only what the other lacks', { pid: 7, pidfdId: '5' }, { pid: 7, startTicks: '100' }, 'unknown'],
])('where %s', (_, a, b, match) => {
  expect(compareIdentity(a, b)).toBe(match);
  expect(compareIdentity(b, a)).toBe(match);
});
