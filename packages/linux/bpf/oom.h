/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Victims of the OOM killer, with the memory that they held. The current task is whoever allocated. */
#pragma once

#include "marks.h"
#include "tally.h"

static __always_inline __u64 pages_of(struct mm_struct *mm, int counter)
{
  struct mm_struct___percpu *newer = (void *)mm;
  __s64 pages = 0;

  if (bpf_core_field_exists(mm->rss_stat.count))
    bpf_core_read(&pages, sizeof(pages), &mm->rss_stat.count[counter].counter);
  else
    bpf_core_read(&pages, sizeof(pages), &newer->rss_stat[counter].count);
  return pages > 0 ? pages : 0;
}

static __always_inline void see_memory(struct oom_event *event, struct task_struct *victim)
{
  struct mm_struct *mm = BPF_CORE_READ(victim, mm);

  event->total_pages = BPF_CORE_READ(mm, total_vm);
  event->anon_pages = pages_of(mm, MM_ANONPAGES);
  event->file_pages = pages_of(mm, MM_FILEPAGES);
  event->shmem_pages = pages_of(mm, MM_SHMEMPAGES);
  event->swap_pages = pages_of(mm, MM_SWAPENTS);
  event->pgtables_bytes = BPF_CORE_READ(mm, pgtables_bytes.counter);
  event->oom_score_adj = BPF_CORE_READ(victim, signal, oom_score_adj);
}

static __always_inline struct oom_event *new_oom_event(void)
{
  __u64 now = bpf_ktime_get_ns();
  struct oom_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

  if (!event) {
    drop(DROP_OOM, now);
    return NULL;
  }
  __builtin_memset(event, 0, sizeof(*event));
  event->kind = EVENT_OOM;
  event->time_ns = now;
  see_task(&event->allocator, bpf_get_current_task_btf());
  return event;
}

/* The tracepoint's argument is a task in newer kernels, and a bare pid (then the rest is read from /proc) in older. */
SEC("tp_btf/mark_victim")
int on_oom_victim(__u64 *ctx)
{
  struct oom_event *event = new_oom_event();

  if (!event)
    return 0;
  if (bpf_core_field_exists(((struct trace_event_raw_mark_victim *)0)->uid)) {
    struct task_struct *victim = (void *)ctx[0];
    event->pid = victim->tgid;
    event->lease = lease_of(victim);
    see_task(&event->victim, victim);
    see_memory(event, victim);
  } else {
    event->pid = (__u32)ctx[0];
  }
  bpf_ringbuf_submit(event, 0);
  return 0;
}
