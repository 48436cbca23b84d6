import { expect, test } from 'vitest';
import { Recent } from '#linux/sentinel/recent.ts';

test('the one that was set longest ago goes', () => {
  const recent = new Recent<string, number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.set('a', 3);
  recent.set('c', 4);
  expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([3, undefined, 4]);
  expect(recent.size).toBe(2);
});
