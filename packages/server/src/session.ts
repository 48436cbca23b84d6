import type { Lease } from '#core/lease.ts';
import type { Caller } from '#core/rights.ts';
import { Sender } from '#core/sender.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { ProcessRef } from '#protocol/history.ts';
import type { NotificationName, NotificationParams } from '#protocol/methods.ts';
import { describe } from './describe.ts';
import type { PeerProcess } from './peer-process.ts';

/** What a reader may leave untaken before notifications to it are dropped, and it is told so. */
export const slowReaderBytes = 1024 * 1024;

/** What a session can do to its connection. */
export interface Outlet {
  notify<Name extends NotificationName>(name: Name, params: NotificationParams<Name>): void;
  readonly writableBytes: number;
  drained(): Promise<void>;
}

/** One peer on one connection: who it is, by the socket, and what it holds here. */
export class Session {
  readonly caller: Caller;
  readonly sender: Sender;
  readonly peer: PeerProcess;
  readonly outlet: Outlet;
  /** Heartbeat leases that any message on this connection renews. */
  readonly heartbeats = new Set<Lease>();
  /** What ends each of its subscriptions. */
  readonly subscriptions = new Map<string, () => void>();
  #lastTurn: Promise<unknown> = Promise.resolve();
  /** From then on nothing may be begun for it: nobody would end it. */
  isClosed = false;
  #description: ProcessRef | undefined;

  constructor(peer: PeerProcess, outlet: Outlet) {
    this.peer = peer;
    this.outlet = outlet;
    this.caller = { uid: peer.uid, isRoot: peer.isRoot };
    this.sender = new Sender(peer.held);
  }

  /** The peer for history: read at its first act, while it is there; what the socket told in any case. */
  describe(): ProcessRef {
    const { pid, uid } = this.peer;
    if (this.#description === undefined && this.peer.held?.alive() === true) {
      const found = describe(pid);
      // It was read by pid: it is the peer's only if the peer has the pid still.
      if (this.peer.held.alive()) this.#description = found;
    }
    return this.#description ?? { pid, uid, comm: '', ancestry: [] };
  }

  /**
   * Makes large answers one after another, and none while the peer leaves those before untaken: however many it asks
   * for, the server holds hardly more than one.
   */
  inTurn<Value>(make: () => Promise<Value>): Promise<Value> {
    const value = this.#lastTurn.then(async () => {
      if (this.outlet.writableBytes > slowReaderBytes) await this.outlet.drained();
      if (this.isClosed) throw new ProtocolError('shuttingDown', 'the connection was closed');
      return make();
    });
    this.#lastTurn = value.catch(() => undefined);
    return value;
  }

  close(): void {
    this.isClosed = true;
    for (const end of this.subscriptions.values()) end();
    this.subscriptions.clear();
    this.heartbeats.clear();
    this.sender.close();
  }
}
