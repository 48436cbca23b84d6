// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The sentinel sees every signal that may end or stop a process; the guard refuses those that a lease forbids. The
 * object is built by scripts/bpf.ts and committed: no compiler is needed where it runs. One translation unit, one
 * header for each thing that it does.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "signals.h"

#include "guard.h"
#include "lifecycle.h"
#include "oom.h"

/* Never used: it has the compiler describe these structures in the object, for the test that layout.ts is right. */
const union ring_record *described;

/* Helpers that read the kernel's memory are for programs under the GPL. */
char _license[] SEC("license") = "Dual MIT/GPL";
