import type { Client } from '#client/index.ts';

/** What a trace can see, by who looks: the kernel's observer, the server alone, or nobody but the command's own parent. */
export type SeenBy = 'sentinel' | 'server' | 'wait';

/** Asks the server what it sees. */
export async function seenByServer(client: Client): Promise<SeenBy> {
  const { rungs } = await client.call('server.status', {});
  return rungs.some(({ layer, active }) => layer === 'sentinel' && active) ? 'sentinel' : 'server';
}

/**
 * What is seen and what is not, for people.
 *
 * @param hasCommand whether a command is traced, or the machine
 */
export function seenByWords(seenBy: SeenBy, hasCommand: boolean): string {
  const own = hasCommand ? " and the command's own end" : '';
  switch (seenBy) {
    case 'sentinel':
      return 'the sentinel: every signal that ends or stops a process';
    case 'server':
      return `the server, without a sentinel: kills that go through it${own}; a plain kill -9 is not seen (omnictl doctor)`;
    case 'wait':
      return "nobody, for no server answers: the command's own end alone";
  }
}
