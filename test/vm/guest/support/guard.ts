import assert from 'node:assert/strict';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { guardNsMax, type KernelLease } from '#linux/sentinel/lease-terms.ts';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { SignalLog } from './signal-log.ts';

/** KILL, STOP, TERM, INT, QUIT, HUP, ABRT. */
export const forbiddenByDefault: readonly number[] = [9, 19, 15, 2, 3, 1, 6];

/** A sentinel with the guard attached, and what it tells. Close it before the processes that it guards are ended. */
export class Guard implements AsyncDisposable {
  readonly sentinel: Sentinel;
  readonly log: SignalLog;

  constructor() {
    this.sentinel = Sentinel.open();
    this.log = new SignalLog(this.sentinel);
    const missing = this.sentinel.programs.filter(({ attached }) => !attached);
    assert.deepEqual(missing, [], 'this kernel takes every program');
    assert.ok(this.sentinel.guardAvailable);
  }

  /** Sets a lease's terms: it forbids the default set, by force, nearly as long as one can. */
  lease(number: bigint, terms: Partial<KernelLease> = {}): void {
    const endNs = process.hrtime.bigint() + guardNsMax - 30_000_000_000n;
    this.sentinel.setLease(number, { endNs, forbiddenSignals: forbiddenByDefault, mode: 'enforce', ...terms });
  }

  /** Marks a process and what it starts from now on. */
  mark(pid: number, number: bigint): void {
    using pidfd = hold(pid);
    assert.ok(this.sentinel.mark(pidfd.fd, number));
  }

  /** The lease that a process is marked with. */
  markOf(pid: number): bigint | undefined {
    using pidfd = hold(pid);
    return this.sentinel.markOf(pidfd.fd);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sentinel.close();
  }
}

export function hold(pid: number): Pidfd {
  const pidfd = openPidfd(pid);
  assert.ok(pidfd !== undefined, `process ${String(pid)} is there`);
  return pidfd;
}
