/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Everything that outlives a call, each with its bound. */
#pragma once

#include "events.h"

/* Events on their way to user space, which maps it. 8 MiB hold more than 12,000 signals of different processes. */
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 8 << 20);
} events SEC(".maps");

/* Which slot counts the signals of this kind. Twice the slots, for the kernel keeps some entries on each CPU's list. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 2 * SLOTS_MAX);
  __type(key, struct tally_key);
  __type(value, __u32);
} tallies SEC(".maps");

/* Mapped by user space, which reads the counts without a call. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, SLOTS_MAX);
  __type(key, __u32);
  __type(value, struct slot);
} slots SEC(".maps");

/* Slots that nobody uses: filled by user space alone. */
struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __uint(max_entries, SLOTS_MAX);
  __type(value, __u32);
} free_slots SEC(".maps");

/* What was lost, by cause; mapped by user space. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, DROP_CAUSES);
  __type(key, __u32);
  __type(value, struct drop);
} drops SEC(".maps");

/* Programs as they were at exec: `kill` and `pkill` are gone when user space looks. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct process_key);
  __type(value, struct exec_seen);
} execs SEC(".maps");

/* Too large for the stack of a program. One for exec, one for signals: their interrupt may come in the middle of it. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct exec_seen);
} scratch SEC(".maps");

/* The mark of a process, on its group leader. */
struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct mark);
} marks SEC(".maps");

/* Marks of leaders that exited while other threads run on: one of these may exec, and is the leader then. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, struct process_key);
  __type(value, struct mark);
} left_marks SEC(".maps");

/* Lease terms by number. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 131072);
  __type(key, __u64);
  __type(value, struct lease);
} leases SEC(".maps");

/* How often the kernel has asked the guard about signal 0: loaded and attached, it may still never be asked. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} guard_asked SEC(".maps");
