import { ticksPerSecond } from '../clock.ts';
import type { AncestorSeen, TaskSeen } from './events.ts';
import { layouts } from './layout.ts';

const COMM_BYTES = 16;
const PF_KTHREAD = 0x0020_0000;
const PF_EXITING = 0x4;
const nsPerTick = BigInt(1_000_000_000 / ticksPerSecond);

const task = layouts.task_seen.members;
const ancestor = layouts.ancestor.members;
const littleEndian = true;

/** Nanoseconds of CLOCK_BOOTTIME in the ticks of /proc (nsec_to_clock_t, kernel/time/time.c). */
export function startTicksOf(startNs: bigint): string {
  return String(startNs / nsPerTick);
}

/** A name of at most 15 bytes, NUL behind it; broken UTF-8 as U+FFFD. */
export function decodeComm(view: DataView, at: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + at, COMM_BYTES);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? COMM_BYTES : end);
}

/** Decodes a struct task_seen. */
export function decodeTask(view: DataView, at: number): TaskSeen {
  const startNs = view.getBigUint64(at + task.start_ns, littleEndian);
  const flags = view.getUint32(at + task.flags, littleEndian);
  return {
    pid: view.getUint32(at + task.tgid, littleEndian),
    tid: view.getUint32(at + task.tid, littleEndian),
    startTicks: startTicksOf(startNs),
    startNs,
    uid: view.getUint32(at + task.uid, littleEndian),
    comm: decodeComm(view, at + task.comm),
    kernelThread: (flags & PF_KTHREAD) !== 0,
    exiting: (flags & PF_EXITING) !== 0,
    cgroupId: view.getBigUint64(at + task.cgroup_id, littleEndian),
    ancestry: decodeAncestry(view, at + task.ancestry, view.getUint32(at + task.ancestors, littleEndian)),
  };
}

function decodeAncestry(view: DataView, start: number, count: number): AncestorSeen[] {
  const ancestry: AncestorSeen[] = [];
  for (let at = start; ancestry.length < count; at += layouts.ancestor.size) {
    ancestry.push({
      pid: view.getUint32(at + ancestor.tgid, littleEndian),
      comm: decodeComm(view, at + ancestor.comm),
      startTicks: startTicksOf(view.getBigUint64(at + ancestor.start_ns, littleEndian)),
    });
  }
  return ancestry;
}
