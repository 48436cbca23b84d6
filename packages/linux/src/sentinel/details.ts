import { openPidfd } from '../pidfd.ts';
import { readParent } from '../proc-stat.ts';
import { readCgroup, readCommandLine, readExecutable } from '../proc-text.ts';
import type { TaskSeen } from './events.ts';
import type { ExecMemory, ExecSeen } from './exec-memory.ts';
import { Recent } from './recent.ts';

const PROCESSES_MAX = 1024;
const CGROUPS_MAX = 1024;
/** A process may exec: what was read is good for so long. */
const FRESH_MS = 1000;

type Details = Pick<TaskSeen, 'cmdline' | 'exe' | 'cgroup'>;

interface Known {
  readonly comm: string;
  readonly readAtMs: number;
  readonly details: Details;
}

/**
 * What an event does not tell of a process: command line, program and cgroup. From what was caught at exec, and from
 * /proc where it still lives. Each file of /proc costs as much as decoding an event, so what is known is not read again.
 */
export class TaskDetails {
  readonly #execs: ExecMemory;
  readonly #known = new Recent<string, Known>(PROCESSES_MAX);
  /** A cgroup keeps its path for its whole life (cgroup v2 has no rename). */
  readonly #cgroups = new Recent<bigint, { readonly path: string | undefined }>(CGROUPS_MAX);

  constructor(execs: ExecMemory) {
    this.#execs = execs;
  }

  /**
   * The task with what can be found of it.
   * @throws SystemCallError where descriptors or memory are wanting
   */
  complete(task: TaskSeen, nowMs: number): TaskSeen {
    if (task.kernelThread) return task;
    const name = `${task.pid} ${task.startNs}`;
    const known = this.#known.get(name);
    if (known !== undefined && known.comm === task.comm && nowMs - known.readAtMs < FRESH_MS) {
      return { ...task, ...known.details };
    }
    const details = this.#find(task);
    this.#known.set(name, { comm: task.comm, readAtMs: nowMs, details });
    return { ...task, ...details };
  }

  #find(task: TaskSeen): Details {
    const caught = this.#execs.find(task);
    const live = this.#readLive(task, caught);
    const cmdline = live?.cmdline ?? caught?.cmdline;
    const exe = live?.exe ?? caught?.exe;
    const cgroup = live?.cgroup ?? this.#cgroups.get(task.cgroupId)?.path;
    return {
      ...(cmdline === undefined ? {} : { cmdline }),
      ...(exe === undefined ? {} : { exe }),
      ...(cgroup === undefined ? {} : { cgroup }),
    };
  }

  /** It is held meanwhile: nothing of another that got its pid is mixed in. @returns undefined where it is gone */
  #readLive({ pid, startTicks, cgroupId }: TaskSeen, caught: ExecSeen | undefined): Details | undefined {
    using pidfd = openPidfd(pid);
    if (pidfd?.alive() !== true || readParent(pid)?.startTicks !== startTicks) return undefined;
    const cmdline = caught?.cut === false ? caught.cmdline : readCommandLine(pid);
    const exe = readExecutable(pid);
    const cgroup = this.#cgroups.get(cgroupId) ?? { path: readCgroup(pid) };
    if (!pidfd.alive()) return undefined;
    this.#cgroups.set(cgroupId, cgroup);
    return {
      ...(cmdline === undefined ? {} : { cmdline }),
      ...(exe === undefined ? {} : { exe }),
      ...(cgroup.path === undefined ? {} : { cgroup: cgroup.path }),
    };
  }
}
