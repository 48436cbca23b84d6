import type { Member } from '#core/lease.ts';
import { readExitStatus } from '#linux/exit-status.ts';
import { readStat } from '#linux/proc-stat.ts';
import { isWorthARow } from './exit-worth.ts';
import { clock, monotonicNs, type Held } from './machine.ts';
import { momentContext } from './moment.ts';
import type { NewEvent } from './store/event-rows.ts';
import { tryRead } from './try-read.ts';

const SIGKILL = 9;

/**
 * The exit of a member as a row of history, for a server without the sentinel: its pidfd tells how it ended.
 *
 * @param sawOomKill did the OOM killer kill in its cgroup just now?
 * @returns undefined where it runs, where nobody can tell how it ended, or where that is no news
 */
export function memberExit(member: Member, sawOomKill: (member: Member) => boolean): NewEvent | undefined {
  const { pid, startTicks, leases } = member;
  const [lease] = leases;
  const status = tryRead(() => readExitStatus(pid, startTicks, (member.held as Held).pidfd));
  if (status === undefined || lease === undefined) return undefined;
  const signal = (status & 0x7f) === 0 ? null : status & 0x7f;
  const exitCode = signal === null ? (status >> 8) & 0xff : null;
  if (!isWorthARow({ pid, startTicks, exitCode, signal }, lease)) return undefined;
  const isOomLikely = signal === SIGKILL && sawOomKill(member);
  // Its name is there for as long as nobody has waited for it.
  const stat = tryRead(() => readStat(pid));
  const comm = stat?.startTicks === startTicks ? stat.comm : '';
  return {
    firstWallMs: clock.wallMs(),
    monotonicNs: monotonicNs(),
    source: 'pidfd',
    signal,
    code: null,
    outcome: 'exited',
    sender: null,
    target: { pid, startTicks, uid: lease.uid, comm, ancestry: [] },
    leaseId: lease.id,
    exit: {
      code: exitCode,
      signal,
      coreDumped: signal !== null && (status & 0x80) !== 0,
      ...(isOomLikely ? { oomLikely: true } : {}),
    },
    context: momentContext(),
  };
}
