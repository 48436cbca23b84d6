/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* The life of marked processes: fork, exec, exit, and death by the OOM killer. */
#pragma once

#include "marks.h"
#include "tally.h"

/* Before the child's first instruction (kernel_clone, kernel/fork.c). */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
  struct join_event *event;
  bool kept = false;
  __u64 lease, now;

  if (child->tgid != child->pid)
    return 0;
  lease = inherit(parent, child, &kept);
  if (!lease)
    return 0;
  now = bpf_ktime_get_ns();
  if (!kept)
    drop(DROP_MARKS, now);
  event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) {
    drop(DROP_JOINS, now);
    return 0;
  }
  event->kind = EVENT_JOIN;
  event->tgid = child->tgid;
  event->time_ns = now;
  event->lease = lease;
  event->start_ns = child->start_boottime;
  event->parent_tgid = parent->tgid;
  event->uid = BPF_CORE_READ(child, cred, euid.val);
  event->kept = kept;
  event->zero = 0;
  bpf_core_read(event->comm, COMM_BYTES, &child->comm);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

/* Where the ring is full this is lost, and not counted: whoever looks for programs looks again by itself. */
static __always_inline void tell_exec(struct task_struct *task)
{
  struct exec_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

  if (!event)
    return;
  event->kind = EVENT_EXEC;
  event->tgid = task->tgid;
  event->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
  bpf_ringbuf_submit(event, 0);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *program)
{
  if (old_pid != task->pid)
    take_left_mark(task);
  keep_exec(task, program->interp, 0);
  tell_exec(task);
  return 0;
}

/* As wait(2) tells it: wait_task_zombie, kernel/exit.c. */
static __always_inline int wait_status(struct task_struct *leader)
{
  struct signal_struct *signal = BPF_CORE_READ(leader, signal);

  if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
    return BPF_CORE_READ(signal, group_exit_code);
  return BPF_CORE_READ(leader, exit_code);
}

/* Every thread comes by; the process has ended when none is left. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
  struct task_struct *leader;
  struct mark *mark = mark_of(task);
  struct exit_event *event;
  __u64 now;

  if (!mark || !mark->lease)
    return 0;
  leader = BPF_CORE_READ(task, group_leader);
  if (BPF_CORE_READ(task, signal, live.counter) != 0) {
    if (task->pid == task->tgid)
      leave_mark(leader, mark);
    return 0;
  }
  /* The last two threads may both see that none is left. */
  if (__sync_fetch_and_or(&mark->flags, MARK_EXITED) & MARK_EXITED)
    return 0;
  struct process_key key = key_of(leader);
  bpf_map_delete_elem(&left_marks, &key);
  now = bpf_ktime_get_ns();
  event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) {
    drop(DROP_EXITS, now);
    return 0;
  }
  event->kind = EVENT_EXIT;
  event->status = wait_status(leader);
  event->time_ns = now;
  event->lease = mark->lease;
  event->start_ns = BPF_CORE_READ(leader, start_boottime);
  event->tgid = task->tgid;
  event->uid = BPF_CORE_READ(task, cred, euid.val);
  bpf_core_read(event->comm, COMM_BYTES, &leader->comm);
  bpf_ringbuf_submit(event, 0);
  return 0;
}
