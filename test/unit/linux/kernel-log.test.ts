import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KernelLog } from '#linux/kernel-log.ts';

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  `begins at the end, and tells what the kernel says alone${isRoot ? '' : ' (skipped: needs root)'}`,
  ({ skip }) => {
    using log = KernelLog.open();
    if (log === undefined) return skip('the kernel’s log cannot be read here');
    log.read();
    // A program's line has another facility than the kernel's: nobody fakes a report.
    writeFileSync('/dev/kmsg', 'a test of the OmniMind protector');
    expect(log.read().filter((message) => message.includes('OmniMind'))).toEqual([]);
  },
);

test('a log that is closed says nothing', () => {
  const log = KernelLog.open();
  log?.close();
  log?.close();
  expect(log?.read() ?? []).toEqual([]);
});
