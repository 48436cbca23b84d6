// The floor of a question to the server: a bare Node program that answers one line of JSON with another. For each line it
// does what cannot be left out (cut the line, JSON.parse it, take its id, JSON.stringify an answer that has exactly the
// bytes of the product's) and, where it is told to, the same reads of /proc. It validates nothing, knows no method, no peer
// and no lease, and bounds nothing. Each answer is written when it is made, as a bare program does it; with `gather` the
// answers of one chunk go out in one write, which is the better server where many requests are in flight.
import { createServer } from 'node:net';
import { readParent } from '#linux/proc-stat.ts';
import { readCredentials } from '#linux/proc-status.ts';
import type { EchoOptions, ProcReads } from './echo.ts';

const { socket, result, reads, gather } = JSON.parse(process.argv[2] ?? '') as EchoOptions;

function readProc({ stats, statuses }: ProcReads): void {
  for (const pid of stats) readParent(pid);
  for (const pid of statuses) readCredentials(pid);
}

const server = createServer((peer) => {
  let pending = '';
  peer.on('data', (chunk: Buffer) => {
    const text = pending + chunk.toString();
    let from = 0;
    let answers = '';
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const { id } = JSON.parse(text.slice(from, end)) as { id: number };
      if (reads !== undefined) readProc(reads);
      const answer = `${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`;
      if (gather === true) answers += answer;
      else peer.write(answer);
      from = end + 1;
    }
    pending = text.slice(from);
    if (answers !== '') peer.write(answers);
  });
  peer.on('error', () => undefined);
});
server.listen(socket, () => process.stdout.write('listening\n'));
