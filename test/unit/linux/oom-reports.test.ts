import { expect, test } from 'vitest';
import { OomReports } from '#linux/oom-reports.ts';

const kill =
  'Killed process 612 (perl) total-vm:38912kB, anon-rss:30720kB, file-rss:4096kB, shmem-rss:0kB, UID:0 pgtables:104kB oom_score_adj:0';

function reportOf(pid: number, ...messages: readonly string[]): ReturnType<OomReports['of']> {
  const reports = new OomReports();
  reports.add(messages);
  return reports.of(pid);
}

const memory = {
  virtualBytes: 38912 * 1024,
  anonBytes: 30720 * 1024,
  fileBytes: 4096 * 1024,
  shmemBytes: 0,
  pageTableBytes: 104 * 1024,
};

test('a cgroup at its limit', () => {
  expect(
    reportOf(
      612,
      'perl invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0',
      'memory: usage 32768kB, limit 32768kB, failcnt 27',
      'swap: usage 0kB, limit 9007199254740988kB, failcnt 0',
      'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/jobs/small,task_memcg=/jobs/small/a,task=perl,pid=612,uid=0',
      `Memory cgroup out of memory: ${kill}`,
    ),
  ).toEqual({ scope: 'cgroup', cgroup: '/jobs/small', limitBytes: 32 * 2 ** 20, ...memory });
});

test('the whole machine', () => {
  expect(
    reportOf(
      612,
      'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=perl,pid=612,uid=0',
      `Out of memory: ${kill}`,
    ),
  ).toEqual({ scope: 'machine', ...memory });
});

test('the last message alone: the others are left out where they come often', () => {
  expect(reportOf(612, `Memory cgroup out of memory: ${kill}`)).toEqual({ scope: 'cgroup', ...memory });
  expect(reportOf(612, `Out of memory (oom_kill_allocating_task): ${kill}`)).toMatchObject({ scope: 'machine' });
});

test('the memory nodes of a cpuset', () => {
  const message =
    'oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),cpuset=a,mems_allowed=1,global_oom,task_memcg=/a,task=perl,pid=612,uid=0';
  expect(reportOf(612, message)).toEqual({ scope: 'nodes' });
});

test('a name that looks like the rest of the line', () => {
  const message =
    'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=x,pid=1,uid=0,pid=612,uid=0';
  expect(reportOf(612, message)).toEqual({ scope: 'machine' });
  expect(reportOf(1, message)).toBeUndefined();
});

test('a limit belongs to the report that it stands in', () => {
  expect(
    reportOf(
      7,
      'memory: usage 32768kB, limit 32768kB, failcnt 27',
      'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=x,pid=6,uid=0',
      'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/b,task_memcg=/b,task=x,pid=7,uid=0',
    ),
  ).toEqual({ scope: 'cgroup', cgroup: '/b' });
});

test('anything else is no report', () => {
  expect(reportOf(612, 'TCP: out of memory -- consider tuning tcp_mem', 'oom-kill:constraint=', '')).toBeUndefined();
});
