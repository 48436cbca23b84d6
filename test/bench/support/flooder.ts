// A hostile peer in a process of its own, until its standard input ends: it keeps heaps of questions in flight, or asks
// without end and takes no answer.
import { connect } from 'node:net';
import { framesOf } from './frames.ts';

const [socketPath = '', pid = '', manner = ''] = process.argv.slice(2);
const burstRequests = 256;
const burst = Buffer.concat(framesOf('protection.check', { pids: [Number(pid)] }).slice(0, burstRequests));

const socket = connect(socketPath, () => {
  if (manner === 'flood') flood();
  else neverRead();
  process.stdout.write('begun\n');
});
process.stdin.resume().on('end', () => process.exit(0));

/** As soon as one heap is answered the next is sent, and another waits in the server meanwhile. */
function flood(): void {
  let answers = 0;
  socket.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) answers += 1;
    for (; answers >= burstRequests; answers -= burstRequests) socket.write(burst);
  });
  socket.write(burst);
  socket.write(burst);
}

function neverRead(): void {
  socket.pause();
  const write = (): void => {
    while (socket.write(burst));
    socket.once('drain', write);
  };
  write();
}
