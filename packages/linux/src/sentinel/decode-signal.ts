import type { SignalCode } from '#protocol/history.ts';
import { decodeTask } from './decode-task.ts';
import type { SignalOutcome, SignalSeen } from './events.ts';
import { layouts } from './layout.ts';

const members = layouts.signal_event.members;
const littleEndian = true;

/** What the record says, before anything is looked up; `slot` counts the repeats. */
export type SignalRecord = Omit<SignalSeen, 'serial' | 'count' | 'added' | 'final' | 'lastNs'> & {
  readonly slot: number;
};

/** NO_SLOT, bpf/events.h: this event has no counter. */
export const NO_SLOT = 0xffff_ffff;

// TRACE_SIGNAL_*, include/trace/events/signal.h, and what the guard adds to them (bpf/events.h). 4 is `lose info`: the
// signal was delivered, and only who sent it is lost to the target.
const outcomes: ReadonlyMap<number, SignalOutcome> = new Map([
  [0, 'delivered'],
  [1, 'ignored'],
  [2, 'pending'],
  [3, 'failed'],
  [4, 'delivered'],
  [100, 'denied'],
  [101, 'audited'],
]);

/** CODE_IMPLIED, bpf/events.h: there is no siginfo. */
const CODE_IMPLIED = 0x10000;

/**
 * si_code in the protocol's words (include/uapi/asm-generic/siginfo.h). pidfd_send_signal(2) is told as `user`, as the
 * kernel tells it. Timers, asynchronous I/O and faults are the kernel's.
 */
export function codeWord(siCode: number): SignalCode {
  if (siCode === 0) return 'user';
  if (siCode === CODE_IMPLIED) return 'implied';
  if (siCode === -1) return 'queue';
  return siCode === -6 ? 'tkill' : 'kernel';
}

/** @returns the number in the record's `outcome` that stands for this word */
export function outcomeWord(outcome: number): SignalOutcome {
  return outcomes.get(outcome) ?? 'delivered';
}

/** Decodes a struct signal_event. */
export function decodeSignal(view: DataView, at: number): SignalRecord {
  const siCode = view.getInt32(at + members.code, littleEndian);
  const lease = view.getBigUint64(at + members.lease, littleEndian);
  const cpuLimit = view.getUint32(at + members.cpu_limit_s, littleEndian);
  return {
    slot: view.getUint32(at + members.slot, littleEndian),
    firstNs: view.getBigUint64(at + members.time_ns, littleEndian),
    signal: view.getInt32(at + members.signal, littleEndian),
    code: codeWord(siCode),
    siCode,
    outcome: outcomeWord(view.getInt32(at + members.outcome, littleEndian)),
    wholeProcess: view.getUint32(at + members.group, littleEndian) !== 0,
    sender: decodeTask(view, at + members.sender),
    target: decodeTask(view, at + members.target),
    ...(cpuLimit === 0 ? {} : { cpuLimitSeconds: cpuLimit }),
    ...(lease === 0n ? {} : { leaseNumber: lease }),
  };
}

/** The struct tally_key of a record: by it the kernel finds the slot. */
export function tallyKeyOf(view: DataView, at: number): Uint8Array {
  const { size, members: key } = layouts.tally_key;
  const { start_ns: start, tgid } = layouts.task_seen.members;
  const bytes = new Uint8Array(size);
  const to = new DataView(bytes.buffer);
  to.setBigUint64(key.sender_start_ns, view.getBigUint64(at + members.sender + start, littleEndian), littleEndian);
  to.setBigUint64(key.target_start_ns, view.getBigUint64(at + members.target + start, littleEndian), littleEndian);
  to.setUint32(key.sender_tgid, view.getUint32(at + members.sender + tgid, littleEndian), littleEndian);
  to.setUint32(key.target_tgid, view.getUint32(at + members.target + tgid, littleEndian), littleEndian);
  to.setInt32(key.signal, view.getInt32(at + members.signal, littleEndian), littleEndian);
  to.setInt32(key.code, view.getInt32(at + members.code, littleEndian), littleEndian);
  to.setInt32(key.outcome, view.getInt32(at + members.outcome, littleEndian), littleEndian);
  return bytes;
}
