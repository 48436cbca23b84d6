import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { LineDecoder } from '#protocol/framing.ts';
import type { RequestMessage } from '#protocol/message.ts';

/** Answers one method with the result that it returns; nothing where it returns undefined. */
export type Answer = (params: unknown, peer: Peer, request: RequestMessage) => unknown;

/** By method. What is not here is left for the test to take from the peer. */
export type Answers = Readonly<Record<string, Answer>>;

/** Things that come one by one, for a test that waits for the next. */
export class Mailbox<Thing> {
  readonly #things: Thing[] = [];
  readonly #takers: ((thing: Thing) => void)[] = [];

  put(thing: Thing): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#things.push(thing);
    else taker(thing);
  }

  /** The next one, when it is there. */
  take(): Promise<Thing> {
    const thing = this.#things.shift();
    if (thing !== undefined) return Promise.resolve(thing);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}

/** The client's end of one connection, as the server sees it. */
export class Peer {
  readonly socket: Socket;
  /** Requests that no script answered, in order. */
  readonly requests = new Mailbox<RequestMessage>();
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;

  constructor(socket: Socket, answers: Answers) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.closed = promise;
    socket.on('close', () => {
      resolve(undefined);
    });
    // The client may go at any time: its end shows as `closed`.
    socket.on('error', () => undefined);
    const decoder = new LineDecoder();
    socket.on('data', (chunk: Buffer) => {
      decoder.push(chunk, (line) => {
        this.#take(JSON.parse(line) as RequestMessage, answers);
      });
    });
  }

  /** Sends these bytes as they are. */
  raw(text: string | Buffer): void {
    this.socket.write(text);
  }

  send(message: unknown): void {
    this.raw(`${JSON.stringify(message)}\n`);
  }

  answer(request: RequestMessage, result: unknown): void {
    this.send({ jsonrpc: '2.0', id: request.id, result });
  }

  fail(request: Pick<RequestMessage, 'id'>, code: number, kind: string, message = kind): void {
    this.send({ jsonrpc: '2.0', id: request.id, error: { code, message, data: { kind } } });
  }

  notify(method: string, params: unknown): void {
    this.send({ jsonrpc: '2.0', method, params });
  }

  #take(request: RequestMessage, answers: Answers): void {
    const answer = answers[request.method];
    if (answer === undefined) this.requests.put(request);
    else {
      const result = answer(request.params, this, request);
      if (result !== undefined) this.answer(request, result);
    }
  }
}

/** Answers the greeting of every client. */
export const greeting: Answers = { 'server.info': () => ({ name: 'omnid', protocolVersion: 1 }) };

/** A folder of its own for sockets, removed at the end of the block, and at the end of a test that hangs. */
export async function socketFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'omnimind-scripted-'));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  onTestFinished(remove);
  return { path, [Symbol.asyncDispose]: remove };
}

/** A peer on a real Unix socket that speaks the wire's framing, and otherwise does what the test says. */
export class ScriptedServer implements AsyncDisposable {
  readonly path: string;
  /** Connections, in order. */
  readonly peers = new Mailbox<Peer>();
  readonly #server: Server;
  readonly #open = new Set<Peer>();

  private constructor(path: string, server: Server, answers: Answers) {
    this.path = path;
    this.#server = server;
    server.on('connection', (socket) => {
      const peer = new Peer(socket, answers);
      this.#open.add(peer);
      void peer.closed.then(() => this.#open.delete(peer));
      this.peers.put(peer);
    });
  }

  /** Listens on `path`. @param answers what is answered by itself; default: the greeting alone */
  static async listen(path: string, answers: Answers = greeting): Promise<ScriptedServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    const scripted = new ScriptedServer(path, server, answers);
    onTestFinished(() => scripted[Symbol.asyncDispose]());
    return scripted;
  }

  /** Ends at once, with all connections: to a client it looks like a SIGKILL. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const isClosed = new Promise((resolve) => this.#server.close(resolve));
    for (const peer of this.#open) peer.socket.destroy();
    await isClosed;
  }
}
