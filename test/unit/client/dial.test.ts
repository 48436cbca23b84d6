import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connect, type Client } from '#client/index.ts';
import { socketFolder } from '#test/support/scripted-server.ts';

/** A server with room for two connections that it has not accepted; it answers every request. */
const program = `
  require('node:net').createServer((socket) => {
    socket.on('data', (line) => socket.write(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, result: {} }) + '\\n'));
  }).listen({ path: process.argv[1], backlog: 1 }, () => console.log('listening'));
`;

/** Fills the backlog of a server that is stopped. @returns the code that one more gets */
async function fill(path: string, stack: DisposableStack): Promise<string | undefined> {
  for (;;) {
    const socket = connectSocket({ path });
    stack.defer(() => socket.destroy());
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      socket.once('error', resolve);
      socket.once('connect', () => {
        resolve(undefined);
      });
    });
    if (failure !== undefined) return failure.code;
  }
}

test('a server whose backlog is full is tried again until it accepts', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  const server = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await exited;
  });
  const died = exited.then(() => {
    throw new Error('the server has ended');
  });
  await Promise.race([once(server.stdout, 'data'), died]);
  server.kill('SIGSTOP');
  using stack = new DisposableStack();
  expect(await fill(path, stack)).toBe('EAGAIN');
  let isConnected = false;
  const connecting: Promise<Client> = connect({ socket: path, connectTimeoutMs: Infinity }).then((client) => {
    isConnected = true;
    return client;
  });
  expect(await fill(path, stack)).toBe('EAGAIN');
  expect(isConnected).toBe(false);
  server.kill('SIGCONT');
  await using client = await connecting;
  expect(client.socketPath).toBe(path);
});
