/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Identical signals are told once, and counted from then on: a storm of a million is one record and a number. The
 * count is exact, by this order of things: room in the ring is taken first (without it the signal counts as dropped,
 * and nothing else is touched), then a slot, then the key is published. So a key that is found has a record that is
 * on its way. A slot without room in the table of keys, and a key without a free slot, are told one by one.
 *
 * Only user space takes keys away, after they were quiet, and gives the slot back later still: what a program here
 * had already found is counted in a slot that is not yet another's.
 */
#pragma once

#include "marks.h"

/* @return the slot that counts this key, or NULL */
static __always_inline struct slot *counted(struct tally_key *key)
{
  __u32 *index = bpf_map_lookup_elem(&tallies, key);
  return index ? bpf_map_lookup_elem(&slots, index) : NULL;
}

/* To read the clock costs more than all else that a repeat does: once a tick is enough. */
static __always_inline void count_in(struct slot *slot)
{
  __u64 tick = bpf_jiffies64();

  __sync_fetch_and_add(&slot->count, 1);
  if (slot->tick == tick)
    return;
  slot->tick = tick;
  slot->last_ns = bpf_ktime_get_ns();
}

/*
 * Takes a slot for a new key.
 * @return its number, NO_SLOT where there is none, or -1 where another CPU was first with this key
 */
static __always_inline __s64 take_slot(struct tally_key *key, __u64 now)
{
  __u32 index;
  struct slot *slot;
  long failed;

  if (bpf_map_pop_elem(&free_slots, &index))
    return NO_SLOT;
  slot = bpf_map_lookup_elem(&slots, &index);
  if (!slot)
    return NO_SLOT;
  slot->told = 0;
  slot->count = 1;
  slot->last_ns = now;
  slot->tick = bpf_jiffies64();
  failed = bpf_map_update_elem(&tallies, key, &index, BPF_NOEXIST);
  if (!failed)
    return index;
  bpf_map_push_elem(&free_slots, &index, BPF_ANY);
  return counted(key) ? -1 : NO_SLOT;
}

/* What is told of a signal beside its sender and its target. */
struct telling {
  /* The lease that forbids it; 0: the target's own is looked for. */
  __u64 lease;
  __s32 signal;
  __s32 code;
  __s32 outcome;
  __u32 group;
  __u32 cpu_limit_s;
  /* What it counts as where it cannot be told. */
  __u32 cause;
};

/*
 * New kinds of refused tries that are told in a second. Repeats of one kind are only counted. A flood of refused tries
 * stops the telling, and never the refusing.
 */
#define DENIALS_PER_SECOND 1000
#define NS_PER_SECOND 1000000000ull

static __u64 denial_second;
static __u64 denials_told;

static __always_inline bool may_tell(const struct telling *telling, __u64 now)
{
  __u64 second = now / NS_PER_SECOND;

  if (telling->cause != DROP_DENIALS)
    return true;
  if (denial_second != second) {
    denial_second = second;
    denials_told = 0;
  }
  return __sync_fetch_and_add(&denials_told, 1) < DENIALS_PER_SECOND;
}

/* The key is read through typed pointers: a repeat of a storm costs little more than finding it. */
static __always_inline void tell_signal(struct task_struct *sender, struct task_struct *target, const struct telling *telling)
{
  struct tally_key key = {
      .sender_start_ns = sender->group_leader->start_boottime,
      .target_start_ns = target->group_leader->start_boottime,
      .sender_tgid = sender->tgid,
      .target_tgid = target->tgid,
      .signal = telling->signal,
      .code = telling->code,
      .outcome = telling->outcome,
  };
  struct slot *slot = counted(&key);
  struct signal_event *event;
  __s64 index;
  __u64 now;

  if (slot) {
    count_in(slot);
    return;
  }
  now = bpf_ktime_get_ns();
  event = may_tell(telling, now) ? bpf_ringbuf_reserve(&events, sizeof(*event), 0) : NULL;
  if (!event) {
    drop(telling->cause, now);
    return;
  }
  index = take_slot(&key, now);
  if (index < 0) {
    bpf_ringbuf_discard(event, 0);
    slot = counted(&key);
    if (slot)
      count_in(slot);
    else
      drop(telling->cause, now);
    return;
  }
  event->kind = EVENT_SIGNAL;
  event->slot = index;
  event->time_ns = now;
  event->lease = telling->lease ? telling->lease : lease_of(target);
  event->signal = telling->signal;
  event->code = telling->code;
  event->outcome = telling->outcome;
  event->group = telling->group;
  event->cpu_limit_s = telling->cpu_limit_s;
  event->zero = 0;
  see_task(&event->sender, sender);
  see_task(&event->target, target);
  know_sender(sender);
  bpf_ringbuf_submit(event, 0);
}
