import { codeWord, outcomeWord } from './decode-signal.ts';
import { startTicksOf } from './decode-task.ts';
import type { TaskSeen } from './events.ts';
import { layouts } from './layout.ts';
import type { Description } from './tallies.ts';

const key = layouts.tally_key.members;
const littleEndian = true;
/** No uid: (uid_t) -1. */
const UNKNOWN_UID = 0xffff_ffff;

/** What is known of an event by its key alone: an earlier reader told the rest. @param lastNs when its last signal was */
export function describeKey(bytes: Uint8Array, serial: number, lastNs: bigint): Description {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const siCode = view.getInt32(key.code, littleEndian);
  return {
    serial,
    resumed: true,
    firstNs: lastNs,
    signal: view.getInt32(key.signal, littleEndian),
    code: codeWord(siCode),
    siCode,
    outcome: outcomeWord(view.getInt32(key.outcome, littleEndian)),
    wholeProcess: true,
    sender: taskOf(view, key.sender_tgid, key.sender_start_ns),
    target: taskOf(view, key.target_tgid, key.target_start_ns),
  };
}

function taskOf(view: DataView, tgidAt: number, startAt: number): TaskSeen {
  const pid = view.getUint32(tgidAt, littleEndian);
  const startNs = view.getBigUint64(startAt, littleEndian);
  const startTicks = startTicksOf(startNs);
  const unknown = { uid: UNKNOWN_UID, comm: '', kernelThread: false, exiting: false, ancestry: [], cgroupId: 0n };
  return { pid, tid: pid, startTicks, startNs, ...unknown };
}
