/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The guard: may this task send this signal to that process? Signals of the kernel's own (the OOM killer, cgroup.kill,
 * a terminal) never come here, and neither does what an ordinary permission check has refused.
 */
#pragma once

#include "marks.h"
#include "signals.h"

/* An ancestor further up than this counts as none. */
#define ANCESTRY_LEVELS_MAX 64
/* The number of a lease in each level of a chain, innermost first; 0 beyond its end and for one that has ended. */
struct chain {
  __u64 leases[LEASE_DEPTH_MAX];
};

static __always_inline void see_chain(struct chain *chain, __u64 number, __u64 now)
{
  for (int level = 0; level < LEASE_DEPTH_MAX; level++) {
    struct lease *lease = number ? bpf_map_lookup_elem(&leases, &number) : NULL;
    chain->leases[level] = lease && now < lease->end_ns ? number : 0;
    number = lease ? lease->parent : 0;
  }
}

/* Does a lease that covers the one cover the other too? */
static __always_inline bool have_common_lease(struct chain *one, struct chain *other)
{
  for (int i = 0; i < LEASE_DEPTH_MAX; i++)
    for (int j = 0; j < LEASE_DEPTH_MAX; j++)
      if (one->leases[i] && one->leases[i] == other->leases[j])
        return true;
  return false;
}

/*
 * Is the sender an ancestor of the target, or a direct child of one (/bin/kill, started by a harness)? Everything is
 * a descendant of init, and whoever loses its parent becomes a child of init or of a subreaper: their children have
 * no right from that.
 */
static __always_inline bool is_ancestor_or_helper(struct task_struct *sender, struct task_struct *target)
{
  struct task_struct *parent = BPF_CORE_READ(sender, real_parent, group_leader);
  struct task_struct *at = BPF_CORE_READ(target, group_leader);
  struct signal_struct *of_parent = BPF_CORE_READ(parent, signal);
  int sender_tgid = sender->tgid, parent_tgid = BPF_CORE_READ(parent, tgid);
  bool is_helper = parent_tgid != 1 && !BPF_CORE_READ_BITFIELD_PROBED(of_parent, is_child_subreaper);

  for (int level = 0; level < ANCESTRY_LEVELS_MAX; level++) {
    int tgid;

    at = BPF_CORE_READ(at, real_parent, group_leader);
    tgid = BPF_CORE_READ(at, tgid);
    if (tgid == 0)
      return false;
    if (tgid == sender_tgid || (is_helper && tgid == parent_tgid))
      return true;
  }
  return false;
}

/* PID 1 stops services; the server acts for whoever has the right to override. */
static __always_inline bool always_passes(struct task_struct *sender, struct task_struct *target)
{
  struct mark *mark;

  if (sender->tgid == 1 || sender->tgid == target->tgid)
    return true;
  mark = mark_of(sender);
  return mark && mark->flags & MARK_SERVER;
}

/* The innermost lease that forbids the signal, by number; 0 for none. `*terms` has its mode and flags. */
static __always_inline __u64 forbidding(struct chain *chain, int signal, struct lease *terms)
{
  for (int level = 0; level < LEASE_DEPTH_MAX; level++) {
    __u64 number = chain->leases[level];
    struct lease *lease = number ? bpf_map_lookup_elem(&leases, &number) : NULL;
    if (lease && lease->mode != MODE_OFF && lease->forbidden & BIT(signal)) {
      *terms = *lease;
      return number;
    }
  }
  return 0;
}

/* @param sender NULL where nobody knows who caused the signal: then no right of a sender counts. @return 0 or -EPERM */
static __always_inline int judge(struct task_struct *sender, struct task_struct *target, int signal, int code)
{
  struct lease terms = {};
  struct chain covering, own = {};
  struct mark *mark = mark_of(target);
  __u64 number = mark && !(mark->flags & MARK_UNGUARDED) ? mark->lease : 0, now = bpf_ktime_get_ns();

  if (!number || signal < 1 || signal > SIGNAL_MAX || BIT(signal) & HARMLESS)
    return 0;
  see_chain(&covering, number, now);
  number = forbidding(&covering, signal, &terms);
  if (!number)
    return 0;
  if (sender) {
    if (always_passes(sender, target))
      return 0;
    mark = mark_of(sender);
    see_chain(&own, mark && !(mark->flags & MARK_CARRIER) ? mark->lease : 0, now);
    if (have_common_lease(&own, &covering))
      return 0;
    if (!(terms.flags & LEASE_STRICT) && is_ancestor_or_helper(sender, target))
      return 0;
  }
  struct telling telling = {
      .lease = number,
      .signal = signal,
      .code = code,
      .outcome = terms.mode == MODE_ENFORCE ? OUTCOME_DENIED : OUTCOME_AUDITED,
      .group = true,
      .cause = DROP_DENIALS,
  };
  tell_signal(bpf_get_current_task_btf(), target, &telling);
  return terms.mode == MODE_ENFORCE ? -EPERM : 0;
}

/* Signal 0 passes; by it user space finds out whether the kernel asks at all (`bpf` must be in its lsm= list). */
static __always_inline void note_asked(void)
{
  __u32 zero = 0;
  __u64 *asked = bpf_map_lookup_elem(&guard_asked, &zero);

  if (asked)
    __sync_fetch_and_add(asked, 1);
}

/* kill, tkill, tgkill, rt_sigqueueinfo and pidfd_send_signal (check_kill_permission, kernel/signal.c). */
SEC("lsm/task_kill")
int BPF_PROG(guard_task_kill, struct task_struct *target, struct kernel_siginfo *info, int signal, const struct cred *cred,
             int refused)
{
  if (refused)
    return refused;
  if (signal == 0) {
    note_asked();
    return 0;
  }
  return judge(bpf_get_current_task_btf(), target, signal, code_of(info));
}

/*
 * F_SETOWN with F_SETSIG (fcntl(2)): the file tells its owner by any signal that somebody chose. The current task is
 * whoever made the file ready, in an interrupt any task at all: it is told as the sender, and gets no right from that.
 */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(guard_sigio, struct task_struct *target, struct fown_struct *owner, int signal, int refused)
{
  if (refused)
    return refused;
  return judge(NULL, target, signal, SI_SIGIO);
}

/* The child has neither pid nor group leader yet, and nobody else can see it (copy_process, kernel/fork.c). */
SEC("lsm/task_alloc")
int BPF_PROG(guard_task_alloc, struct task_struct *child, unsigned long flags, int refused)
{
  bool kept;

  if (!refused && !(flags & CLONE_THREAD))
    inherit(bpf_get_current_task_btf(), child, &kept);
  return refused;
}

/*
 * A thread that calls exec becomes the leader long before the tracepoint of exec: it has the mark from here on. Where
 * the exec fails, that is a mark on a thread, which nobody looks at.
 */
SEC("lsm/bprm_check_security")
int BPF_PROG(guard_exec, struct linux_binprm *program, int refused)
{
  struct task_struct *task = bpf_get_current_task_btf();
  struct mark *mark, copy;

  if (refused || task->pid == task->tgid)
    return refused;
  mark = mark_of(task);
  if (!mark)
    return 0;
  copy = *mark;
  mark = bpf_task_storage_get(&marks, task, &copy, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (mark)
    *mark = copy;
  else
    drop(DROP_MARKS, bpf_ktime_get_ns());
  return 0;
}
