import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPageText, splitPage } from '#cli/history/page-text.ts';
import { ProtocolError } from '#protocol/errors.ts';

/** Text that looks like what is cut at. */
const trap = fc.constantFrom('},{"id":', '"firstAt":', '],"nextCursor":null}}', '\\', '"', '{"id":1}', '\\"},{\\"id\\":', '],');
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  trap,
  fc.array(trap).map((parts) => parts.join('')),
);

const processRef = fc.record(
  { pid: fc.nat(), comm: text, cmdline: text, ancestry: fc.array(fc.record({ pid: fc.nat(), comm: text })) },
  { requiredKeys: ['pid', 'comm', 'ancestry'] },
);

/** Rows as the server writes them: `id` first, one `firstAt`. */
const event = fc
  .record({ id: fc.nat(), firstAt: text, reason: text, sender: fc.oneof(processRef, fc.constant(null)), leaseId: text })
  .map(({ id, ...others }) => ({ id, ...others }));

const cursor = fc.oneof(fc.constant(null), text);

function answer(events: readonly unknown[], nextCursor: string | null): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, result: { events, nextCursor } });
}

test('a page is cut into its rows without being parsed, whatever stands in them', () => {
  fc.assert(
    fc.property(fc.array(event), cursor, (events, nextCursor) => {
      const page = splitPage(answer(events, nextCursor));
      // A cursor that is longer than what is looked at has to be parsed; the protocol's own have 256 characters at most.
      if (JSON.stringify(nextCursor).length > 400) return;
      expect(page).toEqual({ rows: events.map((each) => JSON.stringify(each)), nextCursor });
    }),
  );
});

const strange: readonly (readonly [string, string])[] = [
  ['members in another order', '{"id":1,"jsonrpc":"2.0","result":{"events":[{"id":1,"firstAt":"x"}],"nextCursor":null}}'],
  ['the cursor first', '{"jsonrpc":"2.0","id":1,"result":{"nextCursor":null,"events":[{"id":1,"firstAt":"x"}]}}'],
  [
    'a row that does not begin with its id',
    '{"jsonrpc":"2.0","id":1,"result":{"events":[{"id":1,"firstAt":"x"},{"firstAt":"y","id":2}],"nextCursor":null}}',
  ],
  [
    'a list of things with ids in a row',
    '{"jsonrpc":"2.0","id":1,"result":{"events":[{"id":1,"firstAt":"x","parts":[{"a":1},{"id":2}]}],"nextCursor":"c"}}',
  ],
  [
    'white space',
    '{"jsonrpc":"2.0","id":1,"result":{"events":[{"id":1,"firstAt":"x"}, {"id":2,"firstAt":"y"}],"nextCursor":null}}',
  ],
  [
    'a member after the cursor',
    '{"jsonrpc":"2.0","id":1,"result":{"events":[{"id":1,"firstAt":"x"}],"nextCursor":null,"more":1}}',
  ],
];

test.each(strange)('%s: it is parsed, and nothing is lost', (_name, line) => {
  expect(splitPage(line)).toBeUndefined();
  const { events, nextCursor } = (JSON.parse(line) as { result: { events: unknown[]; nextCursor: string | null } }).result;
  const page = readPageText(line);
  expect(page.rows.map((row) => JSON.parse(row) as unknown)).toEqual(events);
  expect(page.nextCursor).toBe(nextCursor);
});

test('an error is thrown as one', () => {
  expect(() =>
    readPageText('{"jsonrpc":"2.0","id":1,"error":{"code":1501,"message":"x","data":{"kind":"storeUnavailable"}}}'),
  ).toThrow(ProtocolError);
});
