import type { Client } from '#client/index.ts';

/** What a trace can see, by who looks: the kernel's observer, the server alone, or nobody but the command's own parent. */
export type SeenBy = 'sentinel' | 'server' | 'wait';

/** Asks the server what it sees. */
export async function seenByServer(client: Client): Promise<SeenBy> {
  const { rungs } = await client.call('server.status', {});
  return rungs.some(({ layer, active }) => layer === 'sentinel' && active) ? 'sentinel' : 'server';
}

/** What is seen, for people: short enough for a line of 80 columns. */
export const seenByWords: Readonly<Record<SeenBy, string>> = {
  sentinel: 'the sentinel: every signal that ends or stops a process',
  server: 'the server alone: kills that go through it, no plain kill -9',
  wait: "nobody, for no server answers: the command's own end alone",
};

/** What is not seen, and what to do about it; undefined: nothing is missing. */
export const notSeenWords: Readonly<Record<SeenBy, string | undefined>> = {
  sentinel: undefined,
  server: 'kills that ask nobody: it takes a sentinel (see omnictl doctor)',
  wait: 'who sent what: it takes omnid (see omnictl help server)',
};
