import { existsSync, readFileSync } from 'node:fs';
import { EACCES, ENOENT, EPERM, errnoName } from '../errno.ts';
import { inInitialPidNamespace } from '../namespaces.ts';
import { libbpf } from './libbpf.ts';

const BTF_FILE = '/sys/kernel/btf/vmlinux';
const LOCKDOWN_FILE = '/sys/kernel/security/lockdown';

/** The sentinel cannot run here. Everything else of the server can. */
export class SentinelUnavailable extends Error {
  /** What is missing, in words. */
  readonly reason: string;
  /** What to change: a package, a capability, a kernel option. */
  readonly fix: string;

  constructor(reason: string, fix: string, options?: ErrorOptions) {
    super(`${reason}; it needs ${fix}`, options);
    this.name = 'SentinelUnavailable';
    this.reason = reason;
    this.fix = fix;
  }
}

/**
 * What can be told without loading anything: a clear word is worth more than the error number that would follow.
 * @throws SentinelUnavailable where something that the sentinel needs is not there
 */
export function assertPrerequisites(): void {
  try {
    libbpf();
  } catch (cause) {
    const fix = 'the package libbpf1 (Debian, Ubuntu) or libbpf (Fedora, Arch)';
    throw new SentinelUnavailable('libbpf.so.1 cannot be loaded', fix, { cause });
  }
  if (!existsSync(BTF_FILE)) {
    throw new SentinelUnavailable(`${BTF_FILE} is not there`, 'a kernel with CONFIG_DEBUG_INFO_BTF=y, and sysfs mounted');
  }
  if (!inInitialPidNamespace()) {
    // The kernel side tells pids of the initial namespace: here they would name other processes.
    throw new SentinelUnavailable(
      'this is not the initial PID namespace',
      'to be started outside of a container, or with --pid=host',
    );
  }
}

/** Why loading failed. @param errno positive; @param log the verifier's last words, where there are any */
export function loadFailure(errno: number, log: string): SentinelUnavailable {
  const code = errnoName(errno);
  if (errno === EPERM || errno === EACCES) {
    if (isLockedDown()) {
      return new SentinelUnavailable(
        `the kernel is locked down (${code})`,
        'lockdown=integrity or less, for programs read kernel memory',
      );
    }
    // EACCES is the verifier's too: then it has something to say.
    if (log === '')
      return new SentinelUnavailable(`BPF programs may not be loaded (${code})`, 'root, or CAP_BPF and CAP_PERFMON');
  }
  const words = log === '' ? '' : `: ${log}`;
  const fix =
    errno === ENOENT ? 'Linux 5.19 or later' : 'Linux 5.19 or later with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_EVENTS=y';
  return new SentinelUnavailable(`the kernel refused the programs (${code})${words}`, fix);
}

function isLockedDown(): boolean {
  try {
    return readFileSync(LOCKDOWN_FILE, 'latin1').includes('[confidentiality]');
  } catch {
    return false;
  }
}
