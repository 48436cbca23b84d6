import { execFile, type ExecFileException } from 'node:child_process';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { greeting, ScriptedServer, socketFolder } from '#test/support/scripted-server.ts';

interface Ended {
  readonly status: number | string | null | undefined;
  readonly output: string;
}

/** Runs a program that uses the client, to its end. */
function run(socket: string, program: string): Promise<Ended> {
  const source = `import { connect } from '#client/index.ts'; const client = await connect(); ${program}`;
  const env = { ...process.env, OMNIMIND_SOCKET: socket };
  return new Promise((resolve) => {
    const args = ['--input-type=module', '-e', source];
    const child = execFile(process.execPath, args, { env }, (error: ExecFileException | null, output) => {
      resolve({ status: error === null ? 0 : error.code, output });
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
  });
}

const answers = {
  ...greeting,
  'lease.register': () => ({ id: 'ls-x', renewal: 'heartbeat', ttlMs: 60, state: 'active' }),
  'lease.renew': () => ({ id: 'ls-x', renewal: 'heartbeat', ttlMs: 60, state: 'active' }),
  'history.subscribe': () => ({ subscriptionId: 's' }),
};

test('a held lease, an idle connection and an unread watch do not keep the process alive', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), answers);
  const ended = await run(server.path, "await client.lease(); await client.watchHistory(); console.log('done');");
  expect(ended).toEqual({ status: 0, output: 'done\n' });
});

test('what is awaited keeps it alive: an answer, an item, and a connection that has to be made again', async () => {
  await using folder = await socketFolder();
  let subscriptions = 0;
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...answers,
    'history.subscribe': (_params, peer, request) => {
      subscriptions += 1;
      peer.answer(request, { subscriptionId: 's' });
      if (subscriptions > 1) return;
      peer.notify('history.event', { subscriptionId: 's', event: { id: 1 } });
      peer.socket.end();
    },
    'server.status': () => 'alive',
  });
  const ended = await run(
    server.path,
    `const watch = await client.watchHistory();
    console.log((await watch.next()).value.kind, (await watch.next()).value.kind);
    console.log(await client.call('server.status'));`,
  );
  expect(ended).toEqual({ status: 0, output: 'event gap\nalive\n' });
});
