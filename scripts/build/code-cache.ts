import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What is run to learn what a short command needs compiled. Their outcome does not matter. */
const commandLines: readonly (readonly string[])[] = [
  ['status'],
  ['list'],
  ['may-kill', '4242'],
  ['register', '--pid', '4242'],
  ['heartbeat', 'ls-abcdefghijklmnop'],
  ['release', '--pid', '4242'],
  ['kill', '4242'],
  ['history', '--signal', '9'],
  ['run', '--', 'true'],
  ['--help'],
];

interface Example {
  readonly method: string;
  readonly exchanges: readonly { readonly response: { readonly result?: unknown } }[];
}

interface Request {
  readonly id?: number | string;
  readonly method?: string;
}

/** A server that answers each method with its example in protocol/. */
async function serveExamples(root: string, socketPath: string): Promise<Server> {
  const folder = join(root, 'protocol/examples');
  const results = new Map<string, unknown>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json'))) {
    const { method, exchanges } = JSON.parse(await readFile(join(folder, file), 'utf8')) as Example;
    results.set(method, exchanges.find(({ response }) => response.result !== undefined)?.response.result);
  }
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface(socket).on('line', (line) => {
      const { id, method = '' } = JSON.parse(line) as Request;
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: results.get(method) ?? {} })}\n`);
    });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}

function runOnce(root: string, folder: string, args: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const warmUp = join(root, 'scripts/build/warm-up.cjs');
  // Options for V8 would be part of what it compiles.
  const env = { ...process.env, NODE_OPTIONS: '', OMNIMIND_SOCKET: join(folder, 'server.sock') };
  execFile(process.execPath, [warmUp, ...args], { cwd: folder, env, timeout: 10_000 }, () => {
    resolve();
  });
  return promise;
}

/**
 * What V8 compiles of the files of omnictl, by file name, for the Node that runs the build. Each run starts from what
 * the one before has left.
 */
export async function codeCache(
  root: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<Map<string, Uint8Array>> {
  const folder = await mkdtemp(join(tmpdir(), 'omnimind-build-'));
  try {
    for (const [name, content] of files) await writeFile(join(folder, name), content);
    const server = await serveExamples(root, join(folder, 'server.sock'));
    for (const args of commandLines) await runOnce(root, folder, args);
    server.close();
    const caches = new Map<string, Uint8Array>();
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.code'))) {
      caches.set(name, await readFile(join(folder, name)));
    }
    return caches;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
