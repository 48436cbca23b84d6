import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cutRow } from '#cli/history/cut-row.ts';
import { SeenTexts } from '#cli/history/seen-texts.ts';

/** Names and command lines are the processes' own: they try to look like the row around them. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(',"target":', '","target":', ',', '\\', '\\"', 'x","context":{', '"},"leaseId":"ls-1', 'null', '{"pid":1}'),
);
const processOf = fc.oneof(
  fc.constant(null),
  fc.record(
    {
      pid: fc.nat(),
      startTicks: fc.nat().map(String),
      uid: fc.nat(),
      comm: hostile,
      exe: hostile,
      cmdline: hostile,
      cgroup: hostile,
      ancestry: fc.array(fc.record({ pid: fc.nat(), comm: hostile }), { maxLength: 3 }),
    },
    { requiredKeys: ['pid', 'startTicks', 'uid', 'comm', 'ancestry'] },
  ),
);
const eventOf = fc.record(
  {
    id: fc.nat(),
    firstAt: fc.constant('2026-11-24T15:00:00.000Z'),
    code: hostile,
    sender: processOf,
    target: processOf,
    leaseId: hostile,
    requester: processOf,
    reason: hostile,
    termination: fc.constant('killed'),
    override: fc.constant(true),
    context: fc.record({ memTotalBytes: fc.nat() }),
  },
  { requiredKeys: ['id', 'firstAt', 'sender', 'target', 'context'] },
);

describe('a row that is cut', () => {
  it('says what it says when it is parsed whole, whatever its names hold', () => {
    fc.assert(
      fc.property(eventOf, (whole) => {
        const { event, sender, target } = cutRow(JSON.stringify(whole));
        expect({ ...event, sender: JSON.parse(sender) as unknown, target: JSON.parse(target) as unknown }).toEqual(
          JSON.parse(JSON.stringify(whole)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('may have what follows the target in any order', () => {
    const target = { pid: 2, startTicks: '3', uid: 0, comm: 'sh', ancestry: [] };
    const whole = { id: 1, sender: null, target, context: {}, requester: target, leaseId: 'ls-1' };
    expect(cutRow(JSON.stringify(whole))).toEqual({
      event: { id: 1, context: {}, requester: target, leaseId: 'ls-1' },
      sender: 'null',
      target: JSON.stringify(target),
    });
  });

  it('leaves its processes as text', () => {
    const sender = '{"pid":7,"startTicks":"1","uid":0,"comm":"sh","ancestry":[]}';
    expect(cutRow(`{"id":1,"sender":${sender},"target":null,"context":{}}`)).toEqual({
      event: { id: 1, context: {} },
      sender,
      target: 'null',
    });
  });

  test.each([
    ['has its keys in another order', { id: 1, context: {}, target: { pid: 2 }, sender: { pid: 1 } }],
    ['has no key that is known behind the target', { id: 1, sender: null, target: { pid: 2 }, news: 1 }],
    ['has an unknown key between the two', { id: 1, sender: null, news: { pid: 9 }, target: { pid: 2 }, context: {} }],
  ])('is parsed whole where it %s', (_, whole) => {
    const { event, sender, target } = cutRow(JSON.stringify(whole));
    expect({ sender: JSON.parse(sender) as unknown, target: JSON.parse(target) as unknown }).toEqual({
      sender: whole.sender,
      target: whole.target,
    });
    expect(event).toMatchObject({ id: 1 });
  });
});

test('what is made of a text is made once, as long as there are not too many', () => {
  const made: string[] = [];
  const seen = new SeenTexts((text) => {
    made.push(text);
    return text.toUpperCase();
  });
  expect([seen.get('a'), seen.get('a'), seen.get('b')]).toEqual(['A', 'A', 'B']);
  expect(made).toEqual(['a', 'b']);
  for (let number = 0; number < 5000; number += 1) seen.get(String(number));
  expect(seen.get('a')).toBe('A');
  expect(made.filter((text) => text === 'a')).toHaveLength(2);
});
