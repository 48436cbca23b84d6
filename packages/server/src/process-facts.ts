import type { ProcessFacts } from '#core/rules/match.ts';
import { readStat } from '#linux/proc-stat.ts';
import { readCredentials } from '#linux/proc-status.ts';
import { readArguments, readCgroup, readEnvironmentVariable, readExecutable } from '#linux/proc-text.ts';

/** What automatic rules look at of a process of this machine: each is read when a rule asks for it. */
export function processFacts(pid: number): ProcessFacts {
  return {
    args: () => readArguments(pid) ?? [],
    comm: () => readStat(pid)?.comm,
    exe: () => readExecutable(pid),
    cgroup: () => readCgroup(pid),
    uid: () => readCredentials(pid)?.uids.real,
    environment: (name) => readEnvironmentVariable(pid, name),
  };
}
