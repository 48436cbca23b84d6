import { describe, expect, test } from 'vitest';
import { mayManage, mayRead, mayRegister, maySignal, type Caller } from '#core/rights.ts';

const user: Caller = { uid: 1000, isRoot: false };
const root: Caller = { uid: 0, isRoot: true };
/** A container's own root: uid 0, and not the machine's. */
const mappedRoot: Caller = { uid: 0, isRoot: false };
const uids = (real: number, effective = real, saved = real): { real: number; effective: number; saved: number } => ({
  real,
  effective,
  saved,
});

describe('registering', () => {
  test.each([
    ['all three uids are his', uids(1000), true],
    ['the real uid is not his', uids(1001, 1000, 1000), false],
    ['the effective uid is not his: a setuid program', uids(1000, 0, 1000), false],
    ['the saved uid is not his: it could take its rights back', uids(1000, 1000, 0), false],
  ])('a user: %s', (_, target, may) => {
    expect(mayRegister(user, target)).toBe(may);
  });

  test('root registers anything, uid 0 of another user namespace does not', () => {
    expect(mayRegister(root, uids(1000))).toBe(true);
    expect(mayRegister(mappedRoot, uids(1000))).toBe(false);
  });
});

describe("signalling: kill(2)'s rule", () => {
  test.each([
    ['the real uid is his', uids(1000, 0, 0), true],
    ['the saved uid is his', uids(0, 0, 1000), true],
    ['only the effective uid is his', uids(0, 1000, 0), false],
    ['none is his', uids(1001), false],
  ])('a user: %s', (_, target, may) => {
    expect(maySignal(user, target)).toBe(may);
  });

  test('root signals anything, uid 0 of another user namespace does not', () => {
    expect(maySignal(root, uids(1000))).toBe(true);
    expect(maySignal(mappedRoot, uids(1000))).toBe(false);
  });
});

test('a user manages and reads what is his, root anything', () => {
  for (const may of [(caller: Caller, uid: number) => mayManage(caller, { uid }), mayRead]) {
    expect(may(user, 1000)).toBe(true);
    expect(may(user, 1001)).toBe(false);
    expect(may(root, 1000)).toBe(true);
    expect(may(mappedRoot, 1000)).toBe(false);
  }
});
