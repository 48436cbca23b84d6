import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { canLoadLibrary, landlockAbi } from './ffi.ts';
import { LANDLOCK_FIX, signalScopeAbsence } from './landlock.ts';
import { readMemory } from './memory.ts';
import { hasPureCgroup2 } from './own-cgroup.ts';
import { hasPeerPidfd } from './peer.ts';
import { openPidfd } from './pidfd.ts';
import { readPressure } from './pressure.ts';
import { readCredentials } from './proc-status.ts';

/** One fact about this machine, for `omnictl doctor`. */
export interface Probe {
  readonly name: string;
  readonly ok: boolean;
  /** What is there. */
  readonly found: string;
  /** What to change where it is not enough: a package, a capability, a kernel option. */
  readonly fix?: string;
}

// include/uapi/linux/capability.h
const CAP_SYS_ADMIN = 1n << 21n;
const BPF_AND_PERFMON = (1n << 39n) | (1n << 38n);
const BTF_FILE = '/sys/kernel/btf/vmlinux';
const LSM_FILE = '/sys/kernel/security/lsm';

/** @returns the fact's truth, what was found, and the fix for where it is not so */
type Ask = () => [ok: boolean, found: string, fix: string];

const questions: Readonly<Record<string, Ask>> = {
  kernel: () => [isRelease(5, 3), release(), 'Linux 5.3 or later (pidfd_open)'],
  pidfd: () => {
    using self = openPidfd(process.pid);
    const ok = self?.alive() === true;
    return [ok, `pidfd_open: ${yes(ok)}`, 'Linux 5.3 or later, and a sandbox that allows pidfd_open'];
  },
  peerPidfd: () => [hasPeerPidfd(), `SO_PEERPIDFD: ${yes(hasPeerPidfd())}`, 'Linux 6.5 or later'],
  pidfdInode: () => {
    using self = openPidfd(process.pid);
    const inode = self?.inode();
    return [inode !== undefined, `pidfds with an inode each: ${yes(inode !== undefined)}`, 'Linux 6.9 or later'];
  },
  btf: () => [existsSync(BTF_FILE), `${BTF_FILE}: ${yes(existsSync(BTF_FILE))}`, 'a kernel with CONFIG_DEBUG_INFO_BTF=y'],
  libbpf: () => {
    const ok = canLoadLibrary('libbpf.so.1');
    return [ok, `libbpf.so.1: ${yes(ok)}`, 'the package libbpf1 (Debian, Ubuntu) or libbpf (Fedora, Arch)'];
  },
  bpfCapabilities: () => {
    const effective = readCredentials(process.pid)?.capEff ?? 0n;
    const ok = (effective & CAP_SYS_ADMIN) !== 0n || (effective & BPF_AND_PERFMON) === BPF_AND_PERFMON;
    return [ok, `CapEff ${effective.toString(16).padStart(16, '0')}`, 'root, or CAP_BPF and CAP_PERFMON'];
  },
  bpfLsm: () => {
    const list = readLsmList();
    return [list.includes('bpf'), list.join(',') || `${LSM_FILE} cannot be read`, BPF_LSM_FIX];
  },
  landlock: () => {
    const absence = signalScopeAbsence();
    return [absence === undefined, absence ?? `signals can be scoped (Landlock ABI ${landlockAbi()})`, LANDLOCK_FIX];
  },
  psi: () => {
    const ok = readPressure('memory') !== undefined;
    return [ok, `/proc/pressure: ${yes(ok)}`, 'a kernel with CONFIG_PSI=y, booted with psi=1'];
  },
  cgroup2: () => [hasPureCgroup2(), `pure cgroup v2: ${yes(hasPureCgroup2())}`, 'boot with systemd.unified_cgroup_hierarchy=1'],
  swap: () => {
    const { swapTotalBytes } = readMemory();
    return [swapTotalBytes > 0, `${Math.round(swapTotalBytes / 2 ** 20)} MiB`, 'a swap file, or zram (zram-tools)'];
  },
};

const BPF_LSM_FIX =
  'a kernel with CONFIG_BPF_LSM=y, booted with bpf in its lsm= list, and securityfs mounted on /sys/kernel/security';

/**
 * Asks everything that the layers of protection depend on; no privilege is needed. What cannot be asked is not ok, and
 * says why. That something is there does not say that it works: the guard is known by loading it.
 */
export function runProbes(): Probe[] {
  return Object.entries(questions).map(([name, ask]) => probe(name, ask));
}

function probe(name: string, ask: Ask): Probe {
  try {
    const [ok, found, fix] = ask();
    return ok ? { name, ok, found } : { name, ok, found, fix };
  } catch (error) {
    return { name, ok: false, found: error instanceof Error ? error.message : String(error) };
  }
}

function yes(is: boolean): string {
  return is ? 'yes' : 'no';
}

function isRelease(major: number, minor: number): boolean {
  const [isMajor = 0, isMinor = 0] = release()
    .split('.', 2)
    .map((part) => Number.parseInt(part, 10));
  return isMajor > major || (isMajor === major && isMinor >= minor);
}

function readLsmList(): string[] {
  try {
    return readFileSync(LSM_FILE, 'latin1').trim().split(',');
  } catch {
    return [];
  }
}
