import { LeaseTable } from '#core/lease-table.ts';
import type { Lease } from '#core/lease.ts';
import { readTerms } from '#core/lease-terms.ts';
import type { Clock, HeldProcess, ProcessEntry, ProcessTable } from '#core/ports.ts';
import { mayRegister } from '#core/rights.ts';
import { Sender } from '#core/sender.ts';
import { judge, type JudgeView } from '#core/verdict.ts';
import { newLeaseId } from '#server/lease-id.ts';

const uid = 1000;
const caller = { uid, isRoot: false };
const nobody = { real: 65_534, effective: 65_534, saved: 65_534 };
const limits = { ttlMsDefault: 30_000, ttlMsMin: 100, ttlMsMax: 86_400_000, maxMsMin: 100, maxMsMax: 86_400_000 };
const roomy = { leasesPerUidMax: 1e6, depthMax: 4, membersMax: 1e6, membersPerLeaseMax: 1e6 };

/** Every pid above 1 is a process that init started: made when it is asked for, so that it takes no memory. */
const processes: ProcessTable = {
  entry: (pid): ProcessEntry | undefined => (pid < 1 ? undefined : lineOf(pid)),
  hold: (pid) => new FakeHeld(pid),
  uids: () => ({ real: uid, effective: uid, saved: uid }),
  markerDigest: () => undefined,
};

const clock: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now(), bootTicks: () => 0 };

function lineOf(pid: number): ProcessEntry {
  return { ppid: 1, startTicks: String(pid), kernelThread: false };
}

class FakeHeld implements HeldProcess {
  readonly pid: number;
  readonly startTicks: string;
  readonly pidfdId: string;
  #open = true;

  constructor(pid: number) {
    this.pid = pid;
    this.startTicks = String(pid);
    this.pidfdId = String(pid);
  }

  alive(): boolean {
    return this.#open;
  }

  get taken(): ProcessEntry {
    return lineOf(this.pid);
  }

  entry(): ProcessEntry {
    return lineOf(this.pid);
  }

  close(): void {
    this.#open = false;
  }
}

/** The rules alone: no socket, no disk, and a process table that costs nothing. */
export class RulesWorld {
  readonly table = new LeaseTable({
    table: processes,
    clock,
    limits: roomy,
    generation: 0,
    newLeaseId: () => newLeaseId(),
    events: { joined: nothing, ended: nothing, expiring: nothing, emptied: nothing },
  });
  readonly #hold: (pid: number) => HeldProcess;
  readonly #sender = new Sender(new FakeHeld(2));
  readonly #view: JudgeView;

  /** @param hold what is kept of a process; default: a fake */
  constructor(hold: (pid: number) => HeldProcess = (pid) => new FakeHeld(pid)) {
    this.#hold = hold;
    const { members, membership } = this.table;
    this.#view = { table: processes, members, membership, bootId: 'boot', ownPid: 3, servedUid: uid };
  }

  /** @throws Error where the rules refuse it */
  register(pid: number): Lease {
    if (!mayRegister(caller, processes.uids(pid) ?? nobody)) throw new Error(`pid ${String(pid)} is not the caller's`);
    return this.table.register(uid, this.#hold(pid), readTerms({ label: 'bench' }, limits, null)).lease;
  }

  drop(lease: Lease): void {
    this.table.drop(lease, 'released');
  }

  /** @throws Error where the rules say anything but that a lease forbids it: it would not be the same work */
  check(pid: number): void {
    const { rule } = judge(this.#view, this.#sender, { pid }, 9);
    if (rule !== 'lease') throw new Error(`pid ${String(pid)}: ${rule}`);
  }
}

function nothing(): void {}
