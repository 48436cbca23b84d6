import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { bounds } from '#protocol/bounds.ts';
import { errorResponse } from '#protocol/message.ts';
import type { ErrorKind } from '#protocol/errors.ts';
import type { LeaseTable } from '#core/lease-table.ts';
import { Client } from './client.ts';
import type { Dispatcher } from './dispatch.ts';
import { readPeer } from './peer-process.ts';
import type { Rest } from './rest.ts';
import type { Session } from './session.ts';

export interface ClientLimits {
  readonly connectionsPerUidMax: number;
  readonly requestsInFlightPerUidMax: number;
}

/** Refused connections that are kept for a moment, so that their peers can read why. */
const refusedMax = 64;
const refusedMs = 1000;
let refused = 0;

/** What was abandoned has only its answer to write. */
const abandonedMs = 500;

/** Why something is not taken. */
export interface Reason {
  readonly kind: ErrorKind;
  readonly message: string;
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
  readonly #rest: Rest;
  #stopping = false;
  #requests = 0;
  #idle: (() => void) | undefined;

  constructor(limits: ClientLimits, dispatcher: Dispatcher, leases: LeaseTable, log: Logger, rest: Rest) {
    this.#limits = limits;
    this.#dispatcher = dispatcher;
    this.#leases = leases;
    this.#log = log;
    this.#rest = rest;
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
      refuse(socket, { kind: this.#stopping ? 'shuttingDown' : 'overloaded', message: this.#connectionRefusal(peer.uid) });
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

  /** One more message of this peer; a batch counts with all its requests. @returns why it is not taken; undefined where it is */
  admit(session: Session, message: unknown): Reason | undefined {
    if (this.#stopping) return { kind: 'shuttingDown', message: 'the server is stopping: connect again in a moment' };
    this.#rest.stir();
    const usage = this.#usageOf(session.caller.uid);
    const count = requestsIn(message);
    if (usage.requests + count > this.#limits.requestsInFlightPerUidMax) {
      const most = String(this.#limits.requestsInFlightPerUidMax);
      return {
        kind: 'overloaded',
        message: `${most} requests of this uid are in flight, the most at once (requestsInFlightPerUidMax)`,
      };
    }
    usage.requests += count;
    this.#requests += count;
    return undefined;
  }

  done(session: Session, message: unknown): void {
    const count = requestsIn(message);
    this.#usageOf(session.caller.uid).requests -= count;
    this.#forgetIdle(session.caller.uid);
    this.#requests -= count;
    if (this.#requests === 0) this.#idle?.();
  }

  /**
   * Takes nothing new, answers what is in flight, and closes every connection.
   *
   * @param waitMs how long what is in flight may take
   * @param abandon ends what takes longer
   */
  async stop(waitMs: number, abandon: () => void): Promise<void> {
    this.#stopping = true;
    await this.#answered(waitMs);
    abandon();
    await this.#answered(abandonedMs);
    for (const client of this.#clients) client.end();
  }

  /** Resolves when nothing is in flight, or the time is over. */
  async #answered(waitMs: number): Promise<void> {
    if (this.#requests === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      setTimeout(resolve, waitMs).unref();
    });
  }
}

/** It is closed by us where the peer does not: a refused connection counts against no limit, and must not cost one. */
function refuse(socket: Socket, { kind, message }: Reason): void {
  refused += 1;
  const timer = setTimeout(() => {
    socket.destroy();
  }, refusedMs).unref();
  socket.on('close', () => {
    refused -= 1;
    clearTimeout(timer);
  });
  socket.end(`${JSON.stringify(errorResponse(null, kind, message))}\n`, () => {
    if (refused > refusedMax) socket.destroy();
  });
  socket.resume();
}

function requestsIn(message: unknown): number {
  return Array.isArray(message) ? Math.min(Math.max(1, message.length), bounds.batchRequestsMax) : 1;
}
