import { readCgroup } from './proc-text.ts';

/** As run-cgroup.ts names a group, and systemd-scope.ts a scope; whatever the command made below it is of it too. */
const runCgroup = /^(.*\/omnimind-run-\d+-([A-Za-z0-9_-]{43})(?:\.scope)?)(?:\/|$)/;

/**
 * The mark of the cgroup that a command of `omnictl run` has: the digest of the secret of its lease. A process that was
 * left to init, with an environment that says nothing, is known by it.
 *
 * @returns undefined where it is in no such group, or is gone
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function runCgroupMark(pid: number): string | undefined {
  return runCgroup.exec(readCgroup(pid) ?? '')?.[2];
}

/** The path of that group in the cgroup tree. @returns and @throws as runCgroupMark */
export function runCgroupPath(pid: number): string | undefined {
  return runCgroup.exec(readCgroup(pid) ?? '')?.[1];
}
