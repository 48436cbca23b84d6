import type { Lease } from '#core/lease.ts';
import type { Caller } from '#core/rights.ts';
import { Sender } from '#core/sender.ts';
import type { ProcessRef } from '#protocol/history.ts';
import type { NotificationName, NotificationParams } from '#protocol/methods.ts';
import { describe } from './describe.ts';
import type { PeerProcess } from './peer-process.ts';

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
  requestsInFlight = 0;
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
    this.#description ??= this.peer.held?.alive() === true ? describe(pid) : undefined;
    return this.#description ?? { pid, uid, comm: '', ancestry: [] };
  }

  close(): void {
    for (const end of this.subscriptions.values()) end();
    this.subscriptions.clear();
    this.heartbeats.clear();
    this.sender.close();
  }
}
