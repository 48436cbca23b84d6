/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Which signals are told, and the program that sees them. */
#pragma once

#include "tally.h"

#define BIT(signal) (1ull << ((signal)-1))
enum { SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGABRT = 6, SIGKILL = 9, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18 };
enum { SIGSTOP = 19, SIGURG = 23, SIGXCPU = 24, SIGWINCH = 28, SIGNAL_MAX = 64 };

/* Told whatever they do. */
#define ALWAYS_TOLD \
  (BIT(SIGHUP) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGABRT) | BIT(SIGKILL) | BIT(SIGTERM) | BIT(SIGSTOP))
/* Their default action neither ends nor stops (signal(7)). */
#define HARMLESS (BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH))

/* include/linux/signal_types.h, include/trace/events/signal.h, include/uapi/asm-generic/siginfo.h */
#define SEND_SIG_PRIV 1
enum { TRACE_SIGNAL_DELIVERED, TRACE_SIGNAL_IGNORED };
enum { SI_USER = 0, SI_KERNEL = 0x80, SI_SIGIO = -5 };
/* include/uapi/asm-generic/resource.h; a century is no limit. */
enum { RLIMIT_CPU = 0 };
#define CPU_LIMIT_MAX 3153600000ul

/* Is the default action taken? SIG_DFL is 0. */
static __always_inline bool has_default_action(struct task_struct *task, int signal)
{
  struct sighand_struct *sighand = task->sighand;
  __u64 action = (__u64)&sighand->action[0].sa.sa_handler;
  __u64 handler = 1;

  /* The mask says to the verifier what the caller has checked. */
  action += (__u64)((__u32)(signal - 1) & (SIGNAL_MAX - 1)) * bpf_core_type_size(struct k_sigaction);
  return !bpf_probe_read_kernel(&handler, sizeof(handler), (void *)action) && handler == 0;
}

static __always_inline bool is_told(struct task_struct *target, int signal, int result)
{
  if (signal < 1 || signal > SIGNAL_MAX)
    return false;
  if (BIT(signal) & ALWAYS_TOLD)
    return true;
  if (BIT(signal) & HARMLESS || result == TRACE_SIGNAL_IGNORED)
    return false;
  return has_default_action(target, signal);
}

/*
 * Nobody asked for a signal that comes without a siginfo: cgroup.kill, a parent's death (PR_SET_PDEATHSIG), a write to
 * a pipe that nobody reads. Its target sees it as kill(2)'s all the same.
 */
static __always_inline int code_of(struct kernel_siginfo *info)
{
  /* The verifier takes a tracepoint's argument to be there, and would leave a test for NULL alone out. */
  if ((__u64)info <= SEND_SIG_PRIV)
    return (__u64)info == SEND_SIG_PRIV ? SI_KERNEL : CODE_IMPLIED;
  return info->si_code;
}

/*
 * The limit of CPU time that made the kernel send this: at the hard one it kills, at the soft one it sends SIGXCPU
 * (check_process_timers, kernel/time/posix-cpu-timers.c, which has just taken this very sample).
 * @return seconds, 0 where no limit was reached
 */
static __always_inline __u32 cpu_limit(struct task_struct *task, int signal, int code)
{
  struct signal_struct *shared;
  unsigned long limit;
  __u64 used;

  if (code != SI_KERNEL || (signal != SIGKILL && signal != SIGXCPU))
    return 0;
  shared = BPF_CORE_READ(task, signal);
  limit = signal == SIGKILL ? BPF_CORE_READ(shared, rlim[RLIMIT_CPU].rlim_max) : BPF_CORE_READ(shared, rlim[RLIMIT_CPU].rlim_cur);
  used = BPF_CORE_READ(shared, cputimer.cputime_atomic.utime.counter) +
         BPF_CORE_READ(shared, cputimer.cputime_atomic.stime.counter);
  /* The kernel takes 0 for 1. */
  if (!limit)
    limit = 1;
  return limit > CPU_LIMIT_MAX || used / NS_PER_SECOND < limit ? 0 : limit;
}

/* After the permission check; the target's siglock is held and interrupts are off (kernel/signal.c). */
SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int signal, struct kernel_siginfo *info, struct task_struct *task, int group, int result)
{
  int code;

  if (!is_told(task, signal, result))
    return 0;
  code = code_of(info);
  struct telling telling = {
      .signal = signal,
      .code = code,
      .cpu_limit_s = cpu_limit(task, signal, code),
      .outcome = result,
      .group = group,
      .cause = DROP_SIGNALS,
  };
  tell_signal(bpf_get_current_task_btf(), task, &telling);
  return 0;
}
