import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { signalScopeAbsence } from '#linux/landlock.ts';

const absence = signalScopeAbsence();
const python = spawnSync('python3', ['--version']).error === undefined;

/** Tells a test that needs Landlock's scope for signals as not tested, where the kernel has none. */
export function skipWhereNotConfined({ skip }: Pick<TestContext, 'skip'>): void {
  if (absence !== undefined) skip(`signals cannot be confined here, for ${absence}: not tested`);
}

/** The same for Python. */
export function skipWithoutPython({ skip }: Pick<TestContext, 'skip'>): void {
  if (!python) skip('python3 is not installed here: not tested');
}

/**
 * A prefix that becomes a command on a kernel that seems to have less of Landlock (needs Python).
 *
 * @param kind none at all; or one that tells its version, and refuses the scope for signals
 */
export function withoutLandlock(kind: 'none' | 'no-scope'): readonly string[] {
  return ['python3', fileURLToPath(new URL('seccomp-landlock.py', import.meta.url)), kind];
}
