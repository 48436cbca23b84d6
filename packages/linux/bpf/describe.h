/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Who a task is: taken while it is at hand, for a sender or a target may be gone a moment later. */
#pragma once

#include "maps.h"

/*
 * Read by copies (BPF_CORE_READ) and not through typed pointers, here and wherever it is not the common path: for each
 * step of such a pointer the verifier searches the kernel's types from end to end, and loading took twice as long.
 */
static __always_inline struct process_key key_of(struct task_struct *task)
{
  struct task_struct *leader = BPF_CORE_READ(task, group_leader);
  struct process_key key = {.start_ns = BPF_CORE_READ(leader, start_boottime), .tgid = BPF_CORE_READ(leader, tgid)};
  return key;
}

/* Parents up to init, nearest first. @return how many there are */
static __always_inline __u32 see_ancestry(struct ancestor *ancestry, struct task_struct *parent)
{
  __u32 level;

  for (level = 0; level < ANCESTORS_MAX; level++) {
    struct ancestor *ancestor = &ancestry[level];
    /* The parent is a thread; its leader has the process's name and start. */
    parent = BPF_CORE_READ(parent, real_parent, group_leader);
    ancestor->tgid = BPF_CORE_READ(parent, tgid);
    if (ancestor->tgid == 0)
      break;
    ancestor->start_ns = BPF_CORE_READ(parent, start_boottime);
    ancestor->zero = 0;
    bpf_core_read(ancestor->comm, COMM_BYTES, &parent->comm);
  }
  return level;
}

/* `seen` lies in the ring; every member is written but the ancestry beyond `ancestors`. */
static __always_inline void see_task(struct task_seen *seen, struct task_struct *task)
{
  struct task_struct *leader = BPF_CORE_READ(task, group_leader);

  seen->start_ns = BPF_CORE_READ(leader, start_boottime);
  seen->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
  seen->tgid = BPF_CORE_READ(task, tgid);
  seen->tid = BPF_CORE_READ(task, pid);
  seen->uid = BPF_CORE_READ(task, cred, euid.val);
  seen->flags = BPF_CORE_READ(task, flags);
  bpf_core_read(seen->comm, COMM_BYTES, &leader->comm);
  seen->ancestors = see_ancestry(seen->ancestry, leader);
  seen->zero = 0;
}

/* Reads the arguments of the current task. User memory is read only where it is present: no fault is taken. */
static __always_inline bool see_args(struct exec_seen *seen, struct task_struct *task)
{
  struct mm_struct *mm = BPF_CORE_READ(task, mm);
  unsigned long start, bytes;

  if (!mm)
    return false;
  start = BPF_CORE_READ(mm, arg_start);
  bytes = BPF_CORE_READ(mm, arg_end) - start;
  if (bytes > ARGS_BYTES)
    bytes = ARGS_BYTES;
  if (bytes == 0 || bpf_probe_read_user(seen->args, bytes, (void *)start))
    return false;
  seen->args_bytes = bytes;
  return true;
}

/* @param path of the program, NULL where it is not known; @param turn which scratch memory to use */
static __always_inline void keep_exec(struct task_struct *task, const char *path, __u32 turn)
{
  struct process_key key = key_of(task);
  struct exec_seen *seen = bpf_map_lookup_elem(&scratch, &turn);
  long bytes = 0;

  if (!seen || !see_args(seen, task))
    return;
  if (path)
    bytes = bpf_probe_read_kernel_str(seen->path, PATH_BYTES, path);
  seen->path_bytes = bytes > 0 ? bytes : 0;
  bpf_map_update_elem(&execs, &key, seen, BPF_ANY);
}

/* Whoever was started before the sentinel, or has not called exec since its fork, is not known yet. */
static __always_inline void know_sender(struct task_struct *task)
{
  struct process_key key = key_of(task);

  if (task->flags & PF_KTHREAD || bpf_map_lookup_elem(&execs, &key))
    return;
  keep_exec(task, NULL, 1);
}
