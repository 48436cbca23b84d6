import type { ProcessRef } from '#protocol/history.ts';
import type { TaskSeen } from '#linux/sentinel/events.ts';

/** A task that the kernel saw, as history keeps it. */
export function processRef(task: TaskSeen): ProcessRef {
  const { pid, tid, startTicks, uid, comm, exe, cmdline, cgroup, ancestry } = task;
  return {
    pid,
    ...(tid === pid ? {} : { tid }),
    startTicks,
    uid,
    comm,
    ...(exe === undefined ? {} : { exe }),
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(cgroup === undefined ? {} : { cgroup }),
    ancestry: ancestry.map((one) => ({ pid: one.pid, comm: one.comm })),
  };
}
