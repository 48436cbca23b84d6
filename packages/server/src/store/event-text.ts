import type { Caller } from '#core/rights.ts';
import { mayRead } from '#core/rights.ts';
import type { OomKill, ProcessRef, SignalEvent } from '#protocol/history.ts';
import { signalName } from '#protocol/signals.ts';
import { isoTime } from '../iso-time.ts';
import type { EventRow } from './event-rows.ts';

/**
 * One event as JSON text, as this reader may see it. The stored parts are JSON already and are put together as they
 * are: an export of a million rows parses and stringifies none of them.
 */
export function eventText(row: EventRow, reader: Caller): string {
  const signal =
    row.signal === null
      ? '"signal":null,"signalName":null'
      : `"signal":${String(row.signal)},"signalName":"${signalName(row.signal)}"`;
  let text =
    `{"id":${String(row.id)},"firstAt":"${isoTime(row.first_at)}","lastAt":"${isoTime(row.last_at)}","monotonicNs":"${row.monotonic_ns}",` +
    `"source":"${row.source}",${signal},"code":${row.code === null ? 'null' : `"${row.code}"`},"outcome":"${row.outcome}",` +
    `"count":${String(row.count)},"sender":${seen(row.sender, row.sender_uid, reader)},"target":${seen(row.target, row.target_uid, reader)}`;
  if (row.lease_id !== null) text += `,"leaseId":"${row.lease_id}"`;
  if (row.requester !== null) text += `,"requester":${seen(row.requester, row.requester_uid, reader)}`;
  if (row.reason !== null && mayReadReason(row, reader)) text += `,"reason":${JSON.stringify(row.reason)}`;
  if (row.termination !== null) text += `,"termination":"${row.termination}"`;
  if (row.override !== null) text += ',"override":true';
  if (row.oom !== null) text += `,"oom":${oomSeen(row.oom, row.target_uid, reader)}`;
  if (row.kernel !== null) text += `,"kernel":${row.kernel}`;
  if (row.exit !== null) text += `,"exit":${row.exit}`;
  return `${text},"context":${row.context}}`;
}

/** The same, as an object. */
export function eventOf(row: EventRow, reader: Caller): SignalEvent {
  return JSON.parse(eventText(row, reader)) as SignalEvent;
}

function mayReadReason(row: EventRow, reader: Caller): boolean {
  return row.reason_uid === null || mayRead(reader, row.reason_uid);
}

/** A process as this reader may see it. */
export function processSeen<Process extends ProcessRef>(process: Process, reader: Caller): ProcessRef {
  return mayRead(reader, process.uid) ? process : redact(process);
}

function seen(process: string | null, uid: number | null, reader: Caller): string {
  if (process === null) return 'null';
  if (uid === null || mayRead(reader, uid)) return process;
  return JSON.stringify(redact(JSON.parse(process) as ProcessRef));
}

function oomSeen(oom: string, targetUid: number | null, reader: Caller): string {
  if (targetUid === null || mayRead(reader, targetUid)) return oom;
  const { cgroup: _cgroup, ...rest } = JSON.parse(oom) as OomKill;
  return JSON.stringify(rest);
}

/** What anybody sees in `ps` by pid: the executable, command line and cgroup stay out. */
function redact(process: ProcessRef): ProcessRef {
  const { exe: _exe, cmdline: _cmdline, cgroup: _cgroup, ...rest } = process;
  return rest;
}
