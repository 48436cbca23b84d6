import type { Logger } from 'pino';
import { compareIdentity } from '#core/identity.ts';
import type { Registration } from '#core/lease-table.ts';
import type { Lease } from '#core/lease.ts';
import type { ProcessRef } from '#protocol/history.ts';
import { signalName } from '#protocol/signals.ts';
import { readExitStatus } from '#linux/exit-status.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import { removeRunCgroupAt } from '#linux/run-cgroup.ts';
import { runCgroupPath } from '#linux/run-cgroup-mark.ts';
import { transition } from './lease-events.ts';
import { machine, type Held } from './machine.ts';
import type { Session } from './session.ts';
import type { Store } from './store/store.ts';
import { tryRead } from './try-read.ts';

interface Watched {
  readonly wrapper: Held;
  readonly ref: ProcessRef;
  /** The cgroup of the command, which its wrapper cannot remove any more. */
  cgroup?: string | undefined;
}

/**
 * The wrappers of commands: processes that registered another, and said that they stay until it ends. One that goes
 * first leaves its command running and protected: that is a row of history, and a line of the log.
 */
export class WrapperWatch implements Disposable {
  readonly #store: Store;
  readonly #watcher: ExitWatcher;
  readonly #log: Logger;
  readonly #watched = new Map<Lease, Watched>();

  constructor(options: { readonly store: Store; readonly watcher: ExitWatcher; readonly log: Logger }) {
    this.#store = options.store;
    this.#watcher = options.watcher;
    this.#log = options.log;
  }

  /** Watches the caller for as long as the lease is active: from now on it is the wrapper of the lease's root. */
  watch({ lease, member }: Registration, session: Session): void {
    this.forget(lease);
    const { held: peer } = session.peer;
    // The session lets go of the peer with the connection, which a wrapper closes at once.
    const wrapper = peer === undefined ? undefined : machine.hold(peer.pid);
    if (peer === undefined || wrapper === undefined) return;
    if (compareIdentity(peer, wrapper) !== 'same') {
      wrapper.close();
      return;
    }
    this.#watched.set(lease, { wrapper, ref: session.describe() });
    this.#watcher.watch(wrapper.pidfd, () => {
      // It goes a moment after its command: whose end comes first out of the kernel does not matter.
      if (lease.state === 'active' && lease.rootAlive && member.held.alive()) this.#orphaned(lease);
      else this.forget(lease);
    });
  }

  /** The lease has ended, or has another wrapper: what the one before left of it is removed. */
  forget(lease: Lease): void {
    const watched = this.#watched.get(lease);
    if (watched === undefined) return;
    this.#watched.delete(lease);
    this.#watcher.unwatch(watched.wrapper.pidfd);
    watched.wrapper.close();
    if (watched.cgroup !== undefined) removeRunCgroupAt(watched.cgroup);
  }

  [Symbol.dispose](): void {
    for (const lease of this.#watched.keys()) this.forget(lease);
  }

  #orphaned(lease: Lease): void {
    const watched = this.#watched.get(lease);
    if (watched === undefined) return;
    const { wrapper, ref } = watched;
    const ending = endingOf(wrapper);
    watched.cgroup = tryRead(() => runCgroupPath(lease.rootPid));
    this.#log.warn(
      { leaseId: lease.id, rootPid: lease.rootPid, uid: lease.uid, label: lease.terms.label, wrapperPid: wrapper.pid, ending },
      'the wrapper of a command is gone; the command runs on, protected',
    );
    const { reason: _reason, ...row } = transition(lease, 'orphaned', ref);
    const event = { ...row, reason: `its wrapper ${ending}` };
    this.#store.recordLater(event);
  }
}

function endingOf({ pid, startTicks, pidfd }: Held): string {
  const status = tryRead(() => readExitStatus(pid, startTicks, pidfd));
  if (status === undefined) return 'is gone';
  const signal = status & 0x7f;
  return signal === 0 ? `exited with code ${String((status >> 8) & 0xff)}` : `was ended by ${signalName(signal)}`;
}
