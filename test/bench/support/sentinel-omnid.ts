import type { SignalEvent } from '#protocol/history.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext } from './figure.ts';
import { requestFrame } from './frames.ts';
import { Omnid } from './omnid.ts';
import { Peer } from './peer.ts';

/** The server with its sentinel, which it has where this program is root. */
export async function startSentinelOmnid(context: BenchContext): Promise<Omnid> {
  const config = join(context.folder, 'sentinel.toml');
  await writeFile(config, '[sentinel]\nenabled = true\n');
  return await Omnid.start(context, { config });
}

/** Why a server has no sentinel here; undefined where it has one. */
export async function sentinelAbsence(omnid: Omnid): Promise<string | undefined> {
  const { rungs } = await ask<{ rungs: readonly { layer: string; active: boolean; why: string }[] }>(omnid, 'server.info', {});
  const rung = rungs.find(({ layer }) => layer === 'sentinel');
  return rung?.active === true ? undefined : (rung?.why ?? 'the server tells nothing of a sentinel');
}

/** Rows of the history that fit, oldest first. */
export async function rowsOf(omnid: Omnid, filter: Readonly<Record<string, unknown>>): Promise<SignalEvent[]> {
  const rows: SignalEvent[] = [];
  let cursor: string | null = null;
  do {
    const params = { order: 'oldest', limit: 500, ...filter, ...(cursor === null ? {} : { cursor }) };
    const page: { events: SignalEvent[]; nextCursor: string | null } = await ask(omnid, 'history.query', params);
    rows.push(...page.events);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/** How many signals the rows tell of. */
export function countOf(rows: readonly SignalEvent[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}

/** Asks a server. @throws Error with its answer where that is none */
export async function ask<Result>(omnid: Omnid, method: string, params: object): Promise<Result> {
  using peer = await Peer.connect(omnid.socket);
  const answer = await peer.ask(requestFrame(1, method, params));
  const { result } = JSON.parse(answer) as { result?: Result };
  if (result === undefined) throw new Error(answer);
  return result;
}
