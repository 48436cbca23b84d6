import type { Member } from '#core/lease.ts';
import { readExitStatus } from '#linux/exit-status.ts';
import { readStat } from '#linux/proc-stat.ts';
import { isWorthARow } from './exit-worth.ts';
import { clock, machine, monotonicNs, type Held } from './machine.ts';
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
  const { pid, startTicks, leases, cover } = member;
  const [lease] = leases;
  const status = tryRead(() => readExitStatus(pid, startTicks, (member.held as Held).pidfd));
  if (status === undefined) return undefined;
  const signal = (status & 0x7f) === 0 ? null : status & 0x7f;
  const exitCode = signal === null ? (status >> 8) & 0xff : null;
  if (!isWorthARow({ pid, startTicks, exitCode, signal }, lease ?? cover)) return undefined;
  const isOomLikely = signal === SIGKILL && sawOomKill(member);
  const { comm, uid } = leftOf(pid, startTicks);
  return {
    firstWallMs: clock.wallMs(),
    monotonicNs: monotonicNs(),
    source: 'pidfd',
    signal,
    code: null,
    outcome: 'exited',
    sender: null,
    target: { pid, startTicks, uid: lease?.uid ?? uid, comm, ancestry: [] },
    leaseId: lease?.id,
    exit: {
      code: exitCode,
      signal,
      coreDumped: signal !== null && (status & 0x80) !== 0,
      ...(isOomLikely ? { oomLikely: true } : {}),
    },
    context: momentContext(),
  };
}

/** Name and uid are there for as long as nobody has waited for it; afterwards only the server's own user reads of it. */
function leftOf(pid: number, startTicks: string): { readonly comm: string; readonly uid: number } {
  const uids = tryRead(() => machine.uids(pid));
  const stat = tryRead(() => readStat(pid));
  const isIt = stat?.startTicks === startTicks;
  return { comm: isIt ? stat.comm : '', uid: isIt && uids !== undefined ? uids.real : (process.getuid?.() ?? 0) };
}
