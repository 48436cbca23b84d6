import { pageSizeBytes } from '../clock.ts';
import { decodeComm, decodeTask, startTicksOf } from './decode-task.ts';
import type { ExecEvent, ExitSeen, JoinSeen, OomKillSeen, VictimMemory } from './events.ts';
import { layouts } from './layout.ts';

const exec = layouts.exec_event.members;
const exit = layouts.exit_event.members;
const join = layouts.join_event.members;
const oom = layouts.oom_event.members;
const littleEndian = true;

/** Decodes a struct exit_event; the status is wait(2)'s: code << 8, or the signal with 0x80 for a core dump. */
export function decodeExit(view: DataView, at: number): ExitSeen {
  const status = view.getInt32(at + exit.status, littleEndian);
  const signal = status & 0x7f;
  return {
    pid: view.getUint32(at + exit.tgid, littleEndian),
    startTicks: startTicksOf(view.getBigUint64(at + exit.start_ns, littleEndian)),
    uid: view.getUint32(at + exit.uid, littleEndian),
    comm: decodeComm(view, at + exit.comm),
    leaseNumber: view.getBigUint64(at + exit.lease, littleEndian),
    timeNs: view.getBigUint64(at + exit.time_ns, littleEndian),
    exitCode: signal === 0 ? (status >> 8) & 0xff : null,
    signal: signal === 0 ? null : signal,
    coreDumped: signal !== 0 && (status & 0x80) !== 0,
  };
}

/** Decodes a struct exec_event. */
export function decodeExec(view: DataView, at: number): ExecEvent {
  return {
    pid: view.getUint32(at + exec.tgid, littleEndian),
    startTicks: startTicksOf(view.getBigUint64(at + exec.start_ns, littleEndian)),
  };
}

/** Decodes a struct join_event. */
export function decodeJoin(view: DataView, at: number): JoinSeen {
  return {
    pid: view.getUint32(at + join.tgid, littleEndian),
    startTicks: startTicksOf(view.getBigUint64(at + join.start_ns, littleEndian)),
    uid: view.getUint32(at + join.uid, littleEndian),
    comm: decodeComm(view, at + join.comm),
    parentPid: view.getUint32(at + join.parent_tgid, littleEndian),
    leaseNumber: view.getBigUint64(at + join.lease, littleEndian),
    timeNs: view.getBigUint64(at + join.time_ns, littleEndian),
    marked: view.getUint32(at + join.kept, littleEndian) !== 0,
  };
}

/** Decodes a struct oom_event; the kernels that tell a bare pid leave the victim empty. */
export function decodeOomKill(view: DataView, at: number): OomKillSeen {
  const base = {
    pid: view.getUint32(at + oom.pid, littleEndian),
    timeNs: view.getBigUint64(at + oom.time_ns, littleEndian),
    allocator: decodeTask(view, at + oom.allocator),
  };
  const victim = decodeTask(view, at + oom.victim);
  if (victim.pid === 0) return base;
  const lease = view.getBigUint64(at + oom.lease, littleEndian);
  const more = { victim, memory: decodeMemory(view, at), oomScoreAdj: view.getInt32(at + oom.oom_score_adj, littleEndian) };
  return lease === 0n ? { ...base, ...more } : { ...base, ...more, leaseNumber: lease };
}

function decodeMemory(view: DataView, at: number): VictimMemory {
  const pages = (member: number): number => Number(view.getBigUint64(at + member, littleEndian)) * pageSizeBytes;
  return {
    virtualBytes: pages(oom.total_pages),
    anonBytes: pages(oom.anon_pages),
    fileBytes: pages(oom.file_pages),
    shmemBytes: pages(oom.shmem_pages),
    swapBytes: pages(oom.swap_pages),
    pageTableBytes: Number(view.getBigUint64(at + oom.pgtables_bytes, littleEndian)),
  };
}
