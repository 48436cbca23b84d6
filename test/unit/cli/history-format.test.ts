import { expect, test } from 'vitest';
import { csvFormat } from '#cli/history/csv-format.ts';
import type { RowFormat } from '#cli/history/format.ts';
import { jsonFormat, ndjsonFormat } from '#cli/history/json-format.ts';
import { tableFormat } from '#cli/history/table-format.ts';
import { displayWidth } from '#cli/output/width.ts';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import { hostileNames } from './hostile-names.ts';
import { readCsv } from './read-csv.ts';

function processRef(pid: number, comm: string): ProcessRef {
  return { pid, uid: 1000, comm, exe: `/usr/bin/${comm}`, cmdline: `${comm} --option`, ancestry: [{ pid: 1, comm: 'init' }] };
}

function event(id: number, senderName: string, more: Partial<SignalEvent> = {}): SignalEvent {
  return {
    id,
    firstAt: '2026-11-24T08:00:00.000Z',
    lastAt: '2026-11-24T08:00:01.000Z',
    monotonicNs: '1',
    source: 'mediated',
    signal: 9,
    signalName: 'SIGKILL',
    code: 'pidfd',
    outcome: 'delivered',
    count: 1,
    sender: processRef(811, senderName),
    target: processRef(4242, 'sleep'),
    context: { memAvailableBytes: 1, memTotalBytes: 2, swapFreeBytes: null, psiMemorySomeAvg10: 0.5, psiMemoryFullAvg10: 0 },
    ...more,
  };
}

/** What a format makes of events. */
function textOf(format: RowFormat, events: readonly SignalEvent[]): string {
  let text = '';
  format.rows(
    events.map((each) => JSON.stringify(each)),
    (piece) => (text += piece),
  );
  return text;
}

const events = hostileNames.map((name, index) => event(index + 1, name, { reason: name }));

test('CSV: a row for each event, whatever its names are, and the columns that scripts know', () => {
  const format = csvFormat();
  const [titles = [], ...rows] = readCsv(format.start + textOf(format, events) + format.end);
  expect(titles.slice(0, 10)).toEqual([
    'id',
    'firstAt',
    'lastAt',
    'source',
    'signal',
    'signalName',
    'code',
    'outcome',
    'termination',
    'count',
  ]);
  expect(titles).toEqual(
    expect.arrayContaining([
      'sender.pid',
      'sender.comm',
      'sender.cmdline',
      'target.pid',
      'leaseId',
      'context.memAvailableBytes',
    ]),
  );
  expect(rows).toHaveLength(events.length);
  const column = (name: string): readonly (string | undefined)[] => rows.map((row) => row[titles.indexOf(name)]);
  expect(column('id')).toEqual(events.map(({ id }) => String(id)));
  expect(column('sender.pid')).toEqual(events.map(() => '811'));
  expect(column('context.swapFreeBytes')).toEqual(events.map(() => ''));
  for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@]|\p{Cc}/u);
});

test('CSV: what is absent is an empty cell', () => {
  const format = csvFormat();
  const [titles = [], row = []] = readCsv(
    format.start + textOf(format, [event(1, 'x', { sender: null, signal: null, signalName: null, code: null })]),
  );
  expect(row).toHaveLength(titles.length);
  expect(row[titles.indexOf('sender.comm')]).toBe('');
  expect(row[titles.indexOf('signal')]).toBe('');
});

test('ndjson and json are exact', () => {
  for (const forTerminal of [false, true]) {
    const lines = textOf(ndjsonFormat(forTerminal), events).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
    const format = jsonFormat(forTerminal);
    const text = format.start + textOf(format, events.slice(0, 3)) + textOf(format, events.slice(3)) + format.end;
    expect(JSON.parse(text)).toEqual(events);
  }
  const empty = jsonFormat(false);
  expect(JSON.parse(empty.start + empty.end)).toEqual([]);
});

test('table: a line for each event, none wider than the terminal, nothing that a terminal would act on', () => {
  for (const width of [undefined, 40, 80, 200]) {
    const format = tableFormat(width);
    const lines = (textOf(format, events.slice(0, 5)) + textOf(format, events.slice(5))).trimEnd().split('\n');
    expect(lines).toHaveLength(events.length + 1);
    for (const line of lines) {
      expect(line).not.toMatch(/\p{Cc}|\p{Cf}/u);
      if (width !== undefined) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
  }
});

test('table: omnictl asks for its parent, and a repeated event says how often', () => {
  const requester = { ...processRef(900, 'omnictl'), ancestry: [{ pid: 811, comm: 'backend.py' }] };
  const text = textOf(tableFormat(undefined), [event(1, 'omnid', { requester, count: 3, termination: 'killed' })]);
  expect(text).toContain('omnictl[900] < backend.py[811]');
  expect(text).toContain('delivered, killed ×3');
});
