import type { Contest } from '#test/vm/guest/support/contest/kinds.ts';

const headings = [
  '',
  'watched by',
  'hogs ended',
  'lost',
  'by the kernel',
  'death',
  'relief',
  'stall',
  'CPU',
  'RSS',
  'took',
] as const;
const widths = [20, 13, 12, 20, 13, 8, 8, 8, 7, 9, 6];

/** How all who watch did with one kind of hog, for a person. */
export function hogLines(name: string, contests: readonly Contest[]): readonly string[] {
  const rows = contests.map((contest, place) => [place === 0 ? name : '', ...cells(contest)]);
  return [headings, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function cells(contest: Contest): readonly string[] {
  const { watcher, hogsEnded, hogsSeen, hogsHeld, lost, kernelKills, deathMs, reliefMs, longestStallMs } = contest;
  return [
    watcher,
    `${String(hogsEnded)} of ${String(hogsSeen)}${hogsHeld === 0 ? '' : ', held'}`,
    lost.length === 0 ? 'nobody' : lost.join(' '),
    String(kernelKills),
    words(deathMs),
    words(reliefMs),
    words(longestStallMs),
    `${contest.watcherCpuSeconds.toFixed(2)} s`,
    `${contest.watcherRssMiB.toFixed(1)} MiB`,
    `${(contest.tookMs / 1000).toFixed(0)} s${contest.settled ? '' : ', cut'}`,
  ];
}

function words(ms: number | null): string {
  return ms === null ? '-' : `${String(ms)} ms`;
}
