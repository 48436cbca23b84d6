import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Wire } from './wire.ts';

/** Goes on with a connection that another made: descriptor 3. */
const heirProgram = `
  const socket = new (require('node:net').Socket)({ fd: 3 });
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
`;
/** Connects, leaves the connection to a child, and waits for its end. The child keeps stdin and stdout. */
const memberProgram = `
  const socket = require('node:net').connect(process.argv[1], () => {
    require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(heirProgram)}], {
      stdio: ['inherit', 'inherit', 'inherit', socket],
    });
    process.stderr.write('member ' + process.pid + '\\n');
  });
  socket.pause();
`;
/** The root of the tree: it starts the member, and stays. Only the member and its child are in the tree with it. */
const rootScript = 'exec 4<&0; "$0" -e "$1" "$2" <&4 & echo "root $$" >&2; wait; exec sleep 1000';

/** A connection that a member of a tree made and left behind. */
export interface Heir extends AsyncDisposable {
  readonly root: number;
  /** Who connected: to the server, it is the peer. */
  readonly member: number;
  readonly wire: Wire;
  /** Ends the member; its child goes on with the connection. */
  orphan(): Promise<void>;
}

/** For the first process of a PID namespace: it ends what is left by ending itself. */
export async function startHeir(socket: string): Promise<Heir> {
  const child = spawn('/bin/sh', ['-c', rootScript, process.execPath, memberProgram, socket], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const facts = new Map<string, number>();
  for await (const line of createInterface({ input: child.stderr })) {
    const [word = '', pid] = line.split(' ');
    facts.set(word, Number(pid));
    if (facts.has('root') && facts.has('member')) break;
  }
  const member = facts.get('member') ?? 0;
  const wire = new Wire(child.stdin, child.stdout);
  return {
    root: facts.get('root') ?? 0,
    member,
    wire,
    orphan: async () => {
      process.kill(member, 'SIGKILL');
      while (exists(member)) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    [Symbol.asyncDispose]: async () => {
      wire.destroy();
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
