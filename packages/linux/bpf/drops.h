/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Nothing is lost without a word. */
#pragma once

#include "maps.h"

/* Counts what could not be told, exactly, and notes the span of time. */
static __always_inline void drop(__u32 cause, __u64 now)
{
  struct drop *lost = bpf_map_lookup_elem(&drops, &cause);

  if (!lost)
    return;
  if (lost->span != lost->epoch) {
    lost->first_ns = now;
    lost->span = lost->epoch;
  }
  lost->last_ns = now;
  /* Last: whoever sees the new count sees its times. */
  __sync_fetch_and_add(&lost->count, 1);
}
