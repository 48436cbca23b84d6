import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestProcess } from './processes.ts';
import { adopt } from './processes.ts';
import { Wire } from './wire.ts';

/** Node alone, no file of the checkout: another user may not be able to read that. */
const program = `
  const socket = require('node:net').connect({ path: process.argv[1], allowHalfOpen: true });
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  socket.on('connect', () => process.stderr.write(process.pid + '\\n'));
  socket.on('error', (error) => process.stderr.write(error.code + '\\n'));
  socket.on('close', () => process.exit());
`;

export interface RelayOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Who it runs as (where the test is root). */
  readonly uid?: number;
  /** What starts it: it may become the relay by exec, or be its parent. */
  readonly prefix?: readonly string[];
  /** Told its pid before it connects. */
  readonly onSpawn?: (pid: number) => void;
}

/** A connection that another process made: to the server, that process is the peer. */
export interface Relay extends AsyncDisposable {
  /** What the test started: the relay itself, or its parent where `prefix` is one. */
  readonly root: TestProcess;
  /** The relay's own pid, as it sees it. */
  readonly pid: number;
  readonly wire: Wire;
}

/** A shell that is the parent of what stands behind it. */
export const asParent: readonly string[] = ['/bin/sh', '-c', '"$@"; exit $?', 'sh'];

/** @throws Error with the code of connect(2) where it cannot connect */
export async function startRelay(path: string, options: RelayOptions = {}): Promise<Relay> {
  const { env = {}, prefix = [], uid, onSpawn } = options;
  const [command, ...args] = [...prefix, process.execPath, '-e', program, path];
  const child = spawn(command, args, {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onSpawn?.(child.pid ?? 0);
  const root = adopt(child);
  child.stdout.removeAllListeners('data');
  const wire = new Wire(child.stdin, child.stdout);
  const [greeting] = (await Promise.race([
    once(child.stderr, 'data'),
    once(child, 'close').then(() => ['the relay ended']),
  ])) as [Buffer | string];
  const pid = Number(String(greeting).trim());
  const relay = {
    root,
    pid,
    wire,
    [Symbol.asyncDispose]: async () => {
      wire.destroy();
      await root[Symbol.asyncDispose]();
    },
  };
  if (Number.isInteger(pid)) return relay;
  await relay[Symbol.asyncDispose]();
  throw new Error(`the relay could not connect: ${String(greeting).trim()}`);
}
