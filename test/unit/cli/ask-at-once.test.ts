import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askAtOnce } from '#cli/ask-at-once.ts';
import { connect } from '#client/index.ts';
import { greeting, ScriptedServer, socketFolder, type Answers, type Peer } from '#test/support/scripted-server.ts';

const questions = [
  { method: 'server.status', params: {} },
  { method: 'lease.list', params: { limit: 5 } },
] as const;

test('all is asked before anything is answered, and the answers are told apart by their ids', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {});
  const asking = askAtOnce(server.path, questions);
  const peer = await server.peers.take();
  const requests = [await peer.requests.take(), await peer.requests.take(), await peer.requests.take()];
  expect(requests.map(({ method, params }) => ({ method, params }))).toEqual([
    { method: 'server.info', params: { protocolVersion: 1 } },
    ...questions,
  ]);
  for (const request of requests.toReversed()) peer.answer(request, request.method);
  expect(await asking).toEqual({ socketPath: server.path, answers: ['server.status', 'lease.list'] });
  peer.socket.destroy();
});

/** What goes wrong, and what the server does for it. */
const failures: readonly (readonly [string, Answers])[] = [
  [
    'another protocol version',
    {
      'server.info': (_params: unknown, peer: Peer, request): undefined => {
        peer.fail(request, -32002, 'unsupportedProtocol', 'this server speaks 2');
      },
    },
  ],
  [
    'too many connections',
    {
      'server.info': (_params: unknown, peer: Peer): undefined => {
        peer.fail({ id: null }, -32001, 'overloaded');
        peer.socket.end();
      },
    },
  ],
  [
    'a connection that is lost',
    {
      'server.info': (_params: unknown, peer: Peer): undefined => {
        peer.socket.destroy();
      },
    },
  ],
  [
    'a server that stops',
    {
      ...greeting,
      'server.status': (_params: unknown, peer: Peer, request): undefined => {
        peer.fail(request, -32000, 'shuttingDown');
      },
    },
  ],
];

/** An error, as a command sees it: its class, and its kind. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'none',
    (error: unknown) => ({ name: (error as Error).name, kind: (error as { kind?: string }).kind }),
  );
}

async function askByClient(socket: string): Promise<void> {
  await using client = await connect({ socket, reconnect: false });
  for (const { method, params } of questions) await client.call(method, params);
}

test.each(failures)('%s: the error is that of the client', async (_name, answers) => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), answers);
  const failure = await failureOf(askAtOnce(server.path, questions));
  expect(failure).not.toBe('none');
  expect(failure).toEqual(await failureOf(askByClient(server.path)));
});

test('no server, and one that is not to be trusted', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  expect(await failureOf(askAtOnce(path, questions))).toEqual({ name: 'NoServerError' });
  await using server = await ScriptedServer.listen(path);
  await chmod(folder.path, 0o777);
  expect(await failureOf(askAtOnce(server.path, questions))).toEqual({ name: 'UntrustedServerError' });
});

test('a line that is no JSON, and one that is no answer', async () => {
  await using folder = await socketFolder();
  for (const [index, line] of ['frobnicate\n', '{"jsonrpc":"2.0"}\n'].entries()) {
    await using server = await ScriptedServer.listen(join(folder.path, String(index)), {
      'server.info': (_params, peer): undefined => {
        peer.raw(line);
      },
    });
    expect(await failureOf(askAtOnce(server.path, questions))).toMatchObject({ name: 'ClientError' });
  }
});
