import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvCell, csvText } from '#cli/output/csv.ts';
import { escapeJson, escapeText } from '#cli/output/escape.ts';
import { layOutTable, type Column } from '#cli/output/table.ts';
import { formatBytes, formatDuration, formatPercent, formatTime } from '#cli/output/units.ts';
import { displayWidth, pad, truncate } from '#cli/output/width.ts';
import { wrap } from '#cli/output/wrap.ts';
import { hostileNames } from './hostile-names.ts';

const dangerous = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test.each([
  ['python3', 'python3'],
  ['(sd-pam)', '(sd-pam)'],
  ['a\nb', String.raw`a\nb`],
  ['\u001B[2J', String.raw`\x1b[2J`],
  ['back\\slash', String.raw`back\\slash`],
  ['\u202Egnp.exe', String.raw`\u{202e}gnp.exe`],
  ['\u009B31m', String.raw`\x9b31m`],
  ['\uD800', String.raw`\u{d800}`],
  ['日本語', '日本語'],
])('%o is shown as %o', (text, shown) => {
  expect(escapeText(text)).toBe(shown);
});

test('nothing that was escaped can move a cursor, end a line or hide text; and no two names look the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      expect(escapeText(one)).not.toMatch(dangerous);
      if (one !== other) expect(escapeText(one)).not.toBe(escapeText(other));
    }),
  );
});

test('JSON for a terminal is the same JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = escapeJson(JSON.stringify(text));
      expect(JSON.parse(json)).toBe(text);
      expect(json).not.toMatch(/[\u007F-\u009F\u2028\u2029\u202A-\u202E]/);
    }),
  );
});

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', String.raw`two\nlines`],
  ['=cmd|calc', "'=cmd|calc"],
  ['-bash', "'-bash"],
  ['@sum, +1', '"\'@sum, +1"'],
  ['＝1+1', "'＝1+1"],
])('CSV of %o is %o', (text, cell) => {
  expect(csvText(text)).toBe(cell);
});

test('a CSV cell of text is on one line, is read back by the rules of RFC 4180, and is no formula', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostileNames)), (text) => {
      const cell = csvText(text);
      expect(cell).not.toMatch(/[\r\n]/);
      expect(cell).toMatch(/^(?:[^",]*|"(?:[^"]|"")*")$/);
      const read = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      expect(read).not.toMatch(/^[=+\-@\t\r]/);
    }),
  );
});

test('numbers, words and nothing, in CSV', () => {
  expect([csvCell(-1), csvCell(true), csvCell(null), csvCell(undefined)]).toEqual(['-1', 'true', '', '']);
});

const columns: readonly Column[] = [{ title: 'PID', align: 'right' }, { title: 'NAME', shrinkTo: 4 }, { title: 'STATE' }];

test('a table is aligned, and cut where the terminal is narrow', () => {
  const rows = [
    ['1', 'a-rather-long-name', 'on'],
    ['4242', 'b', 'off'],
  ];
  expect(layOutTable(columns, rows, undefined)).toEqual([
    ' PID  NAME                STATE',
    '   1  a-rather-long-name  on',
    '4242  b                   off',
  ]);
  expect(layOutTable(columns, rows, 22)).toEqual([' PID  NAME       STATE', '   1  a-rather…  on', '4242  b          off']);
});

test('no line of a table is wider than the terminal, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string(), fc.string())),
      fc.integer({ min: 20, max: 200 }),
      (rows, width) => {
        const lines = layOutTable(
          columns,
          rows.map((row) => row.map(escapeText)),
          width,
        );
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test('wide and combining characters have their width', () => {
  expect(displayWidth('日本')).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(pad('日本', 6)).toBe('日本  ');
  expect(truncate('日本語', 4)).toBe('日…');
});

test('bytes, durations and shares for people', () => {
  expect([0, 1023, 1024, 1536, 10 * 1024 ** 3, 3.24 * 1024 ** 2].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '10 GiB',
    '3.2 MiB',
  ]);
  expect([-5, 850, 45_000, 60_000, 7_380_000, 1_051_200_000].map(formatDuration)).toEqual([
    '0ms',
    '850ms',
    '45s',
    '1m',
    '2h 3m',
    '12d 4h',
  ]);
  expect([0, 4.25, 180.4].map(formatPercent)).toEqual(['0.0 %', '4.3 %', '180 %']);
  expect(formatTime(new Date(2026, 0, 2, 3, 4, 5, 6).toISOString())).toBe('2026-01-02 03:04:05.006');
});

test('a long text is broken at spaces on a terminal, and left whole elsewhere', () => {
  expect(wrap('one two three', 10, '  ')).toEqual(['  one two', '  three']);
  expect(wrap('one two three', undefined, '  ')).toEqual(['  one two three']);
});
