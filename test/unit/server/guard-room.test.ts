import { expect, test } from 'vitest';
import type { Member } from '#core/lease.ts';
import { GuardRoom } from '#server/sentinel/guard-room.ts';

const member = (pid: number): Member => ({ pid }) as Member;

test('a uid has room for so many, each uid for its own', () => {
  const room = new GuardRoom(2);
  const [one, two, three] = [member(1), member(2), member(3)];
  expect([room.take(one, 1000), room.take(two, 1000), room.take(three, 1000)]).toEqual([true, true, false]);
  expect(room.hasRoom(1000)).toBe(false);
  expect(room.take(three, 1001)).toBe(true);
  expect([room.count(1000), room.count(1001), room.size]).toEqual([2, 1, 3]);
});

test('who is counted already is not counted again, and gives its place back once', () => {
  const room = new GuardRoom(1);
  const [one, two] = [member(1), member(2)];
  expect([room.take(one, 1000), room.take(one, 1000)]).toEqual([true, true]);
  expect(room.take(two, 1000)).toBe(false);
  room.give(one);
  room.give(one);
  expect([room.count(1000), room.take(two, 1000)]).toEqual([0, true]);
});

test('one that another uid guards now is that one’s alone', () => {
  const room = new GuardRoom(1);
  const one = member(1);
  room.take(one, 1000);
  expect(room.take(one, 1001)).toBe(true);
  expect([room.count(1000), room.count(1001)]).toEqual([0, 1]);
});

test('root may have any number', () => {
  const room = new GuardRoom(1);
  expect([1, 2, 3].map((pid) => room.take(member(pid), 0))).toEqual([true, true, true]);
});
