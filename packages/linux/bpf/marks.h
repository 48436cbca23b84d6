/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Marks: which lease a process belongs to. They lie on the group leader, for any thread may fork; threads have none.
 */
#pragma once

#include "describe.h"
#include "drops.h"

/* Chains of leases are at most this deep (protocol: leaseDepthMax). */
#define LEASE_DEPTH_MAX 4

static __always_inline struct mark *mark_of(struct task_struct *task)
{
  return bpf_task_storage_get(&marks, task->group_leader, 0, 0);
}

/* @return the number of the innermost lease, 0 for none */
static __always_inline __u64 lease_of(struct task_struct *task)
{
  struct mark *mark = mark_of(task);
  return mark ? mark->lease : 0;
}

/* The lease that a child has of its parent's: a lease for one process alone is passed over. */
static __always_inline __u64 inherited(__u64 number)
{
  for (int level = 0; level < LEASE_DEPTH_MAX && number; level++) {
    struct lease *lease = bpf_map_lookup_elem(&leases, &number);
    if (!lease || !(lease->flags & LEASE_PROCESS_ONLY))
      return number;
    number = lease->parent;
  }
  return 0;
}

/*
 * Marks a new process as its parent is marked. The server's mark is its own and is not passed on.
 * @param child has no group leader of its own yet where it is called before the child is complete
 * @return the lease, 0 for none; `*kept` says whether the mark could be stored
 */
static __always_inline __u64 inherit(struct task_struct *parent, struct task_struct *child, bool *kept)
{
  struct mark *mark = mark_of(parent);
  struct mark copy = {};

  if (!mark)
    return 0;
  copy.lease = inherited(mark->lease);
  copy.flags = mark->flags & MARK_INHERITED;
  if (!copy.lease)
    return 0;
  *kept = bpf_task_storage_get(&marks, child, &copy, BPF_LOCAL_STORAGE_GET_F_CREATE) != NULL;
  return copy.lease;
}

/* A leader that exits before the other threads leaves its mark: one of them may call exec and be the leader then. */
static __always_inline void leave_mark(struct task_struct *leader, struct mark *mark)
{
  struct process_key key = key_of(leader);
  bpf_map_update_elem(&left_marks, &key, mark, BPF_ANY);
}

/* The thread that called exec has its leader's pid and start time by now (de_thread, fs/exec.c), and not its mark. */
static __always_inline void take_left_mark(struct task_struct *task)
{
  struct process_key key = key_of(task);
  struct mark *left = bpf_map_lookup_elem(&left_marks, &key);

  if (!left)
    return;
  struct mark copy = *left;
  if (bpf_task_storage_get(&marks, task, &copy, BPF_LOCAL_STORAGE_GET_F_CREATE))
    bpf_map_delete_elem(&left_marks, &key);
  else
    drop(DROP_MARKS, bpf_ktime_get_ns());
}
