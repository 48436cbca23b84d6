/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What the kernel side and src/sentinel/layout.ts share. Described here; a test holds layout.ts against the BTF that
 * the compiler made of it. Every member lies at a multiple of its size: no holes. Times are nanoseconds: `*_ns` of
 * CLOCK_MONOTONIC, `start_ns` of CLOCK_BOOTTIME. Pids are those of the initial namespace.
 */
#pragma once

#define COMM_BYTES 16
#define ANCESTORS_MAX 8
#define ARGS_BYTES 512
#define PATH_BYTES 256
#define SLOTS_MAX 4096

enum event_kind { EVENT_SIGNAL = 1, EVENT_EXIT = 2, EVENT_OOM = 3, EVENT_JOIN = 4, EVENT_EXEC = 5 };

/* What `signal_event.outcome` says beyond the tracepoint's result (enum of include/trace/events/signal.h). */
enum refusal { OUTCOME_DENIED = 100, OUTCOME_AUDITED = 101 };

/* What `signal_event.code` says beyond si_code: the kernel sent it for what the sender did (SEND_SIG_NOINFO). */
enum unasked { CODE_IMPLIED = 0x10000 };

enum drop_cause { DROP_SIGNALS, DROP_EXITS, DROP_OOM, DROP_JOINS, DROP_MARKS, DROP_DENIALS, DROP_CAUSES };

/* An event that no slot counts. */
#define NO_SLOT 0xffffffff

struct process_key {
  __u64 start_ns;
  __u32 tgid;
  __u32 zero;
};

struct ancestor {
  __u64 start_ns;
  __u32 tgid;
  __u32 zero;
  char comm[COMM_BYTES];
};

struct task_seen {
  __u64 start_ns;
  __u64 cgroup_id;
  __u32 tgid;
  __u32 tid;
  __u32 uid;
  __u32 flags;
  char comm[COMM_BYTES];
  __u32 ancestors;
  __u32 zero;
  struct ancestor ancestry[ANCESTORS_MAX];
};

struct signal_event {
  __u32 kind;
  __u32 slot;
  __u64 time_ns;
  __u64 lease;
  __s32 signal;
  __s32 code;
  __s32 outcome;
  __u32 group;
  /* The limit of CPU time (RLIMIT_CPU) that was reached, seconds; 0: that is not why. */
  __u32 cpu_limit_s;
  __u32 zero;
  struct task_seen sender;
  struct task_seen target;
};

struct exit_event {
  __u32 kind;
  __s32 status;
  __u64 time_ns;
  __u64 lease;
  __u64 start_ns;
  __u32 tgid;
  __u32 uid;
  char comm[COMM_BYTES];
};

struct oom_event {
  __u32 kind;
  __u32 pid;
  __u64 time_ns;
  __u64 lease;
  __u64 total_pages;
  __u64 anon_pages;
  __u64 file_pages;
  __u64 shmem_pages;
  __u64 swap_pages;
  __u64 pgtables_bytes;
  __s32 oom_score_adj;
  __u32 zero;
  struct task_seen allocator;
  struct task_seen victim;
};

struct join_event {
  __u32 kind;
  __u32 tgid;
  __u64 time_ns;
  __u64 lease;
  __u64 start_ns;
  __u32 parent_tgid;
  __u32 uid;
  __u32 kept;
  __u32 zero;
  char comm[COMM_BYTES];
};

/* Who it is; what it runs is read from /proc, or from `execs`. */
struct exec_event {
  __u32 kind;
  __u32 tgid;
  __u64 start_ns;
};

/* What the ring holds; `kind` says which. */
union ring_record {
  __u32 kind;
  struct signal_event signal;
  struct exit_event exit;
  struct oom_event oom;
  struct join_event join;
  struct exec_event exec;
};

/* Identical signals are one event with a count. */
struct tally_key {
  __u64 sender_start_ns;
  __u64 target_start_ns;
  __u32 sender_tgid;
  __u32 target_tgid;
  __s32 signal;
  __s32 code;
  __s32 outcome;
  __u32 zero;
};

/*
 * `told` is written by user space alone: how many of `count` it has passed on. `last_ns` is up to a tick of the kernel's
 * timer (1 to 10 ms) old: it is read again when `tick` (jiffies) is another.
 */
struct slot {
  __u64 count;
  __u64 last_ns;
  __u64 told;
  __u64 tick;
};

/*
 * `told` and `epoch` are written by user space alone: how many of `count` it has passed on; a new epoch starts a new span,
 * and with it a new `first_ns`.
 */
struct drop {
  __u64 count;
  __u64 told;
  __u64 first_ns;
  __u64 last_ns;
  __u32 span;
  __u32 epoch;
};

/* What a process was called as at its exec. The path is that of the program itself, not of a script. */
struct exec_seen {
  __u32 args_bytes;
  __u32 path_bytes;
  char args[ARGS_BYTES];
  char path[PATH_BYTES];
};

/*
 * MARK_UNGUARDED: a member like others, but for the guard: a uid may have only so many processes guarded.
 * MARK_CARRIER: a member by the secret in its environment alone. It is guarded, and has no right as a sender.
 */
enum mark_flags { MARK_SERVER = 1, MARK_EXITED = 2, MARK_UNGUARDED = 4, MARK_CARRIER = 8 };

/* Those of a parent's that its children have too. */
#define MARK_INHERITED (MARK_UNGUARDED | MARK_CARRIER)

struct mark {
  __u64 lease;
  __u32 flags;
  __u32 zero;
};

enum lease_mode { MODE_OFF, MODE_AUDIT, MODE_ENFORCE };
enum lease_flags { LEASE_STRICT = 1, LEASE_PROCESS_ONLY = 2 };

struct lease {
  __u64 end_ns;
  __u64 forbidden;
  __u64 parent;
  __u32 mode;
  __u32 flags;
};
