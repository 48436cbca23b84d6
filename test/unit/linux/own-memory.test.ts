import { readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanMappings, releaseOwnMemory } from '#linux/own-memory.ts';

const mapping = (range: string, rights: string, path: string, anonymous: number): string =>
  `${range} ${rights} 00000000 fe:00 1234                          ${path}\nSize: 8 kB\nRss: 8 kB\nAnonymous:             ${String(anonymous)} kB\nVmFlags: rd mr\n`;

describe('the clean mappings of a program', () => {
  it('are those of its own file that may not be written and hold the file alone', () => {
    const smaps = [
      mapping('1000-3000', 'r--p', '/usr/bin/node', 0),
      mapping('3000-6000', 'r-xp', '/usr/bin/node', 0),
      mapping('6000-7000', 'r--p', '/usr/bin/node', 4),
      mapping('7000-8000', 'rw-p', '/usr/bin/node', 0),
      mapping('8000-9000', 'r-xp', '/usr/lib/libc.so.6', 0),
      mapping('9000-a000', 'r--p', '', 0),
    ].join('');
    expect(cleanMappings(smaps, '/usr/bin/node')).toEqual([
      { address: 0x1000, length: 0x2000 },
      { address: 0x3000, length: 0x3000 },
    ]);
  });

  it('are given back, and the program goes on', () => {
    const residentBytes = (): number => {
      const smaps = readFileSync('/proc/self/smaps', 'utf8');
      const program = readlinkSync('/proc/self/exe');
      const starts = new Set(cleanMappings(smaps, program).map(({ address }) => address.toString(16)));
      let isIts = false;
      let sumKib = 0;
      for (const line of smaps.split('\n')) {
        const start = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line)?.[1];
        if (start !== undefined) isIts = starts.has(start.replace(/^0+/, ''));
        const rss = /^Rss: +(\d+)/.exec(line)?.[1];
        if (isIts && rss !== undefined) sumKib += Number(rss);
      }
      return sumKib * 1024;
    };
    const before = residentBytes();
    expect(releaseOwnMemory()).toBeGreaterThan(before);
    const after = residentBytes();
    expect(after).toBeLessThan(before / 2);
    expect([3, 1, 2].toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });
});
