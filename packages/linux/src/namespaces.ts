import { readCredentials } from './proc-status.ts';
import { readProcLink } from './proc-text.ts';

// PROC_PID_INIT_INO and PROC_USER_INIT_INO, include/linux/proc_ns.h.
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';
const INITIAL_USER_NAMESPACE = 'user:[4026531837]';

/**
 * Do the numbers that this process calls pids mean the same processes to us? (pid_namespaces(7))
 *
 * Its status has one pid where it is in the namespace of our /proc, which anyone may read; the link of its namespace
 * is compared too where it may be followed (PTRACE_MODE_READ: one's own processes, and root).
 * @returns undefined where it is gone
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function samePidNamespace(pid: number): boolean | undefined {
  const credentials = readCredentials(pid);
  if (credentials === undefined) return undefined;
  if (credentials.nsPids.length > 1) return false;
  const theirs = namespaceLink(pid, 'pid');
  return theirs === undefined || theirs === namespaceLink('self', 'pid');
}

/** Are we in the machine's first PID namespace, so that every process has a pid here? False where /proc hides it. */
export function inInitialPidNamespace(): boolean {
  return namespaceLink('self', 'pid') === INITIAL_PID_NAMESPACE;
}

/**
 * Is this process in our user namespace, so that its uid 0 is ours? (user_namespaces(7))
 * @returns undefined where it is gone, or its namespace must not be seen
 */
export function sameUserNamespace(pid: number): boolean | undefined {
  const theirs = namespaceLink(pid, 'user');
  return theirs === undefined ? undefined : theirs === namespaceLink('self', 'user');
}

/** Are we in the machine's first user namespace, so that uid 0 is the machine's root? False where /proc hides it. */
export function inInitialUserNamespace(): boolean {
  return namespaceLink('self', 'user') === INITIAL_USER_NAMESPACE;
}

function namespaceLink(pid: number | 'self', kind: 'pid' | 'user'): string | undefined {
  return readProcLink(`/proc/${pid}/ns/${kind}`);
}
