import { expect, test } from 'vitest';
import { GuardPolicy, type GuardPolicyOptions } from '#server/guard-policy.ts';
import type { Session } from '#server/session.ts';

const groupId = 77;

function session(uid: number, gid = uid, groups: readonly number[] = []): Session {
  return { caller: { uid, isRoot: uid === 0 }, peer: { gid, groups: () => groups } } as unknown as Session;
}

function policy(some: Partial<GuardPolicyOptions> = {}, byDefault = false): GuardPolicy {
  const config = { default: byDefault, group: 'omnimind', processesPerUidMax: 3 };
  return new GuardPolicy({ config, groupId, absence: undefined, countOf: () => 0, ...some });
}

test('root may, members of the group may, and others may not', () => {
  expect(policy().grants(true, session(0))).toBe(true);
  expect(policy().grants(true, session(1000, groupId))).toBe(true);
  expect(policy().grants(true, session(1000, 1000, [5, groupId]))).toBe(true);
  expect(() => policy().grants(true, session(1000, 1000, [5]))).toThrow(/root and members of the group omnimind/);
  expect(() => policy({ groupId: undefined }).grants(true, session(1000))).toThrow(/root alone.*there is no group omnimind/);
});

test('who does not ask has what the configuration says, where that can be, and no error', () => {
  expect(policy().grants(undefined, session(0))).toBe(false);
  expect(policy({}, true).grants(undefined, session(0))).toBe(true);
  expect(policy({}, true).grants(false, session(0))).toBe(false);
  expect(policy({}, true).grants(undefined, session(1000))).toBe(false);
  expect(policy({ absence: { why: 'no kernel', fix: 'get one' } }, true).grants(undefined, session(0))).toBe(false);
});

test('a uid has no more than its bound; root has none', () => {
  const full = policy({ countOf: () => 3 });
  expect(full.grants(true, session(0))).toBe(true);
  expect(() => full.grants(true, session(1000, groupId))).toThrow(/uid 1000 has 3 processes guarded/);
});

test('where there is no guard it says why, and what to change', () => {
  const none = policy({ absence: { why: 'this kernel has none', fix: 'boot another' } });
  expect(() => none.grants(true, session(0))).toThrow(/this kernel has none.*boot another/);
});
