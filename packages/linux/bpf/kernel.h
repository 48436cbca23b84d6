/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What the programs read of the kernel's own structures, written by hand. Every structure names only the members that
 * are used; libbpf puts in where they really are, from the running kernel's BTF (CO-RE, preserve_access_index). Names
 * and types are the kernel's: include/linux/{sched,sched/signal,mm_types,cred,signal_types,binfmts}.h.
 */
#pragma once

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0

/* include/uapi/linux/bpf.h: the kinds of maps and the flags of theirs that are used. */
enum bpf_map_type {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_LRU_HASH = 9,
  BPF_MAP_TYPE_QUEUE = 22,
  BPF_MAP_TYPE_RINGBUF = 27,
  BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_MMAPABLE = 1 << 10 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
  int counter;
} atomic_t;
typedef struct {
  long counter;
} atomic_long_t;
typedef struct {
  __s64 counter;
} atomic64_t;
typedef struct {
  __u32 val;
} kuid_t;

struct cred {
  kuid_t euid;
};

typedef void (*__sighandler_t)(int);
struct sigaction {
  __sighandler_t sa_handler;
};
struct k_sigaction {
  struct sigaction sa;
};
struct sighand_struct {
  struct k_sigaction action[64];
};
struct task_cputime_atomic {
  atomic64_t utime;
  atomic64_t stime;
};
struct thread_group_cputimer {
  struct task_cputime_atomic cputime_atomic;
};
struct rlimit {
  unsigned long rlim_cur;
  unsigned long rlim_max;
};
struct signal_struct {
  struct thread_group_cputimer cputimer;
  struct rlimit rlim[16];
  atomic_t live;
  int group_exit_code;
  unsigned int flags;
  unsigned int is_child_subreaper : 1;
  short oom_score_adj;
};

/* Linux before 6.2. */
struct mm_rss_stat {
  atomic_long_t count[4];
};
struct mm_struct {
  unsigned long arg_start;
  unsigned long arg_end;
  unsigned long total_vm;
  atomic_long_t pgtables_bytes;
  struct mm_rss_stat rss_stat;
};
/* From 6.2 on: what the other CPUs have not yet added up is missing, as in the kernel's own message. */
struct percpu_counter {
  __s64 count;
};
struct mm_struct___percpu {
  struct percpu_counter rss_stat[4];
};

struct kernfs_node {
  __u64 id;
};
struct cgroup {
  struct kernfs_node *kn;
};
struct css_set {
  struct cgroup *dfl_cgrp;
};

struct task_struct {
  unsigned int flags;
  int pid;
  int tgid;
  int exit_code;
  __u64 start_boottime;
  char comm[16];
  struct mm_struct *mm;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
  const struct cred *cred;
  struct signal_struct *signal;
  struct sighand_struct *sighand;
  struct css_set *cgroups;
};

struct kernel_siginfo {
  int si_code;
};
struct linux_binprm {
  const char *interp;
};
struct fown_struct;

/* Has `uid` where the tracepoint's argument is a task; before (5.x to about 6.9, unless patched) it is a pid. */
struct trace_event_raw_mark_victim {
  __u32 uid;
};

#pragma clang attribute pop

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000
/* include/linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 0x00000004
/* include/uapi/linux/sched.h */
#define CLONE_THREAD 0x00010000
/* include/uapi/asm-generic/errno-base.h */
#define EPERM 1
/* include/linux/mm_types_task.h; the same since 4.5 */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES };
