import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { errorResponse } from '#protocol/message.ts';
import type { ErrorKind } from '#protocol/errors.ts';
import type { LeaseTable } from '#core/lease-table.ts';
import { Client } from './client.ts';
import type { Dispatcher } from './dispatch.ts';
import { readPeer } from './peer-process.ts';
import type { Session } from './session.ts';

export interface ClientLimits {
  readonly connectionsPerUidMax: number;
  readonly requestsInFlightPerUidMax: number;
}

interface Usage {
  connections: number;
  requests: number;
}

/** Everybody who is connected, and what each uid may have of it. */
export class Clients {
  readonly #clients = new Set<Client>();
  readonly #usage = new Map<number, Usage>();
  readonly #limits: ClientLimits;
  readonly #dispatcher: Dispatcher;
  readonly #leases: LeaseTable;
  readonly #log: Logger;
  #stopping = false;
  #requests = 0;
  #idle: (() => void) | undefined;

  constructor(limits: ClientLimits, dispatcher: Dispatcher, leases: LeaseTable, log: Logger) {
    this.#limits = limits;
    this.#dispatcher = dispatcher;
    this.#leases = leases;
    this.#log = log;
  }

  get count(): number {
    return this.#clients.size;
  }

  /** Takes an accepted connection, or tells it why not. */
  accept(socket: Socket): void {
    socket.on('error', () => undefined);
    let peer;
    try {
      peer = readPeer(socket);
    } catch (error) {
      this.#log.debug({ err: error }, 'a peer was gone before it was looked at');
      socket.destroy();
      return;
    }
    const usage = this.#usageOf(peer.uid);
    if (this.#stopping || usage.connections >= this.#limits.connectionsPerUidMax) {
      peer.held?.close();
      refuse(socket, this.#stopping ? 'shuttingDown' : 'overloaded', this.#connectionRefusal(peer.uid));
      return;
    }
    usage.connections += 1;
    this.#clients.add(new Client(socket, peer, this, this.#dispatcher, this.#log));
  }

  #connectionRefusal(uid: number): string {
    if (this.#stopping) return 'the server is stopping';
    return `uid ${String(uid)} has ${String(this.#limits.connectionsPerUidMax)} connections, the most that the server takes (connectionsPerUidMax)`;
  }

  #usageOf(uid: number): Usage {
    let usage = this.#usage.get(uid);
    if (usage === undefined) {
      usage = { connections: 0, requests: 0 };
      this.#usage.set(uid, usage);
    }
    return usage;
  }

  remove(client: Client): void {
    if (!this.#clients.delete(client)) return;
    this.#usageOf(client.session.caller.uid).connections -= 1;
    this.#forgetIdle(client.session.caller.uid);
  }

  #forgetIdle(uid: number): void {
    const usage = this.#usage.get(uid);
    if (usage?.connections === 0 && usage.requests === 0) this.#usage.delete(uid);
  }

  /** Any message on a connection that holds a heartbeat lease renews it. */
  touch(session: Session): void {
    for (const lease of session.heartbeats) {
      if (lease.state === 'active') this.#leases.renew(lease);
      else session.heartbeats.delete(lease);
    }
  }

  /** One more request of this peer. @returns why it is not taken; undefined where it is */
  admit(session: Session): { kind: ErrorKind; message: string } | undefined {
    if (this.#stopping) return { kind: 'shuttingDown', message: 'the server is stopping: connect again in a moment' };
    const usage = this.#usageOf(session.caller.uid);
    if (usage.requests >= this.#limits.requestsInFlightPerUidMax) {
      const most = String(this.#limits.requestsInFlightPerUidMax);
      return {
        kind: 'overloaded',
        message: `${most} requests of this uid are in flight, the most at once (requestsInFlightPerUidMax)`,
      };
    }
    usage.requests += 1;
    this.#requests += 1;
    return undefined;
  }

  done(session: Session): void {
    this.#usageOf(session.caller.uid).requests -= 1;
    this.#forgetIdle(session.caller.uid);
    this.#requests -= 1;
    if (this.#requests === 0) this.#idle?.();
  }

  /**
   * Takes nothing new, answers what is in flight, and closes every connection.
   *
   * @param waitMs how long what is in flight may take
   */
  async stop(waitMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#requests > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        setTimeout(resolve, waitMs).unref();
      });
    }
    for (const client of this.#clients) client.end();
  }

  destroy(): void {
    for (const client of this.#clients) client.destroy();
  }
}

function refuse(socket: Socket, kind: ErrorKind, message: string): void {
  socket.end(`${JSON.stringify(errorResponse(null, kind, message))}\n`);
  socket.resume();
}
