import { openPidfd, type Pidfd } from './pidfd.ts';
import { readParent, readStat, type ProcStat } from './proc-stat.ts';
import { readCredentials } from './proc-status.ts';
import { readCgroup, readCommandLine, readExecutable } from './proc-text.ts';

/** One ancestor of a process. */
export interface Ancestor {
  readonly pid: number;
  readonly comm: string;
}

/** What history keeps of a process: the wire's ProcessRef. */
export interface ProcessRef {
  readonly pid: number;
  readonly startTicks: string;
  /** Effective. */
  readonly uid: number;
  readonly comm: string;
  readonly exe?: string;
  readonly cmdline?: string;
  readonly cgroup?: string;
  /** Nearest first. */
  readonly ancestry: readonly Ancestor[];
}

const ANCESTRY_LEVELS_MAX = 8;

/**
 * Describes a process for the record. It is held meanwhile, and asked at the end whether it still lives: nothing of
 * another that got its pid is mixed in. Of a zombie the name, uid and ancestry are told.
 * @returns undefined where it is gone
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function describeProcess(pid: number): ProcessRef | undefined {
  using pidfd = openPidfd(pid);
  return pidfd === undefined ? undefined : describe(pid, pidfd);
}

function describe(pid: number, pidfd: Pidfd): ProcessRef | undefined {
  const stat = readStat(pid);
  const credentials = readCredentials(pid);
  if (stat === undefined || credentials === undefined) return undefined;
  const { startTicks, comm } = stat;
  const base = { pid, startTicks, uid: credentials.uids.effective, comm };
  const texts = readTexts(pid);
  const ancestry = readAncestry(stat);
  if (pidfd.alive()) return { ...base, ...texts, ancestry };
  return readParent(pid)?.startTicks === startTicks ? { ...base, ancestry } : undefined;
}

type Texts = Pick<ProcessRef, 'exe' | 'cmdline' | 'cgroup'>;

function readTexts(pid: number): Texts {
  const exe = readExecutable(pid);
  const cmdline = readCommandLine(pid);
  const cgroup = readCgroup(pid);
  return {
    ...(exe === undefined ? {} : { exe }),
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}

/** A parent that started later than its child is none: it has the pid of one that exited. */
function readAncestry(of: ProcStat): Ancestor[] {
  const ancestry: Ancestor[] = [];
  let child = of;
  while (ancestry.length < ANCESTRY_LEVELS_MAX) {
    const parent = readStat(child.ppid);
    if (parent === undefined || Number(parent.startTicks) > Number(child.startTicks)) return ancestry;
    ancestry.push({ pid: parent.pid, comm: parent.comm });
    child = parent;
  }
  return ancestry;
}
