/**
 * The structures that the kernel side and this one share, as packages/linux/bpf/events.h describes them: name, type and
 * offset of every member. A test holds this against what the compiler made of that header.
 */

/** Bytes and offset of each member that is read or written here. */
export const layouts = {
  process_key: { size: 16, members: { start_ns: 0, tgid: 8, zero: 12 } },
  ancestor: { size: 32, members: { start_ns: 0, tgid: 8, zero: 12, comm: 16 } },
  task_seen: {
    size: 312,
    members: {
      start_ns: 0,
      cgroup_id: 8,
      tgid: 16,
      tid: 20,
      uid: 24,
      flags: 28,
      comm: 32,
      ancestors: 48,
      zero: 52,
      ancestry: 56,
    },
  },
  signal_event: {
    size: 672,
    members: {
      kind: 0,
      slot: 4,
      time_ns: 8,
      lease: 16,
      signal: 24,
      code: 28,
      outcome: 32,
      group: 36,
      cpu_limit_s: 40,
      zero: 44,
      sender: 48,
      target: 360,
    },
  },
  exit_event: {
    size: 56,
    members: { kind: 0, status: 4, time_ns: 8, lease: 16, start_ns: 24, tgid: 32, uid: 36, comm: 40 },
  },
  oom_event: {
    size: 704,
    members: {
      kind: 0,
      pid: 4,
      time_ns: 8,
      lease: 16,
      total_pages: 24,
      anon_pages: 32,
      file_pages: 40,
      shmem_pages: 48,
      swap_pages: 56,
      pgtables_bytes: 64,
      oom_score_adj: 72,
      zero: 76,
      allocator: 80,
      victim: 392,
    },
  },
  join_event: {
    size: 64,
    members: {
      kind: 0,
      tgid: 4,
      time_ns: 8,
      lease: 16,
      start_ns: 24,
      parent_tgid: 32,
      uid: 36,
      kept: 40,
      zero: 44,
      comm: 48,
    },
  },
  exec_event: { size: 16, members: { kind: 0, tgid: 4, start_ns: 8 } },
  tally_key: {
    size: 40,
    members: {
      sender_start_ns: 0,
      target_start_ns: 8,
      sender_tgid: 16,
      target_tgid: 20,
      signal: 24,
      code: 28,
      outcome: 32,
      zero: 36,
    },
  },
  slot: { size: 32, members: { count: 0, last_ns: 8, told: 16, tick: 24 } },
  drop: { size: 40, members: { count: 0, told: 8, first_ns: 16, last_ns: 24, span: 32, epoch: 36 } },
  exec_seen: { size: 776, members: { args_bytes: 0, path_bytes: 4, args: 8, path: 520 } },
  mark: { size: 16, members: { lease: 0, flags: 8, zero: 12 } },
  lease: { size: 32, members: { end_ns: 0, forbidden: 8, parent: 16, mode: 24, flags: 28 } },
} as const;
