import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Roster } from '#core/roster.ts';

test('it does what a set does', () => {
  const step = fc.record({ add: fc.boolean(), item: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const items = Array.from({ length: 5 }, (_, index) => ({ index }));
      const roster = new Roster<{ index: number }>();
      const set = new Set<{ index: number }>();
      for (const { add, item } of steps) {
        if (add) roster.add(items[item]!);
        else roster.delete(items[item]!);
        if (add) set.add(items[item]!);
        else set.delete(items[item]!);
        expect(roster.size).toBe(set.size);
        expect(new Set(roster.items())).toEqual(set);
        expect(roster.items()).toHaveLength(set.size);
      }
    }),
  );
});

test('its items may be taken out while they are walked', () => {
  const roster = new Roster<string>();
  for (const item of ['a', 'b', 'c']) roster.add(item);
  for (const item of roster.items()) roster.delete(item);
  expect(roster.size).toBe(0);
});
