/** A scope of systemd's (systemd.scope(5)), with node:fs alone: what runs a command has no time to load koffi. */
import { existsSync, readlinkSync, statfsSync } from 'node:fs';
import { posix } from 'node:path';
import type { CgroupLimits } from './run-cgroup.ts';

const SYSTEMD_RUN = '/usr/bin/systemd-run';
/** CGROUP2_SUPER_MAGIC, include/uapi/linux/magic.h. */
const CGROUP2_MAGIC = 0x63677270;

/**
 * The words that start a program in a scope of its own, of the system's manager for root and of the user's for others:
 * systemd-run registers itself and then becomes the program, under the same pid. systemd-oomd, which kills by cgroup and
 * asks nobody, is to leave it out.
 *
 * @param nameUnit gives the unit's name, without its suffix, where there is to be one
 * @returns undefined where systemd does not manage the cgroups, or its manager is not to be reached
 */
export function systemdScope(
  nameUnit: () => string,
  { memoryHighBytes, cpuWeight }: CgroupLimits,
): readonly string[] | undefined {
  const isRoot = process.geteuid?.() === 0;
  const runtime = isRoot ? '/run' : process.env['XDG_RUNTIME_DIR'];
  if (runtime === undefined || !existsSync('/run/systemd/system') || !existsSync(SYSTEMD_RUN)) return undefined;
  if (!existsSync(posix.join(runtime, 'systemd/private')) || statfsSync('/sys/fs/cgroup').type !== CGROUP2_MAGIC)
    return undefined;
  const properties = [
    'ManagedOOMPreference=omit',
    ...(memoryHighBytes === undefined ? [] : [`MemoryHigh=${String(memoryHighBytes)}`]),
    ...(cpuWeight === undefined ? [] : [`CPUWeight=${String(cpuWeight)}`]),
  ];
  return [
    SYSTEMD_RUN,
    ...(isRoot ? [] : ['--user']),
    '--scope',
    '--quiet',
    '--collect',
    `--unit=${nameUnit()}`,
    ...properties.map((property) => `--property=${property}`),
    '--',
  ];
}

/** Is the process still systemd-run, which has not yet become what it is to start? */
export function isSystemdRun(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${String(pid)}/exe`) === SYSTEMD_RUN;
  } catch {
    return false;
  }
}
