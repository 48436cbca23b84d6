import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { FigureName } from '#test/bench/targets.ts';
import { Store } from '#server/store/store.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { framesOf, requestFrame } from '../support/frames.ts';
import { makeHistory } from '../support/history-rows.ts';
import { Omnid } from '../support/omnid.ts';
import { measurePaired, spreadWords } from '../support/paired.ts';
import { Peer } from '../support/peer.ts';
import { peakRssBytes, resetPeak, rssBytes } from '../support/process.ts';
import { median } from '../support/statistics.ts';
import { runWatched, waitingBytes } from '../support/watched.ts';

export const figures: readonly FigureName[] = [
  'history-page-million-rows',
  'history-no-match-stall',
  'export-ndjson-million-rows',
  'export-csv-million-rows',
  'export-memory-server',
  'export-memory-omnictl',
];

const rows = 1_000_000;
const queries = 101;
const exportPairs = 3;
const settleMs = 2000;
const reader = { uid: 1000, isRoot: false };

/** Over a real database of a million rows: a page of the rarer rows, a filter that nothing matches, and all of it. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const database = join(context.folder, 'state/omnid.db');
  context.note(`writing ${String(rows)} rows`);
  makeHistory(database, rows);
  context.note(`the database has ${String(Math.round(statSync(database).size / 2 ** 20))} MiB`);
  const results: Row[] = [];
  if (context.wants('history-page-million-rows')) results.push(await takePage(context, database));
  const others = figures.filter((figure) => figure !== 'history-page-million-rows');
  if (!others.some((figure) => context.wants(figure))) return results;
  // By itself the server deletes what is over a gibibyte.
  const config = join(context.folder, 'omnid.toml');
  writeFileSync(config, `[history]\nhistoryBytesMax = ${String(2 ** 36)}\n`);
  await using omnid = await Omnid.start(context, { database, config });
  await wait(settleMs);
  return [...results, ...(await takeExports(context, omnid, database)), ...(await takeStall(context, omnid))];
}

/** In the server: inside the store, without the socket. */
async function takePage({ note }: BenchContext, database: string): Promise<Row> {
  const store = new Store(database);
  try {
    const samples: number[] = [];
    for (let count = 0; count < queries; count += 1) {
      const startMs = performance.now();
      await store.query({ signal: 9, limit: 50 }, reader);
      samples.push(performance.now() - startMs);
    }
    note(`history-page-million-rows: first ${(samples[0] ?? 0).toFixed(2)} ms, slowest ${Math.max(...samples).toFixed(2)} ms`);
    return measured('history-page-million-rows', { value: median(samples) });
  } finally {
    await store.close();
  }
}

/** Another connection asks meanwhile, one question after the other: its longest wait is what the query did to the others. */
async function takeStall(context: BenchContext, omnid: Omnid): Promise<Row[]> {
  if (!context.wants('history-no-match-stall')) return [];
  using searcher = await Peer.connect(omnid.socket);
  using other = await Peer.connect(omnid.socket);
  const frames = framesOf('protection.check', { pids: [process.pid] });
  await other.latencies(frames, 200);
  let isOver = false;
  const search = searcher.ask(requestFrame(1, 'history.query', { target: 'no-such-program' })).finally(() => (isOver = true));
  let longestUs = 0;
  const startMs = performance.now();
  while (!isOver) longestUs = Math.max(longestUs, ...(await other.latencies(frames, 1)));
  await search;
  context.note(`history-no-match-stall: the query took ${(performance.now() - startMs).toFixed(0)} ms`);
  return [measured('history-no-match-stall', { value: longestUs / 1000 })];
}

/** Both write the same rows, newest first, into a file. */
async function takeExports(context: BenchContext, omnid: Omnid, database: string): Promise<Row[]> {
  const wanted = (['ndjson', 'csv'] as const).filter((format) => context.wants(`export-${format}-million-rows`));
  const wantsMemory = context.wants('export-memory-server') || context.wants('export-memory-omnictl');
  const formats = wanted.length === 0 && wantsMemory ? (['csv'] as const) : wanted;
  if (formats.length === 0) return [];

  const omnictl = join(context.root, 'node_modules/.bin/omnictl');
  const file = join(context.folder, 'rows');
  const floor = join(import.meta.dirname, '../support/export-floor.ts');
  const idleServer = rssBytes(omnid.pid);
  const idleOmnictl = await waitingBytes(omnictl, ['history', '--follow', '--format', 'ndjson'], omnid.env, settleMs);
  resetPeak(omnid.pid);
  let peakOmnictl = 0;
  const results: Row[] = [];
  for (const format of formats) {
    const args = ['history', '--limit', String(rows), '--format', format, '--output', file];
    const exportRate = async (): Promise<number> => {
      const { ms, peakBytes } = await runWatched(omnictl, args, omnid.env);
      peakOmnictl = Math.max(peakOmnictl, peakBytes);
      return rows / (ms / 1000);
    };
    const floorRate = async (): Promise<number> =>
      rows / ((await runWatched(context.node, [floor, database, file], omnid.env)).ms / 1000);
    const pair = await measurePaired(exportRate, floorRate, { pairs: exportPairs, warmup: 0 });
    context.note(
      `export-${format}-million-rows: ${spreadWords(pair)}; ${String(Math.round(statSync(file).size / 2 ** 20))} MiB`,
    );
    results.push(measured(`export-${format}-million-rows`, pair));
  }
  const above = (peak: number, idle: number): { value: number } => ({ value: (peak - idle) / 2 ** 20 });
  return [
    ...results,
    measured('export-memory-server', above(peakRssBytes(omnid.pid), idleServer)),
    measured('export-memory-omnictl', above(peakOmnictl, idleOmnictl)),
  ];
}
