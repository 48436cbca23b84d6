import assert from 'node:assert/strict';
import { runProbes } from '#linux/probes.ts';

/** Debian 12's kernel: which rungs it has, as `omnictl doctor` sees it. */
export async function run(): Promise<void> {
  const ok = Object.fromEntries(runProbes().map((probe) => [probe.name, probe.ok]));
  assert.deepEqual(ok, {
    kernel: true,
    pidfd: true,
    // SO_PEERPIDFD came with 6.5, pidfs with 6.9.
    peerPidfd: false,
    pidfdInode: false,
    btf: true,
    libbpf: true,
    bpfCapabilities: true,
    bpfLsm: true,
    // The scope for signals came with 6.12.
    landlock: false,
    psi: true,
    cgroup2: true,
    swap: false,
  });
}
